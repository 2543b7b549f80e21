// What depot staff do with lists and robots.

import { deed } from "./causes.js"
import { act } from "./act.js"
import { openDialog, showSecret } from "./dialog.js"
import { fill, make, slot, stamp, text } from "./dom.js"
import { count, plural } from "./format.js"
import { live } from "./live.js"
import { countable, counts, readCount, tally } from "./progress.js"
import { may } from "./store.js"

const list = (id) => `/admin/api/lists/${id}`
const bot = (id) => `/admin/api/bots/${id}`

const LIST = {
  pending: ["pending", "Being prepared"], available: ["ready", "Waiting"], assigned: ["approved", "Assigned"],
  active: ["in-progress", "Shopping"], delivered: ["ready", "Check in"], completed: ["completed", "Checked in"],
  canceled: ["canceled", "Canceled"],
}
const BOT = {
  idle: ["completed", "Idle"], active: ["in-progress", "Shopping"], recalled: ["ready", "Coming back"],
  offline: ["pending", "Offline"], lost: ["canceled", "Lost"], retired: ["pending", "Retired"],
}

/** Tone and words of a list's pill, and of a robot's. */
export const listStanding = ({ status, needsClerk }) =>
  needsClerk && status === "available" ? ["canceled", "Needs a clerk"] : LIST[status] ?? ["", status]
export const botStanding = ({ status }) => BOT[status] ?? ["", status]

/** The numbers of orders, for lists that do not name them: whoever shows orders beside lists teaches them. */
const numbers = new Map()
export function learnNumbers(rows) {
  for (const { value } of rows.sorted()) numbers.set(value.orderId, value.number)
}

/** What people call a list by: its order's number, or the beginning of its order's id. */
export const listName = ({ number, orderId }) => String(number ?? numbers.get(orderId) ?? orderId.slice(0, 8))

export const assignable = ({ status }) => status === "available" && may("work-depot")
export const releasable = ({ status }) => ["assigned", "active"].includes(status) && may("work-depot")
export const countsIn = ({ status }) => status === "delivered" && may("work-depot")
export const movable = ({ status, bay }) => status === "completed" && Boolean(bay) && may("work-depot")
export const clearable = ({ onShelf }) => Boolean(onShelf) && may("work-depot")

const goneOn = (row, before, words) => {
  if (!row || row.value.status === before) return null
  return `${deed(row.cause) ?? `It is ${listStanding(row.value)[1].toLowerCase()} now`}: ${words}`
}

/** A clerk counts what the robot brought. Begins with the robot's own report. */
export function askCheckIn(value, now) {
  const lines = countable(value)
  const content = stamp("check-in")
  const sums = slot(content, "sums")
  const render = () => {
    const { ordered, counted, missing, short } = tally(lines)
    text(sums, `${count(counted)} of ${plural(ordered, "unit")}`)
    const note = slot(content, "short")
    note.hidden = missing === 0
    const what = `${plural(missing, "unit")} missing on ${plural(short, "line")}`
    text(note, counted === 0 ? "Nothing came: the order will be canceled."
      : `${what}: the customer does not pay for ${missing === 1 ? "it" : "them"}.`)
  }
  let store = null
  for (const line of lines) {
    if (line.storeId !== store) slot(content, "lines").append(make("h3", "count-store", line.storeName))
    store = line.storeId
    slot(content, "lines").append(countLine(line, render))
  }
  render()
  openDialog({
    title: `Check in list ${listName(value)}`,
    text: `Brought by ${value.botName ?? "a robot"}. Count what is there: fewer than ordered, or all, never more.`,
    content,
    wide: true,
    submit: "Confirm counts",
    done: `List ${listName(value)} is checked in`,
    meanwhile: () => goneOn(now(), "delivered", "there is nothing left to count."),
    blocked: () => lines.some((line) => line.counted === null) || (now() && now().value.status !== "delivered"),
    send: (_, attempt) => attempt.send("POST", `${list(value.id)}/complete`, { counts: counts(lines) }),
  })
}

