// One order, live: its lines, its facts and what has happened to it.

import { actorName, bare, reasonWords, spoken } from "../causes.js"
import { fill, make, slot, stamp, text } from "../dom.js"
import { search } from "../filters.js"
import { money, putTime, statusName, when } from "../format.js"
import { live } from "../live.js"
import { askCancel, cancelable } from "../orders.js"
import { METHODS } from "../paying.js"
import { toast } from "./toast-list.js"

const EVENTS = {
  OrderCreated: "Order placed", OrderApproved: "Approved", OrderRejected: "Rejected",
  OrderStarted: "Collection started",
  OrderItemsAdjusted: "Items adjusted", OrderReadied: "Ready for pickup", OrderPaid: "Paid",
  OrderCompleted: "Handed over", OrderCanceled: "Canceled", OrderOverdue: "Overdue",
  ShoppingListCreated: "List made", ShoppingListInitiated: "Offered to robots",
  ShoppingListAssigned: "Robot assigned", ShoppingListStarted: "Robot set out",
  ShoppingListStopReached: "Store reached", ShoppingListItemPicked: "Goods picked",
  ShoppingListItemUnavailable: "Not available", ShoppingListDelivered: "At the depot",
  ShoppingListCompleted: "Checked in",
  ShoppingListReleased: "List released", ShoppingListCanceled: "List canceled", ShoppingListPutToBay: "Put to a bay",
  ShoppingListBayCleared: "Bay cleared", ShoppingListReturned: "Goods returned to the stores",
  InvoiceCreated: "Invoice opened", InvoiceAdjusted: "Amount changed", InvoiceCapturing: "Card is charged",
  InvoiceCaptureRefused: "Card refused", InvoicePaid: "Invoice paid", InvoiceCanceled: "Invoice canceled",
  InvoiceRefunded: "Refunded",
}
const BAD = new Set([
  "OrderRejected", "OrderCanceled", "OrderOverdue", "ShoppingListItemUnavailable", "ShoppingListReleased",
  "ShoppingListCanceled", "InvoiceCaptureRefused",
])
const ENDED = new Set(["rejected", "canceled"])

