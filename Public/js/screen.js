// A screen that is one list: a search, a row of chips, the rows, and one of them beside it. The address holds all.

import { debounce, fill, make, slot, stamp, text } from "./dom.js"
import { count, plural } from "./format.js"
import { LiveList } from "./list.js"
import { live } from "./live.js"
import { openMenu } from "./menu.js"
import { go, place } from "./router.js"

const TYPING_MS = 220

/**
 * Whoever extends it says, by getters: `screen` (its name and address), `heading`, `noun`, `placeholder`, `icon`,
 * `columns` ([words, class]), `rowName` (its template), `topic`, `order`, and by methods: `filter()`,
 * `update(node, value, row)`, `empty()`, and where there is one `panelName`, `items(value, row)` for the menu,
 * `path(value)` for the address of a row.
 * `shows` are [name, label, filter]: the chips, of which the first is chosen where the address names none; a chip with
 * a fourth element is counted live whatever the list shows.
 */
export class ListScreen extends HTMLElement {
  get shows() { return [] }
  get panelName() { return null }
  get searches() { return true }
  get described() { return this.heading }
  items() { return [] }
  path() { return null }
  opened() {}

  connectedCallback() {
    this.replaceChildren(stamp("list-screen"))
    this.dress()
    this.input = this.querySelector(".search-input")
    this.read(this.here)
    this.input.value = this.text
    this.list = new LiveList(this.querySelector(".list-wrap"), {
      noun: this.noun,
      query: (limit) => ({ topic: this.topic, filter: this.filter(), order: this.order, limit, count: true }),
      build: () => stamp(this.rowName),
      update: (node, row) => this.write(node, row),
      empty: () => this.empty(),
      shown: (view) => this.shown(view),
    })
    this.input.addEventListener("input", debounce(TYPING_MS, () => this.ask({ text: this.input.value.trim() })))
    this.addEventListener("click", (event) => this.clicked(event))
    this.mark()
    this.counting = this.shows.filter(([, , , counted]) => counted).map(([name, , filter]) =>
      live.watch({ topic: this.topic, filter, order: this.order, limit: 1, count: true }, (view) => {
        // Not counted yet is not none: the number of before stays until there is another.
        if (view.total !== undefined) this.badge(name, view.total)
      }))
    this.opened()
    this.list.start()
    this.panel?.show(this.here.id, this.query)
    this.titled()
  }

  disconnectedCallback() {
    this.list.stop()
    for (const view of this.counting) view.close()
  }

  dress() {
    fill(this, { heading: this.heading })
    this.input = this.querySelector(".search-input")
    this.querySelector(".search").hidden = !this.searches
    if (this.searches) {
      this.input.placeholder = this.placeholder
      this.input.setAttribute("aria-label", `Search ${this.noun}s: ${this.placeholder}`)
    }
    const table = this.querySelector(".table")
    table.setAttribute("aria-label", this.heading)
    const head = this.querySelector(".table-head > div")
    head.className = `row ${this.rowName}`
    head.append(...this.columns.map(([words, style = ""]) => {
      const node = make("div", style)
      node.setAttribute("role", "columnheader")
      node.append(words ? words : make("span", "quiet-text", "Actions"))
      return node
    }))
    for (const use of this.querySelectorAll("[data-slot=icon]")) use.setAttribute("href", `/icons.svg#${this.icon}`)
    const chips = this.querySelector(".chips")
    chips.hidden = this.shows.length === 0
    chips.append(...this.shows.map(([name, label]) => {
      const chip = make("button", "chip", label)
      chip.type = "button"
      chip.dataset.show = name
      return chip
    }))
    if (this.panelName) {
      this.panel = document.createElement(this.panelName)
      this.panel.className = "side-panel"
      this.panel.hidden = true
      this.querySelector(".screen").append(this.panel)
    }
  }

  badge(name, total) {
    const chip = this.querySelector(`[data-show="${name}"]`)
    let badge = chip.querySelector(".chip-count")
    if (!badge) chip.append(badge = make("span", "chip-count"))
    badge.hidden = total === 0
    text(badge, count(total))
  }

