// The list of orders, kept by a view of the topic `orders`.

import { fill, slot, stamp } from "../dom.js"
import { search, toQuery } from "../filters.js"
import { money, putTime, statusName } from "../format.js"
import { LiveList } from "../list.js"
import { openMenu } from "../menu.js"
import { askCancel, cancelable } from "../orders.js"
import { go } from "../router.js"
import { toast } from "./toast-list.js"

customElements.define("order-table", class extends HTMLElement {
  connectedCallback() {
    this.replaceChildren(stamp("order-table"))
    this.list = new LiveList(this, {
      noun: "order",
      query: (limit) => ({ topic: "orders", filter: toQuery(this.filters), order: "-number", limit, count: true }),
      build: () => stamp("order-row"),
      update: (node, row) => this.update(node, row.value),
      empty: () => this.empty(),
      shown: (view) => this.dispatchEvent(new CustomEvent("shown", { detail: view })),
    })
    this.addEventListener("click", (event) => this.clicked(event))
  }

  disconnectedCallback() { this.list.stop() }

  show(filters, open) {
    const query = search(filters)
    const changed = query !== this.query
    this.filters = filters
    this.query = query
    if (!this.list.view) this.list.start()
    else if (changed) this.list.ask()
    this.open = open
    if (open) this.list.current = open
    for (const node of this.list.body.children) this.mark(node)
  }

  update(node, order) {
    const link = slot(node, "number")
    link.href = `/orders/${order.orderId}${this.query}`
    putTime(slot(node, "when"), order.createdAt)
    const stores = [...new Set(order.items.map((item) => item.storeName))]
    fill(node, {
      number: String(order.number),
      customer: order.customerName,
      items: summary(order.items),
      stores: stores.length > 1 ? `${stores[0]} +${stores.length - 1}` : stores[0] ?? "",
      total: money(order.totalMinor),
      status: statusName(order.status),
      paid: order.paid ? "Paid" : "Unpaid",
      robot: order.botName ?? "",
    })
    const bar = node.querySelector(".bar")
    bar.hidden = order.progress === undefined || order.status !== "in-progress"
    bar.style.setProperty("--done", `${order.progress ?? 0}%`)
    bar.title = `${order.progress ?? 0} % collected`
    slot(node, "items").parentElement.title =
      order.items.map((item) => `${item.quantity} × ${item.productName}, ${item.storeName}`).join("\n")
    slot(node, "status").dataset.tone = order.status
    slot(node, "paid").dataset.paid = order.paid ? "yes" : "no"
    node.querySelector("[data-act=menu]").setAttribute("aria-label", `Actions for order ${order.number}`)
    node.orderId = order.orderId
    this.mark(node)
  }

  mark(node) {
    const open = node.orderId === this.open
    node.classList.toggle("is-open", open)
    const link = slot(node, "number")
    link.setAttribute("href", `/orders/${node.orderId}${this.query}`)
    open ? link.setAttribute("aria-current", "true") : link.removeAttribute("aria-current")
  }

  focusOn(id) { this.list.focus(id) }

  clicked(event) {
    const { target } = event
    if (target.closest("[data-act=clear]")) return this.dispatchEvent(new Event("clear"))
    const node = target.closest(".table-body > [data-key]")
    if (!node) return
    const button = target.closest("[data-act=menu]")
    if (button) return this.openMenu(button)
    if (target.closest("a") || !getSelection().isCollapsed) return
    go(`/orders/${node.orderId}${this.query}`)
  }

  openMenu(button = document.activeElement?.closest?.("[data-key]")?.querySelector("[data-act=menu]")) {
    const order = this.list.row(button)?.value
    if (!order) return
    const now = () => this.list.view.rows.get(order.orderId)?.value
    const items = [
      { label: "Open", act: () => go(`/orders/${order.orderId}${this.query}`) },
      { label: `Orders of ${order.customerName}`, act: () => go(`/orders${search({ customer: order.customerId })}`) },
      { label: "Copy order id", act: () => copy(order.orderId) },
    ]
    if (cancelable(order)) items.push(null, { label: "Cancel order…", act: () => askCancel(order, now), danger: true })
    openMenu(button, { title: `Order ${order.number}`, items })
  }

  empty() {
    const filtered = Object.keys(this.filters).length > 0
    return filtered
      ? { title: "No order matches these filters", text: "Try fewer words or a wider range.", clear: true }
      : { title: "No orders yet", text: "They appear here as soon as a customer checks out at a kiosk." }
  }
})

async function copy(id) {
  try {
    await navigator.clipboard.writeText(id)
    toast("Order id copied")
  } catch {
    toast(id)
  }
}

/** The first line, and how much more there is. */
function summary(items) {
  const [first, ...rest] = items
  if (!first) return "No items"
  const name = first.quantity > 1 ? `${first.quantity} × ${first.productName}` : first.productName
  return rest.length > 0 ? `${name}, +${rest.length} more` : name
}
