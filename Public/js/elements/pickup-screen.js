// The pickup desk: find an order by code, phone or number, see what it still lacks, take the money, hand it over.

import { fill, make, slot, text } from "../dom.js"
import { handOver, payOrder } from "../desk.js"
import { classify, phoneWords } from "../find.js"
import { money, plural, putTime, when } from "../format.js"
import { Panel } from "../panel.js"
import { lacking } from "../paying.js"
import { go } from "../router.js"
import { sees } from "../rights.js"
import { ListScreen } from "../screen.js"
import { ask } from "../send.js"
import { may, store } from "../store.js"

const STATUS = {
  "approved": ["approved", "Not started"], "in-progress": ["in-progress", "Collecting"], "ready": ["ready", "Ready"],
}
const NOT = { "not collected": "Not collected", "not paid": "Not paid" }
const CUSTOMERS = 20
/** A customer nobody is: a filter that finds nothing. */
const NOBODY = "00000000-0000-0000-0000-000000000000"

/** Tone and words of the pill of an order at the desk. */
function standing(value) {
  if (lacking(value).length === 0) return ["completed", "Hand over"]
  return STATUS[value.status] ?? ["", value.status]
}

const payableHere = (value) => !value.paid && value.invoiceStatus === "pending" && may("take-payment")

customElements.define("pickup-screen", class extends ListScreen {
  get screen() { return "pickup" }
  get heading() { return "Pickup" }
  get described() { return this.openId ? "Pickup" : this.heading }
  get noun() { return "order" }
  get icon() { return "pickup" }
  get placeholder() { return may("find-by-phone") ? "Code, phone, order number or name" : "Code, order number or name" }
  get topic() { return "pickup" }
  get order() { return "readySince" }
  get rowName() { return "pickup-row" }
  get panelName() { return "pickup-panel" }
  get columns() {
    return [
      ["Bay"], ["Customer"], ["Code"], ["Order"], ["Still missing"], ["Waiting"], ["Due", "end"], ["Actions", "end"],
    ]
  }
  get shows() {
    return [
      ["all", "All", {}], ["ready", "Ready", { status: ["ready"] }, true],
      ["collecting", "Being collected", { status: ["approved", "in-progress"] }],
      ["overdue", "Overdue", { overdue: true }, true],
    ]
  }

  opened() {
    this.customers = null
    this.input.addEventListener("keydown", (event) => {
      if (event.key === "Enter") this.openOnly()
      if (event.key !== "/") return
      // The desk's hands know that this key begins a search; here one may have begun already.
      event.preventDefault()
      this.search()
    })
    this.input.classList.add("search-large")
    // The desk begins every customer with the search.
    if (!this.openId && matchMedia("(hover: hover)").matches) this.input.focus()
    this.lookUp()
  }

  place(here) {
    super.place(here)
    this.lookUp()
  }

  filter() {
    const { status, overdue } = this.shows.find(([name]) => name === this.showing)[2]
    // Who looks for somebody looks everywhere.
    const filter = this.text ? {} : { ...(status && { status }), ...(overdue && { overdue }) }
    const found = classify(this.text)
    if (found.kind === "phone" && may("find-by-phone")) {
      const { text: known, ids = [] } = this.customers ?? {}
      filter.customers = known === found.text && ids.length > 0 ? ids : [NOBODY]
    } else if (found.kind !== "none") filter.text = found.text
    return filter
  }

  /** A phone number is a customer's: who they are is asked first. */
  async lookUp() {
    const { kind, text: words } = classify(this.text)
    if (kind !== "phone" || !may("find-by-phone") || this.customers?.text === words) return
    const asked = { text: words, ids: [] }
    this.customers = asked
    try {
      const { customers } = await ask(`/admin/api/customers?text=${encodeURIComponent(phoneWords(words))}`)
      asked.ids = customers.slice(0, CUSTOMERS).map(({ id }) => id)
    } catch (error) {
      asked.text = null
      asked.error = error.message
    }
    if (this.customers !== asked || !this.isConnected) return
    if (asked.ids.length > 0) this.list.ask()
    else this.list.refresh()
  }

  /** Enter: the one that was found is opened. Waits for the answer to what was typed last. */
  openOnly() {
    const words = this.input.value.trim()
    if (words !== this.text) this.ask({ text: words })
    this.opening = words
    this.tryOpening(this.list.view)
  }

  tryOpening(view) {
    if (!this.opening || !view.complete || this.list.asking) return
    if (this.opening !== this.text) return
    const { kind, text: words } = classify(this.text)
    if (kind === "phone" && may("find-by-phone") && this.customers?.text !== words) return
    this.opening = null
    const rows = view.rows.sorted()
    if (rows.length === 1) go(`/pickup/${rows[0].value.orderId}${this.query}`)
    else if (rows.length > 1) this.list.focus(rows[0].key)
  }

  shown(view) {
    super.shown(view)
    this.tryOpening(view)
  }

  update(node, value) {
    const lacks = lacking(value)
    fill(node, {
      bay: value.bay ?? "—", customer: value.customerName, code: value.pickupCode, number: String(value.number),
      due: value.paid ? "Paid" : money(value.totalMinor),
    })
    const missing = slot(node, "lacking")
    const said = lacks.join() + value.invoiceStatus
    if (missing.dataset.said !== said) {
      missing.dataset.said = said
      const capturing = value.invoiceStatus === "capturing"
      missing.replaceChildren(...(lacks.length === 0 ? [make("span", "lack is-met", "Nothing: hand over")]
        : lacks.map((word) => make("span", "lack", word === "not paid" && capturing ? "Capturing…" : NOT[word]))))
    }
    const since = slot(node, "since")
    since.since = value.readySince
    since.classList.toggle("is-overdue", Boolean(value.overdue))
    slot(node, "overdue").hidden = !value.overdue
    const pay = node.querySelector("[data-act=pay]")
    pay.hidden = !payableHere(value)
    const hand = node.querySelector("[data-act=hand]")
    hand.hidden = !may("hand-over") || (value.status !== "ready" && !value.paid)
    hand.disabled = lacks.length > 0
    hand.title = lacks.map((word) => NOT[word]).join(", ")
    hand.classList.toggle("button-primary", lacks.length === 0)
    for (const button of [pay, hand]) {
      button.setAttribute("aria-label", `${button.textContent.trim()}, order ${value.number}`)
    }
  }

  named(value) { return `Order ${value.number}` }
  path(value) { return `/pickup/${value.orderId}${this.query}` }

  acted(button, row) {
    if (!row) return
    if (button.dataset.act === "pay") payOrder(row.value.orderId)
    if (button.dataset.act === "hand") handOver(button, row.value)
  }

  empty() {
    const { kind } = classify(this.text)
    if (kind === "phone" && this.customers?.error) {
      return { title: "The number can not be looked up", text: this.customers.error }
    }
    if (kind === "phone" && !may("find-by-phone")) {
      return { title: "Nothing found", clear: true,
        text: "Numbers are looked up by cashiers. Try the code or the order's number." }
    }
    if (this.text) {
      return { title: `Nothing found for “${this.text}”`, clear: true,
        text: "It may be handed over or canceled already. Orders has all of them." }
    }
    return this.showing === "all"
      ? { title: "Nobody is waiting", text: "Orders appear here from their approval until they are handed over." }
      : { title: "None at the moment", text: "Show all orders to see what is under way.", clear: false }
  }

})

