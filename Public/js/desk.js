// What cashiers do: take what is due, give back, hand over, count the drawer, correct a number.

import { act } from "./act.js"
import { actorName, bare } from "./causes.js"
import { openDialog, sentence } from "./dialog.js"
import { fill, make, slot, stamp, text } from "./dom.js"
import { money, moneyNotation } from "./format.js"
import { live } from "./live.js"
import { parseMoney } from "./money.js"
import { METHODS, change, coveredByCard, delta, drawer, outcome, refundable, standing } from "./paying.js"
import { Refusal } from "./send.js"
import { may, store } from "./store.js"
import { toast } from "./elements/toast-list.js"

/** The card service answers within seconds; after this long the dialog says so and lets go. */
const CAPTURE_PATIENCE_MS = 60_000

const INVOICE = {
  pending: ["ready", "Open"], capturing: ["in-progress", "Capturing"], paid: ["completed", "Paid"],
  canceled: ["canceled", "Canceled"], refunded: ["pending", "Refunded"],
}
export const invoiceStanding = ({ status }) => INVOICE[status] ?? ["", status]
export const methodName = (method) => METHODS[method] ?? method
export const payable = ({ status }) => status === "pending" && may("take-payment")
export const mayRefund = (invoice) => refundable(invoice) > 0 && may("refund")

/** Takes the payment of an invoice. `now()` answers its row as it is shown, which may have changed since. */
export function askPay(invoice, now) {
  let agreed = invoice.amountMinor
  const content = stamp("pay")
  const latest = () => now()?.value ?? invoice
  const methods = content.querySelector(".pay-methods")
  const changed = slot(content, "changed")
  const given = content.querySelector("[name=given]")
  const method = () => content.querySelector("[name=method]:checked")?.value

  for (const [value, label] of Object.entries(METHODS)) {
    const row = make("label", "pay-method")
    const box = make("input")
    Object.assign(box, { type: "radio", name: "method", value })
    row.append(box, make("span", "", label))
    methods.append(row)
  }
  slot(content, "unit").textContent = moneyNotation().symbol
  content.querySelector("[data-act=agree]").addEventListener("click", () => {
    agreed = latest().amountMinor
    look()
    content.dispatchEvent(new Event("change", { bubbles: true }))
    content.querySelector("[name=method]:checked")?.focus()
  })

  const look = () => {
    const row = latest()
    const state = standing(row, agreed)
    text(slot(content, "amount"), money(row.amountMinor))
    changed.hidden = state !== "changed"
    content.classList.toggle("is-changed", state === "changed")
    if (state === "changed") {
      const by = delta(agreed, row.amountMinor)
      const difference = `${money(Math.abs(by))} ${by < 0 ? "less" : "more"}`
      fill(changed, {
        "changed-words": `The amount has changed: ${money(agreed)} before, ${difference} now. Tell the customer.`,
        agree: `Take ${money(row.amountMinor)} instead`,
      })
    }
    const onFile = content.querySelector("[value=card_on_file]")
    onFile.disabled = !coveredByCard(row)
    onFile.title = onFile.disabled ? `It stands for ${money(row.authorizedMinor)} only` : ""
    const chosen = method()
    if (!chosen || (chosen === "card_on_file" && onFile.disabled)) {
      content.querySelector(onFile.disabled ? "[value=card]" : "[value=card_on_file]").checked = true
    }
    const cash = method() === "cash"
    slot(content, "cash").hidden = !cash
    if (!cash) return
    const { minor } = parseMoney(given.value, moneyNotation())
    const back = minor === undefined ? undefined : change(minor, row.amountMinor)
    text(slot(content, "back"), back === undefined ? "" : back === null
      ? `${money(row.amountMinor - minor)} are missing` : `Give back ${money(back)}`)
  }
  content.addEventListener("change", look)
  content.addEventListener("input", look)
  const stop = live.onStatus(look)
  const dialog = openDialog({
    title: `Payment of order ${invoice.number ?? ""}`.trim(),
    text: [invoice.customerName, invoice.pickupCode].filter(Boolean).join(" · "),
    content,
    submit: "Take payment",
    done: ({ words } = {}) => words ?? "Paid",
    meanwhile: () => elsewhere(now()),
    blocked: () => {
      look()
      return standing(latest(), agreed) !== "ready"
    },
    send: async (_, attempt) => {
      const how = method()
      const answer = await attempt.send("PUT", `/admin/api/invoices/${invoice.id}/pay`,
        { method: how, expectedAmountMinor: agreed })
      if (answer?.position !== undefined) await live.reached(answer.position)
      if (how !== "cash") await captured(now, content, answer?.position)
      return { ...answer, words: `${money(agreed)} taken, ${METHODS[how].toLowerCase()}` }
    },
  })
  dialog.addEventListener("close", stop)
  return dialog
}

