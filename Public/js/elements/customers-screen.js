// The customers: who may order, and under which number they are texted.

import { fill, slot } from "../dom.js"
import { correctPhone } from "../desk.js"
import { search } from "../filters.js"
import { count } from "../format.js"
import { setCustomer } from "../people.js"
import { sees } from "../rights.js"
import { go } from "../router.js"
import { ListScreen } from "../screen.js"
import { may, store } from "../store.js"

customElements.define("customers-screen", class extends ListScreen {
  get screen() { return "customers" }
  get heading() { return "Customers" }
  get noun() { return "customer" }
  get icon() { return "customers" }
  get placeholder() { return "Name or phone number" }
  get topic() { return "customers" }
  get order() { return "name" }
  get rowName() { return "customer-row" }
  get columns() { return [["Name"], ["Phone"], ["Orders", "end"], ["May order"], [""]] }
  get shows() {
    return [
      ["all", "All", {}], ["enabled", "Enabled", { enabled: true }],
      ["disabled", "Disabled", { enabled: false }, true],
    ]
  }

  update(node, value) {
    fill(node, {
      name: value.name, phone: value.smsNumber, orders: value.orderCount === undefined ? "" : count(value.orderCount),
      state: value.enabled ? "Enabled" : "Disabled",
    })
    slot(node, "state").dataset.tone = value.enabled ? "in" : "canceled"
  }

  named(value) { return value.name }

  items(value) {
    const items = []
    if (sees("orders", store.session?.roles)) {
      items.push({ label: "Orders of this customer", act: () => go(`/orders${search({ customer: value.id })}`) })
    }
    if (may("correct-phone")) items.push({ label: "Correct phone number…", act: () => correctPhone(value) })
    if (may("enable-customer")) {
      items.push(value.enabled ? { label: "Disable…", act: () => setCustomer(value, false), danger: true }
        : { label: "Enable…", act: () => setCustomer(value, true) })
    }
    return items
  }

  acted(button, row) {
    if (button.dataset.act === "open" && row) this.menu(button.closest("[data-key]").querySelector("[data-act=menu]"))
  }

  empty() {
    return this.text || this.showing !== "all"
      ? { title: "No customer matches", text: "Try another word, or show all.", clear: true }
      : { title: "No customers yet", text: "They register at a kiosk." }
  }
})