customElements.define("pickup-panel", class extends Panel {
  get screen() { return "pickup" }
  get noun() { return "order" }
  get detail() { return "pickup-detail" }

  ask(id) { return { topic: "pickup", filter: { order: id }, order: "readySince", limit: 1 } }
  titled(value) { return `Order ${value.number}` }
  pill(value) { return standing(value) }

  missing() {
    // It was here a moment ago: then it has ended, and by whom was said on the list.
    return ["This order is not waiting", "It was handed over or canceled, or the address is incomplete.", "lost"]
  }

  write(detail, value) {
    const lacks = lacking(value)
    const capturing = value.invoiceStatus === "capturing"
    fill(detail, {
      code: value.pickupCode, bay: value.bay ?? "—", customer: value.customerName,
      items: plural(value.items ?? 0, "unit"), total: money(value.totalMinor),
      "state-collected": lacks.includes("not collected") ? NOT["not collected"] : "Collected",
      "state-paid": value.paid ? "Paid" : capturing ? "The card is being charged…" : NOT["not paid"],
    })
    slot(detail, "state-collected").parentElement.classList.toggle("is-met", !lacks.includes("not collected"))
    slot(detail, "state-paid").parentElement.classList.toggle("is-met", Boolean(value.paid))
    const ready = slot(detail, "ready")
    ready.closest("div").hidden = !value.readySince
    if (value.readySince) putTime(ready, value.readySince, when(value.readySince))
    slot(detail, "overdue").hidden = !value.overdue
    const missing = value.missing ?? []
    slot(detail, "missing").hidden = missing.length === 0
    slot(detail, "missing-lines").replaceChildren(
      ...missing.map(({ productName, quantity }) => make("li", "", `${quantity} × ${productName}`)))
    const invoice = slot(detail, "invoice")
    invoice.hidden = !sees("payments", store.session?.roles) || !value.invoiceId
    invoice.href = `/payments/${value.orderId}?show=all`
    text(invoice, "Open the invoice")
  }

  acts(value) {
    const lacks = lacking(value)
    const acts = []
    if (may("hand-over")) {
      acts.push({ label: "Hand over", primary: lacks.length === 0, disabled: lacks.length > 0,
        title: lacks.map((word) => NOT[word]).join(", "), act: (button) => handOver(button, value) })
    }
    if (payableHere(value)) {
      acts.push({ label: `Take ${money(value.totalMinor)}`, primary: true, act: () => payOrder(value.orderId) })
    }
    return acts
  }
})
