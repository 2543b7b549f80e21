// Invoices: what is due, what was paid and given back; and the cashier's own shift.

import { fill, make, slot, text } from "../dom.js"
import { askPay, askRefund, closeShift, invoiceStanding, mayRefund, methodName, openShift, payable } from "../desk.js"
import { openDialog } from "../dialog.js"
import { money, putTime, when } from "../format.js"
import { live } from "../live.js"
import { Panel } from "../panel.js"
import { drawer, refundable } from "../paying.js"
import { sees } from "../rights.js"
import { ListScreen } from "../screen.js"
import { may, store } from "../store.js"

const SHIFTS = 50

customElements.define("payments-screen", class extends ListScreen {
  get screen() { return "payments" }
  get heading() { return "Payments" }
  get noun() { return "invoice" }
  get icon() { return "payments" }
  get placeholder() { return "Order number, code or customer" }
  get topic() { return "invoices" }
  get order() { return "-createdAt" }
  get rowName() { return "invoice-row" }
  get panelName() { return "invoice-panel" }
  get columns() {
    return [
      ["Order"], ["Customer"], ["Code"], ["Opened"], ["Status"], ["Paid by"], ["Amount", "end"], ["Actions", "end"],
    ]
  }
  get shows() {
    return [
      ["open", "Open", { status: ["pending", "capturing"] }, true], ["paid", "Paid", { status: ["paid"] }],
      ["refunded", "Refunded", { status: ["refunded"] }], ["canceled", "Canceled", { status: ["canceled"] }],
      ["all", "All", {}],
    ]
  }

  opened() {
    const bar = slot(this, "bar")
    bar.hidden = false
    bar.classList.add("shift")
    this.shifts = live.watch({ topic: "shifts", filter: {}, order: "-openedAt", limit: SHIFTS }, () => this.shift())
    this.shift()
  }

  disconnectedCallback() {
    super.disconnectedCallback()
    this.shifts.close()
  }

  /** The drawer of whoever is logged in. */
  mine() {
    return this.shifts?.rows.sorted().find(({ value }) => value.cashier === store.session?.user && !value.closedAt)
  }

  shift() {
    const row = this.mine()
    const { complete, refused, rows } = this.shifts ?? {}
    const bar = slot(this, "bar")
    if (refused) {
      bar.hidden = true
      return
    }
    const words = make("p", "shift-words")
    const buttons = make("div", "banner-actions")
    const add = (label, act, style = "") => {
      const button = make("button", `button button-small ${style}`, label)
      button.type = "button"
      button.addEventListener("click", act)
      buttons.append(button)
    }
    const said = JSON.stringify([row, complete, rows?.size > 0])
    if (said === this.shiftSaid) return
    this.shiftSaid = said
    if (row) {
      words.append("Your shift since ", make("span", "numeric", when(row.value.openedAt)), ", ",
        `${row.value.movements} cash ${row.value.movements === 1 ? "movement" : "movements"}`)
      if (may("take-payment")) {
        add("Close shift", () => closeShift(row.value, () => this.shifts.rows.get(row.key)))
      }
    } else if (!complete) {
      words.append("Looking for your shift…")
    } else if (may("take-payment")) {
      words.append("You have no open shift. Cash goes into a drawer that was counted.")
      add("Open shift", openShift, "button-primary")
    } else {
      words.append("Cashiers' shifts")
    }
    if (rows?.size > 0) add("Shift report", () => report(this.shifts))
    bar.replaceChildren(words, buttons)
  }

  update(node, value) {
    const [tone, words] = invoiceStanding(value)
    const refused = value.status === "pending" && value.lastRefusal ? `Refused: ${value.lastRefusal}` : null
    const refunded = value.refundedMinor > 0 ? `${money(value.refundedMinor)} refunded` : ""
    fill(node, {
      number: String(value.number ?? value.orderId.slice(0, 8)), customer: value.customerName ?? "",
      code: value.pickupCode ?? "", status: words, method: value.method ? methodName(value.method) : "",
      amount: money(value.amountMinor), refused: refused ?? refunded,
    })
    slot(node, "refused").classList.toggle("is-plain", value.status !== "pending")
    slot(node, "refused").title = slot(node, "refused").textContent
    slot(node, "status").dataset.tone = tone
    putTime(slot(node, "when"), value.createdAt)
    const pay = node.querySelector("[data-act=pay]")
    pay.hidden = !payable(value)
    pay.setAttribute("aria-label", `Take payment of order ${value.number}`)
  }

  named(value) { return `Order ${value.number}` }
  path(value) { return `/payments/${value.orderId}${this.query}` }

  acted(button, row) {
    if (button.dataset.act !== "pay" || !row) return
    // The list may let go of the row when it is paid; a view of its own does not.
    const filter = { order: row.value.orderId }
    const view = live.watch({ topic: "invoices", filter, order: "-createdAt", limit: 1 }, () => {})
    askPay(row.value, () => view.rows.get(row.key) ?? row).addEventListener("close", () => view.close())
  }

  empty() {
    if (this.text) {
      return { title: "No invoice matches", text: "Try the order's number, the code, or another chip.", clear: true }
    }
    return this.showing === "open"
      ? { title: "Nothing is due", text: "Invoices appear here as soon as an order is approved." }
      : { title: "None", text: "There is no such invoice." }
  }
})