function countLine(line, changed) {
  const node = stamp("count-line")
  const input = node.querySelector("input")
  const write = (counted) => {
    line.counted = counted
    node.classList.toggle("is-short", counted !== null && counted < line.ordered)
    node.classList.toggle("is-wrong", counted === null)
    input.setAttribute("aria-invalid", String(counted === null))
    const missing = line.ordered - (counted ?? 0)
    const differs = counted !== null && counted !== line.reported
    text(slot(node, "note"), counted === null ? `From 0 to ${line.ordered}`
      : [missing > 0 && `${missing} missing`, differs && `robot said ${line.reported}`].filter(Boolean).join(" · "))
    node.querySelector("[data-step='-1']").disabled = counted === 0
    node.querySelector("[data-step='1']").disabled = counted === line.ordered
    if (counted !== null) changed()
  }
  fill(node, { product: line.productName, ordered: `of ${line.ordered}` })
  input.value = String(line.counted)
  input.setAttribute("aria-label", `${line.productName}: how many are there, of ${line.ordered}`)
  input.addEventListener("input", () => write(readCount(input.value, line.ordered)))
  input.addEventListener("focus", () => input.select())
  input.addEventListener("keydown", (event) => {
    if (event.key === "Enter") return following(event, input)
    const step = { ArrowUp: 1, ArrowDown: -1 }[event.key]
    if (!step) return
    event.preventDefault()
    by(step)
  })
  const by = (step) => {
    const counted = Math.max(0, Math.min(line.ordered, (line.counted ?? 0) + step))
    input.value = String(counted)
    write(counted)
    input.dispatchEvent(new Event("change", { bubbles: true }))
  }
  node.addEventListener("click", ({ target }) => {
    const step = target.closest("[data-step]")?.dataset.step
    if (step) by(Number(step))
  })
  write(line.counted)
  return node
}

/** Enter goes from count to count; only from the last one does it confirm them all. */
function following(event, input) {
  const inputs = [...input.closest(".count-lines").querySelectorAll("input")]
  const next = inputs[inputs.indexOf(input) + 1]
  if (!next || event.ctrlKey || event.metaKey) return
  event.preventDefault()
  next.focus()
}

/** Gives a list to an idle robot; which ones are idle is shown as it changes. */
export function askAssign(value, now) {
  const picker = robotPicker()
  openDialog({
    title: `Assign list ${listName(value)}`,
    content: picker.node,
    submit: "Assign",
    done: `List ${listName(value)} is assigned`,
    meanwhile: () => goneOn(now(), "available", "it can not be assigned."),
    blocked: () => !picker.chosen() || (now() && now().value.status !== "available"),
    send: (_, attempt) => attempt.send("POST", `${list(value.id)}/assign`, { botId: picker.chosen() }),
  }).addEventListener("close", picker.close)
}

function robotPicker() {
  const node = make("fieldset", "options options-tall")
  const rows = make("div", "options-rows")
  const none = make("p", "faint", "No robot is idle.")
  none.hidden = true
  node.append(make("legend", "label", "Idle robots"), rows, none)
  const chosen = () => rows.querySelector("input:checked")?.value
  const query = { topic: "fleet", filter: { status: ["idle"] }, order: "name", limit: 200 }
  const view = live.watch(query, ({ rows: idle }) => {
    const before = chosen()
    rows.replaceChildren(...idle.sorted().map(({ value }) => {
      const row = make("label", "option")
      const box = make("input")
      Object.assign(box, { type: "radio", name: "robot", value: value.id, checked: value.id === before })
      row.append(box, make("span", "option-label", value.name))
      return row
    }))
    none.hidden = idle.size > 0
    // A robot that was chosen and is not idle any more is no choice: the button must know.
    rows.dispatchEvent(new Event("change", { bubbles: true }))
  })
  return { node, chosen, close: () => view.close() }
}

