// The orders: filters above, the list, and one order beside it. The address holds all three.

import { stamp, text } from "../dom.js"
import { fromParams, search } from "../filters.js"
import { plural } from "../format.js"
import { go, place } from "../router.js"

customElements.define("orders-screen", class extends HTMLElement {
  connectedCallback() {
    this.replaceChildren(stamp("orders"))
    this.filterBar = this.querySelector("order-filters")
    this.table = this.querySelector("order-table")
    this.panel = this.querySelector("order-panel")
    this.filterBar.addEventListener("filters", ({ detail }) => this.filter(detail))
    this.table.addEventListener("clear", () => this.filter({}))
    this.table.addEventListener("shown", ({ detail }) => this.count(detail))
    this.place(this.here)
  }

  place({ id, params }) {
    this.filters = fromParams(params)
    const query = search(this.filters)
    this.filterBar.filters = this.filters
    this.table.show(this.filters, id)
    this.panel.show(id, query)
    // On a phone the order covers the list: what can not be seen must not be reached.
    const covered = Boolean(id) && matchMedia("(max-width: 700px)").matches
    this.querySelector(".pane").inert = covered
    if (covered) this.panel.querySelector(".panel-body").focus()
    document.title = id ? "Order · MallBots" : "Orders · MallBots"
  }

  filter(filters) {
    const { id } = place()
    go(`/orders${id ? `/${id}` : ""}${search(filters)}`, { replace: true })
  }

  count(view) {
    const total = view.total ?? (view.complete && view.rows.size < view.query.limit ? view.rows.size : undefined)
    text(this.querySelector("[data-slot=count]"), total === undefined ? "" : plural(total, "order"))
    this.filterBar.learn(view.rows)
  }

  move(by) { this.table.list.move(by) }
  top() { this.table.list.top() }
  search() { this.filterBar.search() }
  menu() { this.table.openMenu() }

  dismiss() {
    const { id } = place()
    if (!id) return
    go(`/orders${search(this.filters)}`)
    this.table.focusOn(id)
  }
})