/** Takes the payment of an order, wherever it is shown: its invoice is watched for as long as that takes. */
export function payOrder(orderId) {
  let dialog = null
  const view = live.watch({ topic: "invoices", filter: { order: orderId }, order: "-createdAt", limit: 1 }, () => {
    if (dialog || !(view.complete || view.refused)) return
    const row = view.rows.get(orderId)
    if (!row || !payable(row.value)) {
      view.close()
      const words = row ? elsewhere(row) ?? "it can not be paid now" : "there is no invoice of this order"
      return toast(sentence(words), { bad: true })
    }
    dialog = askPay(row.value, () => view.rows.get(orderId))
    dialog.addEventListener("close", () => view.close())
  })
}

/** What somebody else did to an invoice that is about to be paid here. */
function elsewhere(row) {
  if (!row) return null
  const { value, cause } = row
  const who = cause && cause.actor !== store.session?.user ? actorName(cause.actor) : null
  if (value.status === "capturing") return `${who ?? "Somebody"} is taking this payment.`
  if (value.status === "paid") return who && bare(cause.action) === "InvoicePaid" && !who.includes(" ")
    ? `${who} took this payment.` : "This is paid."
  if (value.status === "canceled") return "The order is canceled: nothing is due any more."
  if (value.status === "refunded") return "This was paid and refunded."
  return null
}

/** Waits until the card service has answered, and throws its refusal. */
function captured(now, content, position = 0) {
  const note = slot(content, "capturing")
  note.hidden = false
  return new Promise((resolve, reject) => {
    let stop
    const end = (what, value) => {
      clearTimeout(timer)
      stop?.()
      note.hidden = true
      what(value)
    }
    const timer = setTimeout(() => end(reject, new Refusal({
      code: "unavailable",
      message: "the card service has not answered yet; the invoice goes on by itself and shows what came of it",
    })), CAPTURE_PATIENCE_MS)
    const look = () => {
      const row = now()
      // What it was before the command arrived answers nothing.
      const came = row?.position < position ? null : outcome(row?.value)
      if (!came) return
      if (came.paid) return end(resolve)
      end(reject, new Refusal({ code: "conflict", message: came.refused
        ? `the card was refused: ${came.refused}` : "nothing is due any more" }))
    }
    stop = live.onStatus(look)
    look()
  })
}

export function askRefund(invoice, now) {
  const most = () => refundable(now()?.value ?? invoice)
  openDialog({
    title: `Refund of order ${invoice.number ?? ""}`.trim(),
    text: `${money(most())} can be given back, ${methodName(invoice.method).toLowerCase()}.`,
    fields: [
      { name: "amountMinor", label: "Amount", kind: "money", required: true, value: most() },
      { name: "reason", label: "Reason", kind: "long", required: true, max: 500 },
    ],
    submit: "Refund",
    danger: true,
    done: "Refunded",
    meanwhile: () => most() === refundable(invoice) ? null : `Only ${money(most())} can be given back by now.`,
    send: async ({ amountMinor, reason }, attempt) => {
      const wrong = amountMinor === 0 ? "enter more than nothing"
        : amountMinor > most() ? `at most ${money(most())} can be given back` : null
      if (wrong) throw new Refusal({ code: "invalid", field: "amountMinor", message: wrong })
      return attempt.send("POST", `/admin/api/invoices/${invoice.id}/refund`, { amountMinor, reason })
    },
  })
}

export function handOver(button, { orderId, number }) {
  const command = (attempt) => attempt.send("POST", `/admin/api/orders/${orderId}/complete`)
  return act(button, command, `Order ${number} is handed over`)
}

export function openShift() {
  openDialog({
    title: "Open a shift",
    text: "Count what is in the drawer before the first customer.",
    fields: [{ name: "floatMinor", label: "In the drawer", kind: "money", required: true }],
    submit: "Open shift",
    done: "The shift is open",
    send: (values, attempt) => attempt.send("POST", "/admin/api/shifts", values),
  })
}

/** The count comes first and blind: what should be there is said afterwards. */
export function closeShift(shift, now) {
  openDialog({
    title: "Close the shift",
    text: "Count the drawer. What should be in it is shown afterwards.",
    fields: [{ name: "countedMinor", label: "Counted", kind: "money", required: true }],
    submit: "Close shift",
    done: () => {
      const { differenceMinor } = drawer(now()?.value ?? {})
      if (!differenceMinor) return "The shift is closed; the drawer is right"
      const words = differenceMinor < 0 ? "missing" : "too much"
      return `The shift is closed; ${money(Math.abs(differenceMinor))} ${words}`
    },
    send: (values, attempt) => attempt.send("POST", `/admin/api/shifts/${shift.id}/close`, values),
  })
}

export function correctPhone({ id, name, smsNumber }) {
  openDialog({
    title: `Phone number of ${name}`,
    fields: [{ name: "smsNumber", label: "Number", required: true, max: 40, value: smsNumber,
      hint: "With its country, such as +49 151 23456789." }],
    submit: "Save",
    done: "Number saved",
    send: (values, attempt) => values.smsNumber === smsNumber
      ? null : attempt.send("PUT", `/admin/api/customers/${id}/change-sms`, values),
  })
}