export function askRelease(value, now) {
  openDialog({
    title: `Take list ${listName(value)} from ${value.botName ?? "its robot"}?`,
    text: "Another robot fetches all of it again; what was picked goes to the returns shelf.",
    fields: [{ name: "reason", label: "Reason", required: true, max: 500 }],
    submit: "Release list",
    dismiss: "Keep it",
    danger: true,
    done: `List ${listName(value)} is released`,
    meanwhile: () => {
      const row = now()
      return !row || ["assigned", "active"].includes(row.value.status) ? null
        : goneOn(row, value.status, "there is nothing to release.")
    },
    send: ({ reason }, attempt) => attempt.send("POST", `${list(value.id)}/release`, { reason }),
  })
}

export function askBay(value) {
  openDialog({
    title: `Move the goods of list ${listName(value)}`,
    fields: [{ name: "bay", label: "Bay", required: true, max: 20, value: value.bay ?? "" }],
    submit: "Move",
    done: "Moved",
    send: ({ bay }, attempt) => bay === value.bay ? null : attempt.send("POST", `${list(value.id)}/bay`, { bay }),
  })
}

export const clearReturns = (button, value) =>
  act(button, (attempt) => attempt.send("POST", `${list(value.id)}/returns-cleared`), "The returns shelf is cleared")

/** A robot's token is shown once, when it is registered. */
export function registerRobot() {
  openDialog({
    title: "Register a robot",
    fields: [{ name: "name", label: "Name", required: true, max: 60 }],
    submit: "Register",
    done: "Robot registered",
    send: async (values, attempt) => {
      const answer = await attempt.send("POST", "/admin/api/bots", values)
      const words = "It is shown this once. Give it to the robot now."
      if (answer?.token) showSecret(`The token of ${values.name}`, words, answer.token)
      return answer
    },
  })
}

export function recallRobot(value) {
  openDialog({
    title: `Recall ${value.name}?`,
    text: "It comes back with what it holds, and its list goes to another robot.",
    fields: [{ name: "reason", label: "Reason", required: true, max: 500 }],
    submit: "Recall",
    danger: true,
    done: `${value.name} is recalled`,
    send: ({ reason }, attempt) => attempt.send("POST", `${bot(value.id)}/recall`, { reason }),
  })
}

export function retireRobot(value) {
  openDialog({
    title: `Take ${value.name} out of service?`,
    text: "It is offered no list any more.",
    submit: "Take out of service",
    danger: true,
    done: `${value.name} is out of service`,
    send: (_, attempt) => attempt.send("POST", `${bot(value.id)}/retire`),
  })
}

export function returnedRobot(value) {
  openDialog({
    title: `Is ${value.name} back and empty?`,
    text: "It can be offered lists again.",
    submit: "It is back",
    done: `${value.name} is back`,
    send: (_, attempt) => attempt.send("POST", `${bot(value.id)}/returned`),
  })
}

/** The commands a person may give a list, for menus. */
export function listCommands(value, now) {
  const items = []
  if (countsIn(value)) items.push({ label: "Check in…", act: () => askCheckIn(now()?.value ?? value, now) })
  if (assignable(value)) items.push({ label: "Assign by hand…", act: () => askAssign(value, now) })
  if (movable(value)) items.push({ label: "Move to another bay…", act: () => askBay(value) })
  if (releasable(value)) items.push({ label: "Release…", act: () => askRelease(value, now), danger: true })
  return items
}

export function botCommands(value) {
  if (!may("work-depot")) return []
  const items = []
  if (value.status === "active") items.push({ label: "Recall…", act: () => recallRobot(value), danger: true })
  if (["recalled", "lost"].includes(value.status)) {
    items.push({ label: "It is back…", act: () => returnedRobot(value) })
  }
  if (!["active", "retired"].includes(value.status)) {
    items.push({ label: "Take out of service…", act: () => retireRobot(value), danger: true })
  }
  return items
}
