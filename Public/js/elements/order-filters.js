// The filters of the orders screen. It shows what the address says and asks for another address; it keeps nothing.

import { debounce, make, slot, stamp, text } from "../dom.js"
import { STATUSES, day, toParams } from "../filters.js"
import { money, moneyNotation, shortDay, statusName } from "../format.js"
import { live } from "../live.js"
import { openPop } from "../menu.js"
import { decimalText, parseMoney } from "../money.js"
import { ask } from "../send.js"
import { pickList } from "./pick-list.js"

const TYPING_MS = 220
const STORES = 500
const PRODUCTS = 500

customElements.define("order-filters", class extends HTMLElement {
  #filters = {}
  #names = new Map()

  connectedCallback() {
    this.replaceChildren(stamp("order-filters"))
    this.input = this.querySelector(".search-input")
    const chips = this.querySelector(".chips")
    for (const status of STATUSES) {
      const chip = make("button", "chip", statusName(status))
      chip.type = "button"
      chip.dataset.status = status
      chips.append(chip)
    }
    const write = debounce(TYPING_MS, () => this.change({ text: this.input.value.trim() || undefined }))
    this.input.addEventListener("input", write)
    this.addEventListener("click", ({ target }) => {
      const chip = target.closest("[data-status]")
      if (chip) return this.toggle(chip.dataset.status)
      const button = target.closest("[data-filter]")
      if (button) return this[`open_${button.dataset.filter}`](button)
      if (target.closest("[data-act=clear]")) this.say({})
    })
  }

  disconnectedCallback() { this.closeViews() }

  set filters(filters) {
    this.#filters = filters
    if (document.activeElement !== this.input) this.input.value = filters.text ?? ""
    this.render()
  }

  search() {
    this.input.focus()
    this.input.select()
  }

  /** Rows carry the names of what the address only knows by id. */
  learn(rows) {
    const { store, product, customer } = this.#filters
    const missing = [store, product, customer].some((id) => id && !this.#names.has(id))
    if (!missing) return
    for (const { value } of rows.sorted()) {
      this.#names.set(value.customerId, value.customerName)
      for (const item of value.items) {
        this.#names.set(item.storeId, item.storeName)
        this.#names.set(item.productId, item.productName)
      }
    }
    this.render()
  }

  toggle(status) {
    const held = new Set(this.#filters.status ?? [])
    held.has(status) ? held.delete(status) : held.add(status)
    const chosen = STATUSES.filter((name) => held.has(name))
    this.change({ status: chosen.length > 0 ? chosen : undefined })
  }

  change(part) { this.say({ ...this.#filters, ...part }) }

  say(filters) {
    const detail = Object.fromEntries(Object.entries(filters).filter(([, value]) => value !== undefined))
    if (!detail.text) this.input.value = ""
    this.dispatchEvent(new CustomEvent("filters", { detail }))
  }

  render() {
    const { status, store, product, customer, from, to, min, max } = this.#filters
    for (const chip of this.querySelectorAll("[data-status]")) {
      chip.setAttribute("aria-pressed", String(status?.includes(chip.dataset.status) ?? false))
    }
    const name = (id) => this.#names.get(id) ?? `${id.slice(0, 8)}…`
    this.label("store", "Store", store && name(store))
    this.label("product", "Product", product && name(product))
    this.label("customer", "Customer", customer && name(customer))
    this.label("date", "Date", range(from && local(from), to && local(to), "from", "until"))
    this.label("total", "Total",
      range(min !== undefined && money(min), max !== undefined && money(max), "from", "up to"))
    this.querySelector("[data-act=clear]").hidden = toParams(this.#filters).size === 0
  }

  label(filter, noun, value) {
    const button = this.querySelector(`[data-filter=${filter}]`)
    button.classList.toggle("is-set", Boolean(value))
    text(slot(button, "label"), value || noun)
    button.setAttribute("aria-label", value ? `${noun}: ${value}` : `Filter by ${noun.toLowerCase()}`)
    button.setAttribute("aria-haspopup", "dialog")
  }

  open_store(button) {
    const query = { topic: "mall", filter: {}, order: "name", limit: STORES }
    this.openView(button, "Store", query, this.#filters.store,
      (row) => ({ id: row.value.storeId, label: row.value.name }),
      (option) => this.change({ store: option?.id, product: undefined }))
  }

  open_product(button) {
    const { store } = this.#filters
    if (!store) {
      const words = "Choose a store first; its products are listed here. Or open an order and follow a product."
      return openPop(button, make("p", "pick-empty", words), "Product")
    }
    const query = { topic: "catalog", filter: { store }, order: "name", limit: PRODUCTS }
    const option = ({ value }) => ({ id: value.productId, label: value.name, hint: money(value.priceMinor) })
    this.openView(button, "Product", query, this.#filters.product, option,
      (chosen) => this.change({ product: chosen?.id }))
  }

  open_customer(button) {
    const options = async (words) => {
      const { customers } = await ask(`/admin/api/customers?text=${encodeURIComponent(words)}`)
      return customers.map(({ id, name, smsNumber }) => ({ id, label: name, hint: smsNumber }))
    }
    this.openPick(button, "Customer", this.#filters.customer, options,
      (option) => this.change({ customer: option?.id }))
  }

  /** Options from a view that lives as long as the popover does. */
  openView(button, label, query, chosen, option, pick) {
    this.closeViews()
    let ready
    const first = new Promise((resolve) => { ready = resolve })
    const view = this.view = live.watch(query, () => { if (view.complete || view.refused) ready() })
    const options = async (words) => {
      await first
      const wanted = words.toLowerCase()
      return view.rows.sorted().map(option).filter(({ label: name }) => name.toLowerCase().includes(wanted))
    }
    this.openPick(button, label, chosen, options, pick)
  }

  openPick(button, label, chosen, options, pick) {
    const { root } = pickList({ label: `Find a ${label.toLowerCase()}`, chosen, options, pick: (option) => {
      if (option) this.#names.set(option.id, option.label)
      close()
      pick(option)
    } })
    const close = openPop(button, root, label)
  }

  closeViews() {
    this.view?.close()
    this.view = null
  }

  open_date(button) {
    const form = stamp("filter-date")
    const { from, to } = form.elements
    from.value = this.#filters.from ?? ""
    to.value = this.#filters.to ?? ""
    const close = openPop(button, form, "Date")
    const apply = (values) => { close(); this.change(values) }
    form.addEventListener("click", ({ target }) => {
      const back = target.closest("[data-days]")?.dataset.days
      if (back !== undefined) apply(preset(Number(back)))
      if (target.closest("[data-act=clear]")) apply({ from: undefined, to: undefined })
    })
    form.addEventListener("submit", (event) => {
      event.preventDefault()
      if (from.value && to.value && from.value > to.value) return complain(form, "The first day is after the last.")
      apply({ from: from.value || undefined, to: to.value || undefined })
    })
  }

  open_total(button) {
    const form = stamp("filter-total")
    const { min, max } = form.elements
    const { digits, decimal } = moneyNotation()
    for (const input of [min, max]) {
      const value = this.#filters[input.name]
      if (value !== undefined) input.value = decimalText(value, digits, decimal)
    }
    const close = openPop(button, form, "Total")
    const apply = (values) => { close(); this.change(values) }
    form.addEventListener("click", ({ target }) => {
      if (target.closest("[data-act=clear]")) apply({ min: undefined, max: undefined })
    })
    form.addEventListener("submit", (event) => {
      event.preventDefault()
      const read = [min, max].map((input) => parseMoney(input.value, moneyNotation()))
      const wrong = read.findIndex(({ error }) => error && error !== "empty")
      if (wrong >= 0) {
        ;[min, max][wrong].focus()
        return complain(form, "This is not an amount.")
      }
      const [low, high] = read.map(({ minor }) => minor)
      if (low !== undefined && high !== undefined && low > high) {
        return complain(form, "The least is more than the most.")
      }
      apply({ min: low, max: high })
    })
  }
})

function complain(form, words) {
  const place = slot(form, "error")
  text(place, words)
  place.hidden = false
}

function preset(back) {
  const today = new Date()
  const first = new Date(today.getFullYear(), today.getMonth(), today.getDate() - (back > 1 ? back - 1 : back))
  return { from: day(first), to: back === 1 ? day(first) : day(today) }
}

const local = (text) => shortDay(`${text}T12:00:00`)

function range(low, high, from, to) {
  if (low && high) return low === high ? low : `${low} – ${high}`
  if (low) return `${from} ${low}`
  return high ? `${to} ${high}` : ""
}