/** All shifts there are, newest first, as they are now. */
function report(view) {
  const content = make("div", "report")
  const table = make("table", "figures numeric")
  const render = () => {
    const head = make("tr")
    for (const words of ["Cashier", "Opened", "Closed", "Float", "Cash", "Expected", "Counted", "Difference"]) {
      head.append(make("th", "", words))
    }
    table.replaceChildren(head, ...view.rows.sorted().map(({ value }) => {
      const { takenMinor, differenceMinor } = drawer(value)
      const line = make("tr")
      const cells = [
        value.cashier, when(value.openedAt), value.closedAt ? when(value.closedAt) : "open", money(value.floatMinor),
        money(takenMinor), money(value.expectedMinor), value.closedAt ? money(value.countedMinor) : "",
        differenceMinor === null ? "" : differenceMinor === 0 ? "right" : money(differenceMinor),
      ]
      line.append(...cells.map((words, at) => make("td", at === 7 && differenceMinor ? "is-off" : "", words)))
      return line
    }))
  }
  content.append(table)
  render()
  const stop = live.onStatus(render)
  openDialog({ title: "Shift report", content, wide: true, dismiss: "Close" })
    .addEventListener("close", stop)
}

customElements.define("invoice-panel", class extends Panel {
  get screen() { return "payments" }
  get noun() { return "invoice" }
  get detail() { return "invoice-detail" }

  ask(id) { return { topic: "invoices", filter: { order: id }, order: "-createdAt", limit: 1 } }
  titled(value) { return value.number === undefined ? "Invoice" : `Invoice of ${value.number}` }
  pill(value) { return invoiceStanding(value) }
  missing() { return ["There is no invoice", "An order has one from its approval on.", "lost"] }

  write(detail, value) {
    fill(detail, {
      amount: money(value.amountMinor), customer: value.customerName ?? "", code: value.pickupCode ?? "",
      authorized: money(value.authorizedMinor), paid: value.paidMinor > 0 ? money(value.paidMinor) : "—",
      method: value.method ? methodName(value.method) : "—",
      refunded: value.refundedMinor > 0 ? money(value.refundedMinor) : "—",
      "amount-label": value.status === "pending" || value.status === "capturing" ? "Due" : "Amount",
    })
    const refused = slot(detail, "refused")
    refused.hidden = !(value.status === "pending" && value.lastRefusal)
    text(refused, `The card was refused: ${value.lastRefusal}. Try another card, or cash.`)
    slot(detail, "capturing").hidden = value.status !== "capturing"
    putTime(slot(detail, "created"), value.createdAt)
    slot(detail, "paid-at").closest("div").hidden = !value.paidAt
    if (value.paidAt) putTime(slot(detail, "paid-at"), value.paidAt)
    slot(detail, "order").href = `/pickup/${value.orderId}`
    const ended = ["canceled", "refunded"].includes(value.status)
    slot(detail, "order").hidden = ended || !sees("pickup", store.session?.roles)
    this.moves(slot(detail, "adjustments"), value.adjustments,
      ({ amountMinor }) => ["Amount changed", money(amountMinor)])
    this.moves(slot(detail, "refunds"), value.refunds,
      ({ amountMinor, reason }) => [reason, `−${money(amountMinor)}`])
  }

  moves(section, entries = [], words) {
    section.hidden = entries.length === 0
    section.querySelector("ol").replaceChildren(...entries.map((entry) => {
      const [what, amount] = words(entry)
      const line = make("li", "move")
      const time = make("time", "faint numeric")
      putTime(time, entry.at, when(entry.at))
      line.append(time, make("span", "", what), make("span", "numeric end", amount))
      return line
    }))
  }

  acts(value) {
    const acts = []
    const now = () => this.now()
    if (payable(value)) {
      acts.push({ label: `Take ${money(value.amountMinor)}`, primary: true, act: () => askPay(value, now) })
    }
    if (mayRefund(value)) {
      acts.push({ label: "Refund…", danger: true, title: `Up to ${money(refundable(value))}`,
        act: () => askRefund(value, now) })
    }
    return acts
  }
})
