// A dialog that sends one command: it waits for the answer, then for the commit that shows it,
// and says a refusal in words.

import { fill, make, slot, stamp, text } from "./dom.js"
import { moneyNotation } from "./format.js"
import { live } from "./live.js"
import { MAX_PRICE_MINOR, decimalText, parseMoney } from "./money.js"
import { Attempt, Refusal } from "./send.js"
import { toast } from "./elements/toast-list.js"

const MONEY_ERRORS = {
  empty: "Enter an amount.",
  malformed: "This is not an amount.",
  range: "This amount is too large.",
}

/**
 * Opens a dialog. `fields` are {name, label, value, required, kind, max, hint, options}, where `kind` is "text",
 * "long", "money", "password", or "choice" and "checks" of `options` {value, label, hint, disabled};
 * `send(values, attempt)` sends the command and answers its outcome, or nothing if there was nothing to do. `done` is
 * what is said then, or makes it of the answer.
 * `meanwhile()` says what others have changed since the dialog was opened, or nothing; it is asked after every commit,
 * as is `blocked()`, which says whether what is shown may not be sent as it is.
 * `content` is a node above the fields; `wide` gives it room. Without `submit` there is nothing to do but to close it.
 */
export function openDialog({
  title, text: words, fields = [], submit, dismiss = "Cancel", danger = false, done, send, meanwhile, blocked, content,
  wide = false,
}) {
  const dialog = stamp("dialog")
  const form = dialog.querySelector("form")
  const button = form.querySelector("[type=submit]")
  const attempt = new Attempt()
  fill(dialog, { title, submit: submit ?? "", dismiss })
  if (words) {
    text(slot(dialog, "text"), words)
    slot(dialog, "text").hidden = false
  }
  if (!submit) button.remove()
  if (danger) button.classList.replace("button-primary", "button-danger")
  if (wide) dialog.classList.add("dialog-wide")
  if (content) form.querySelector(".dialog-fields").before(content)
  const inputs = new Map(fields.map((field) => [field.name, addField(form.querySelector(".dialog-fields"), field)]))
  let busy = false
  const freeze = (held) => {
    for (const { input } of inputs.values()) {
      if (input.localName === "fieldset") input.inert = held
      else input.readOnly = held
    }
    if (content) content.inert = held
  }
  const look = () => {
    // What one's own command changes is no news.
    if (busy) return
    if (meanwhile) text(slot(dialog, "meanwhile"), meanwhile() ?? "")
    if (blocked) button.disabled = Boolean(blocked())
  }

  form.addEventListener("submit", async (event) => {
    event.preventDefault()
    if (busy || blocked?.()) return
    clearErrors(form)
    const values = read(fields, inputs)
    if (!values) return
    busy = true
    button.classList.add("is-busy")
    button.setAttribute("aria-busy", "true")
    freeze(true)
    try {
      const answer = await send(values, attempt)
      const seen = answer?.position === undefined || await live.reached(answer.position)
      dialog.close()
      const said = typeof done === "function" ? done(answer) : done
      if (!seen) toast(`${said ?? "Saved"}. The page will show it when it has caught up.`)
      else if (said && answer) toast(said)
    } catch (error) {
      refuse(form, inputs, error)
    } finally {
      busy = false
      button.classList.remove("is-busy")
      button.removeAttribute("aria-busy")
      freeze(false)
      look()
    }
  })
  form.querySelector("[data-act=dismiss]").addEventListener("click", () => { if (!busy) dialog.close() })
  dialog.addEventListener("cancel", (event) => { if (busy) event.preventDefault() })
  form.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.metaKey || event.ctrlKey)) form.requestSubmit()
  })
  const stop = live.onStatus(look)
  form.addEventListener("input", look)
  form.addEventListener("change", () => {
    // Another answer is about to be given: what was wrong with the last one is over.
    slot(form, "error").hidden = true
    look()
  })
  dialog.addEventListener("close", () => {
    stop()
    dialog.remove()
  })
  document.body.append(dialog)
  dialog.showModal()
  const first = content?.querySelector("input") ?? inputs.values().next().value?.input
  const place = first?.localName === "fieldset" ? first.querySelector("input:checked, input") : first
  place?.focus()
  place?.select?.()
  return dialog
}

/** Shows what is told once and never again. */
export function showSecret(title, words, secret) {
  const content = make("p", "secret")
  content.append(make("code", "", secret))
  openDialog({ title, text: words, content, dismiss: "I have it" })
}