customElements.define("order-panel", class extends HTMLElement {
  connectedCallback() {
    this.replaceChildren(stamp("order-panel"))
    this.scroller = slot(this, "scroll")
    this.stop = live.onStatus(() => this.wait())
    this.addEventListener("click", ({ target }) => {
      const act = target.closest("[data-act]")?.dataset.act
      if (act === "cancel") askCancel(this.order, () => this.order)
      if (act === "copy") this.copy()
    })
  }

  disconnectedCallback() {
    this.view?.close()
    this.stop()
  }

  show(id, query) {
    this.hidden = !id
    slot(this, "close").setAttribute("href", `/orders${query}`)
    if (id === this.shown) return
    this.shown = id
    this.view?.close()
    this.view = null
    this.order = null
    this.detail = null
    this.moments = null
    if (!id) return
    fill(this, { title: "Order" })
    slot(this, "status").hidden = true
    this.querySelector("[data-act=cancel]").hidden = true
    this.scroller.scrollTop = 0
    this.scroller.replaceChildren()
    this.view = live.watch({ topic: "order", filter: { order: id }, limit: 1 }, (view) => this.render(view))
    this.wait()
  }

  /** Nothing to show yet. Bones promise an order; where nobody can be asked for it they would be a lie. */
  wait() {
    if (!this.view || this.detail || this.view.complete || this.view.refused) return
    const away = live.status.state !== "open" && live.status.attempt > 0
    if (away === this.away && this.scroller.childElementCount > 0) return
    this.away = away
    if (away) {
      return this.state("Not connected", "The order is loaded as soon as the server can be reached again.", "lost")
    }
    this.scroller.replaceChildren(...Array.from({ length: 7 }, () => make("div", "bone bone-line")))
  }

  render(view) {
    if (view !== this.view) return
    const [row] = view.rows.sorted()
    const { code } = view.refused ?? {}
    if (code === "forbidden") return this.state("You may not see this order", "Your role has no access to it.", "lock")
    if (!row) {
      return view.complete || code === "invalid" ? this.state("There is no such order",
        "It may have been removed, or the address is incomplete.", "lost") : undefined
    }
    const order = row.value
    this.order = order
    fill(this, { title: `Order ${order.number}` })
    document.title = `Order ${order.number} · MallBots`
    const status = slot(this, "status")
    status.hidden = false
    status.dataset.tone = order.status
    text(status, statusName(order.status))
    this.querySelector("[data-act=cancel]").hidden = !cancelable(order)
    if (!this.detail) {
      this.detail = stamp("order-detail")
      this.scroller.replaceChildren(this.detail)
    }
    this.facts(order)
    this.lines(order)
    this.missing(order.adjustments ?? [])
    this.timeline(order.timeline ?? [])
  }

  facts(order) {
    const reason = slot(this.detail, "reason")
    reason.hidden = !order.reason
    if (order.reason) text(reason, `${statusName(order.status)}: ${reasonWords(order.reason)}`)
    fill(this.detail, {
      customer: order.customerName, id: order.orderId,
      paid: order.paid ? "Paid" : ENDED.has(order.status) ? "Nothing charged" : "Not paid yet",
      total: money(order.totalMinor),
    })
    slot(this.detail, "robot-fact").hidden = !order.botName
    text(slot(this.detail, "robot"), order.botName ?? "")
    const collected = order.progress !== undefined && ["in-progress", "ready", "completed"].includes(order.status)
    slot(this.detail, "progress-fact").hidden = !collected
    text(slot(this.detail, "progress"), `${order.progress ?? 0} %`)
    this.detail.querySelector(".bar").style.setProperty("--done", `${order.progress ?? 0}%`)
    slot(this.detail, "customer").href = `/orders${search({ customer: order.customerId })}`
    slot(this.detail, "customer").title = "All orders of this customer"
    putTime(slot(this.detail, "created"), order.createdAt)
    putTime(slot(this.detail, "updated"), order.updatedAt)
  }

  lines({ items }) {
    const said = JSON.stringify(items)
    if (said === this.linesSaid && slot(this.detail, "lines").childElementCount > 0) return
    this.linesSaid = said
    const nodes = []
    for (const [storeId, group] of Map.groupBy(items, (item) => item.storeId)) {
      const store = make("a", "line-store", group[0].storeName)
      store.href = `/stores/${storeId}`
      nodes.push(store)
      for (const item of group) nodes.push(line(item))
    }
    slot(this.detail, "lines").replaceChildren(...nodes)
  }

  /** What was taken off because it could not be had. */
  missing(adjustments) {
    slot(this.detail, "missing").hidden = adjustments.length === 0
    slot(this.detail, "missing-lines").replaceChildren(
      ...adjustments.map(({ productName, quantity }) => make("li", "", `${quantity} × ${productName}`)))
  }

  timeline(entries) {
    const list = slot(this.detail, "timeline")
    const known = this.moments
    const from = known?.slice(0, entries.length).findIndex(
      (said, index) => said !== JSON.stringify(entries[index])) ?? 0
    const start = known ? (from < 0 ? Math.min(known.length, entries.length) : from) : 0
    while (list.children.length > start) list.lastElementChild.remove()
    for (const entry of entries.slice(start)) {
      const node = moment(entry)
      if (known) node.classList.add("is-new")
      list.append(node)
    }
    this.moments = entries.map((entry) => JSON.stringify(entry))
  }

  state(title, words, icon) {
    const state = stamp("state")
    fill(state, { title, text: words })
    slot(state, "icon").setAttribute("href", `/icons.svg#${icon}`)
    this.detail = null
    this.order = null
    slot(this, "status").hidden = true
    this.querySelector("[data-act=cancel]").hidden = true
    this.scroller.replaceChildren(state)
  }

  async copy() {
    try {
      await navigator.clipboard.writeText(this.order.orderId)
      toast("Order id copied")
    } catch {
      toast("The browser does not allow copying here")
    }
  }
})

function line({ productId, productName, priceMinor, quantity }) {
  const node = stamp("order-line")
  // An integer of minor units times a quantity: exact.
  fill(node, { sum: money(priceMinor * quantity), each: `${quantity} × ${money(priceMinor)}` })
  const link = make("a", "", productName)
  link.href = `/orders${search({ product: productId })}`
  link.title = "All orders with this product"
  slot(node, "product").append(link)
  return node
}

function moment({ at, event, actor, note }) {
  const node = stamp("timeline-entry")
  const words = EVENTS[bare(event)] ?? spoken(event)
  fill(node, { what: words, who: actor ? `by ${actorName(actor)}` : "" })
  putTime(slot(node, "when"), at, when(at))
  if (note) {
    text(slot(node, "note"), METHODS[note] ?? reasonWords(note))
    slot(node, "note").hidden = false
  }
  if (BAD.has(bare(event))) node.dataset.bad = ""
  return node
}