  read({ id, params }) {
    const names = this.shows.map(([name]) => name)
    this.showing = names.includes(params.get("show")) ? params.get("show") : names[0]
    this.text = this.searches ? (params.get("q") ?? "").trim().slice(0, 100) : ""
    this.openId = id
    const query = this.params(this.text, this.showing)
    this.query = query.size > 0 ? `?${query}` : ""
  }

  place(here) {
    const before = this.query
    this.read(here)
    if (document.activeElement !== this.input) this.input.value = this.text
    this.mark()
    if (before !== this.query) this.list.ask()
    else this.list.refresh()
    for (const node of this.list.body.children) this.markRow(node)
    this.panel?.show(here.id, this.query)
    if (this.panel) this.cover(Boolean(here.id))
    this.titled()
  }

  titled() { document.title = `${this.described} · MallBots` }

  /** On a phone what is open covers the list: what can not be seen must not be reached. */
  cover(open) {
    const covered = open && matchMedia("(max-width: 700px)").matches
    this.querySelector(".pane").inert = covered
    if (covered) this.panel.querySelector(".panel-body").focus()
  }

  params(words, show) {
    const params = new URLSearchParams()
    if (show && show !== this.shows[0]?.[0]) params.set("show", show)
    if (words) params.set("q", words)
    return params
  }

  /** The filter of the chosen chip, with the words searched for. */
  filter() {
    const filter = { ...this.shows.find(([name]) => name === this.showing)?.[2] }
    if (this.text) filter.text = this.text
    return filter
  }

  ask({ text: words = this.text, show = this.showing }) {
    const params = this.params(words, show)
    const { id } = place()
    go(`/${this.screen}${id ? `/${id}` : ""}${params.size > 0 ? `?${params}` : ""}`, { replace: true })
  }

  mark() {
    for (const chip of this.querySelectorAll("[data-show]")) {
      chip.setAttribute("aria-pressed", String(chip.dataset.show === this.showing))
    }
  }

  write(node, row) {
    node.rowKey = row.key
    this.update(node, row.value, row)
    const path = this.path(row.value)
    const link = node.querySelector(".row-link")
    if (path && link?.localName === "a") link.setAttribute("href", path)
    const menu = node.querySelector("[data-act=menu]")
    if (menu) {
      menu.hidden = this.items(row.value, row).length === 0
      menu.setAttribute("aria-label", `Actions for ${this.named(row.value)}`)
    }
    this.markRow(node)
  }

  named(value) { return value.name ?? this.noun }

  markRow(node) {
    const open = Boolean(this.openId) && node.rowKey === this.openId
    node.classList.toggle("is-open", open)
  }

  shown(view) {
    const total = view.total ?? (view.complete && view.rows.size < view.query.limit ? view.rows.size : undefined)
    text(slot(this, "count"), total === undefined ? "" : plural(total, this.noun))
  }

  clicked(event) {
    const { target } = event
    const show = target.closest("[data-show]")?.dataset.show
    if (show) return this.ask({ show })
    const button = target.closest("[data-act]")
    if (button?.dataset.act === "clear") {
      this.input.value = ""
      return this.ask({ text: "", show: this.shows.at(-1)?.[0] })
    }
    const row = this.list.row(target)
    if (button?.dataset.act === "menu") return this.menu(button)
    if (button) return this.acted(button, row)
    if (!row || target.closest("a") || !getSelection().isCollapsed) return
    const path = this.path(row.value)
    if (path) go(path)
  }

  acted() {}

  menu(button = document.activeElement?.closest?.("[data-key]")?.querySelector("[data-act=menu]")) {
    const row = this.list.row(button)
    if (!row) return
    const items = this.items(row.value, row)
    if (items.length > 0) openMenu(button, { title: this.named(row.value), items })
  }

  /** The row as it is shown now, which others may have changed since. */
  now(key) { return this.list.view.rows.get(key) }

  move(by) { this.list.move(by) }
  top() { this.list.top() }
  search() {
    if (!this.searches) return
    this.input.focus()
    this.input.select()
  }

  dismiss() {
    const { id } = place()
    if (!id) return
    go(`/${this.screen}${this.query}`)
    this.list.focus(id)
  }
}