function addField(parent, { name, label, value = "", kind = "text", max = 200, hint, required, options }) {
  const field = make("div", "field")
  field.dataset.field = name
  const id = `field-${name}`
  const caption = make("label", "label", label)
  caption.htmlFor = id
  if (!required) caption.append(make("span", "label-hint", " · optional"))
  if (options) return addOptions(parent, field, { name, label, kind, value, options, hint })
  const input = make(kind === "long" ? "textarea" : "input", kind === "money" ? "input numeric" : "input")
  Object.assign(input, { id, name, maxLength: max, autocomplete: "off" })
  if (required) input.required = true
  let holder = input
  if (kind === "money") {
    const { digits, decimal, symbol } = moneyNotation()
    input.inputMode = "decimal"
    input.value = value === "" ? "" : decimalText(value, digits, decimal)
    holder = make("div", "money")
    holder.append(input, make("span", "money-unit", symbol))
  } else {
    if (kind === "password") Object.assign(input, { type: "password", autocomplete: "new-password" })
    input.value = value
  }
  const error = make("p", "field-error")
  error.id = `${id}-error`
  error.hidden = true
  input.setAttribute("aria-describedby", error.id)
  field.append(caption, holder, error)
  if (hint) field.append(make("p", "field-note", hint))
  input.addEventListener("input", () => clearError(input, error))
  parent.append(field)
  return { input, error }
}

/** One of several, or any number of them. */
function addOptions(parent, field, { name, label, kind, value, options, hint }) {
  const input = make("fieldset", "options")
  input.append(make("legend", "label", label))
  for (const option of options) {
    const row = make("label", "option")
    const box = make("input")
    Object.assign(box, { type: kind === "checks" ? "checkbox" : "radio", name, value: option.value })
    box.checked = kind === "checks" ? value.includes(option.value) : value === option.value
    box.disabled = option.disabled ?? false
    const words = make("span", "option-label", option.label)
    if (option.hint) words.append(make("span", "option-hint", option.hint))
    row.append(box, words)
    input.append(row)
  }
  const error = make("p", "field-error")
  error.hidden = true
  field.append(input, error)
  if (hint) field.append(make("p", "field-note", hint))
  input.addEventListener("change", () => clearError(input, error))
  parent.append(field)
  return { input, error }
}

function read(fields, inputs) {
  const values = {}
  let wrong = null
  for (const { name, label, kind, required } of fields) {
    const { input, error } = inputs.get(name)
    const said = kind === "password" ? input.value : (input.value ?? "").trim()
    let problem
    if (kind === "choice" || kind === "checks") {
      const chosen = [...input.querySelectorAll("input:checked")].map((box) => box.value)
      values[name] = kind === "checks" ? chosen : chosen[0]
      if (required && chosen.length === 0) problem = `Choose ${kind === "checks" ? "at least one" : "one"}.`
    } else if (kind === "money") {
      const amount = parseMoney(said, moneyNotation())
      values[name] = amount.minor
      if (amount.error === "precision") problem = `Use at most ${moneyNotation().digits} decimals.`
      else if (amount.error) problem = MONEY_ERRORS[amount.error]
      else if (amount.minor > MAX_PRICE_MINOR) problem = MONEY_ERRORS.range
    } else {
      values[name] = said
      if (required && said === "") problem = `${label} is required.`
    }
    if (problem) {
      showError(input, error, problem)
      wrong ??= input
    }
  }
  wrong?.focus()
  return wrong ? null : values
}

function refuse(form, inputs, error) {
  if (!(error instanceof Refusal)) throw error
  const words = sentence(error.message)
  const field = inputs.get(error.field)
  if (field) {
    showError(field.input, field.error, words)
    return field.input.focus()
  }
  const place = slot(form, "error")
  place.textContent = words
  if (error.correlationId) place.append(make("small", "", `Reference ${error.correlationId}`))
  place.hidden = false
}

/** The server speaks in lower case and without a stop; people are addressed in sentences. */
export function sentence(words) {
  const text = words.charAt(0).toUpperCase() + words.slice(1)
  return /[.!?]$/.test(text) ? text : `${text}.`
}

export function showError(input, place, words) {
  text(place, words)
  place.hidden = false
  input.setAttribute("aria-invalid", "true")
}

export function clearError(input, place) {
  place.hidden = true
  input.removeAttribute("aria-invalid")
}

function clearErrors(form) {
  for (const place of form.querySelectorAll(".field-error, .form-error")) place.hidden = true
  for (const input of form.querySelectorAll("[aria-invalid]")) input.removeAttribute("aria-invalid")
}
