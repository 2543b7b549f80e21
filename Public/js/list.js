// A long list kept by a view: rows by key, a window that grows as one scrolls, a place that does not jump.

import { arrange, make, text } from "./dom.js"
import { count, plural } from "./format.js"
import { hold } from "./hold.js"
import { live } from "./live.js"
import { MAX_WINDOW } from "./protocol.js"
import { store } from "./store.js"

export const FIRST_WINDOW = 50
const STEP = 100
const SKELETONS = 12
const AT_TOP_PX = 8
const PATIENCE_MS = 150

export class LiveList {
  limit = FIRST_WINDOW

  #root
  #options
  #nodes = new Map()
  #view = null
  #arrived = new Set()
  #growing = false
  #stops = []

  /**
   * `build(row)` makes a row's node, `update(node, row)` writes it, `query(limit)` says what to ask for,
   * `empty()` what to say when there is nothing: {title, text, clear}. `shown(view)` hears of every change,
   * `keep(row)` may hide rows, `noun` is what is counted.
   */
  constructor(root, options) {
    this.#root = root
    this.#options = { keep: () => true, shown: () => {}, ...options }
    this.scroller = root.querySelector(".list")
    this.body = root.querySelector(".table-body")
  }

  get view() { return this.#view }

  start() {
    this.#listen()
    this.#view = live.watch(this.#options.query(this.limit), (view, delta) => this.#changed(view, delta))
    this.#skeletons(true)
    this.#stops.push(live.onStatus(() => {
      this.#notes()
      this.#loading()
    }))
  }

  stop() {
    this.#view?.close()
    for (const stop of this.#stops) stop()
    this.#stops = []
  }

  /** The person asks for other rows: from the top, with the first window. */
  ask() {
    this.limit = FIRST_WINDOW
    this.#arrived.clear()
    this.#asking = true
    hold.release()
    this.scroller.scrollTop = 0
    this.#view.change(this.#options.query(this.limit))
    // A quick answer needs no skeleton; a slow one must not look like a result.
    setTimeout(() => { if (this.#asking) this.#skeletons(true) }, PATIENCE_MS)
  }
  #asking = false

  /** Rows may look different although none has changed. */
  refresh() { this.#render() }

  row(node) { return this.#view.rows.get(node?.closest("[data-key]")?.dataset.key) }
  node(key) { return this.#nodes.get(key) }

  /** Moves the focus by rows. */
  move(by) {
    const rows = [...this.body.children]
    if (rows.length === 0) return
    const at = rows.findIndex((row) => row.contains(document.activeElement))
    const from = at >= 0 ? at : rows.findIndex((row) => row.classList.contains("is-open"))
    const next = rows[Math.max(0, Math.min(rows.length - 1, from < 0 ? 0 : from + by))]
    next.querySelector(".row-link").focus({ preventScroll: true })
    next.scrollIntoView({ block: "nearest" })
  }

  top() {
    this.scroller.scrollTo({ top: 0, behavior: matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth" })
    this.#arrived.clear()
    this.#notes()
  }

  #changed(view, delta) {
    // Until the answer is here, changes of the rows asked for before are of no interest.
    if (this.#asking && !delta.answer && !delta.purge) return
    if (delta.answer || delta.purge) {
      this.#asking = false
      this.#growing = false
    }
    const before = this.#anchor()
    const mine = store.session?.user
    const first = this.#nodes.size === 0 || delta.answer
    this.#render()
    if (!first) {
      for (const row of delta.put) this.#flash(row, mine)
      if (!this.#atTop()) this.#noteArrivals(delta, before)
    }
    this.#restore(before)
    this.#notes()
    this.#maybeGrow()
  }

  #render() {
    const rows = this.#view.rows.sorted().filter(this.#options.keep)
    const nodes = rows.map((row) => {
      let node = this.#nodes.get(row.key)
      if (!node) {
        node = this.#options.build(row)
        node.dataset.key = row.key
        this.#nodes.set(row.key, node)
      }
      if (node.row !== row) this.#options.update(node, row)
      node.row = row
      return node
    })
    const shown = new Set(rows.map((row) => row.key))
    for (const key of this.#nodes.keys()) if (!shown.has(key)) this.#nodes.delete(key)
    arrange(this.body, nodes)
    this.#skeletons(!this.#view.complete && !this.#view.refused && nodes.length === 0)
    this.#ends(nodes.length)
    this.#options.shown(this.#view)
  }

  #ends(shown) {
    const { complete, total, refused } = this.#view
    const empty = this.#root.querySelector(".empty")
    empty.hidden = shown > 0 || !(complete || refused)
    if (!empty.hidden) {
      const said = refused
        ? { title: "You may not see this", text: "Your role has no access to this list. An administrator can grant it." }
        : this.#options.empty()
      text(empty.querySelector(".empty-title"), said.title)
      text(empty.querySelector(".empty-text"), said.text)
      empty.querySelector("button").hidden = !said.clear
    }
    const end = this.#root.querySelector(".list-end")
    const capped = this.#view.rows.size >= MAX_WINDOW && (total === undefined || total > MAX_WINDOW)
    end.hidden = !capped
    if (capped) {
      const of = total === undefined ? "" : ` of ${count(total)}`
      text(end, `The first ${count(MAX_WINDOW)}${of} ${this.#options.noun}s. Narrow the filters to see others.`)
    }
    this.#root.querySelector(".table").setAttribute("aria-busy", String(!complete))
  }

  #flash(row, mine) {
    const node = this.#nodes.get(row.key)
    if (!node || !row.cause || row.cause.actor === mine) return
    node.classList.remove("is-flash")
    void node.offsetWidth
    node.classList.add("is-flash")
    node.addEventListener("animationend", () => node.classList.remove("is-flash"), { once: true })
  }

  // What is on top of the screen stays there, whatever arrives above it.

  #atTop() { return this.scroller.scrollTop <= AT_TOP_PX }

  #anchor() {
    if (this.#atTop()) return null
    const edge = this.scroller.getBoundingClientRect().top + 33
    for (const node of this.body.children) {
      const { top, bottom } = node.getBoundingClientRect()
      if (bottom > edge) return { node, top }
    }
    return null
  }

  #restore(anchor) {
    if (!anchor?.node.isConnected) return
    const moved = anchor.node.getBoundingClientRect().top - anchor.top
    if (moved !== 0) this.scroller.scrollTop += moved
  }

  #noteArrivals({ entered }, anchor) {
    const mark = anchor?.node.row
    if (!mark) return
    const rows = this.#view.rows.sorted()
    const above = new Set(rows.slice(0, rows.indexOf(mark)).map((row) => row.key))
    for (const key of entered) if (above.has(key)) this.#arrived.add(key)
  }

  #notes() {
    const top = this.#root.querySelector("[data-act=top]")
    if (top) {
      if (this.#atTop()) this.#arrived.clear()
      top.hidden = this.#arrived.size === 0
      const words = `↑ ${plural(this.#arrived.size, `new ${this.#options.noun}`)}`
      if (!top.hidden) text(top, words)
    }
    const { held } = live
    const release = this.#root.querySelector("[data-act=release]")
    release.hidden = !held
    if (held) {
      const parts = [[held.fresh, "new"], [held.changed, "changed"], [held.gone, "gone"]]
      text(release, `${parts.filter(([n]) => n > 0).map(([n, word]) => `${count(n)} ${word}`).join(", ")} · Show`)
    }
  }

  #maybeGrow() {
    const { complete, rows } = this.#view
    const { scrollHeight, scrollTop, clientHeight } = this.scroller
    const near = scrollHeight - scrollTop - clientHeight < clientHeight
    if (!near || this.#growing || this.#asking || !complete || rows.size < this.limit || this.limit >= MAX_WINDOW) return
    this.#growing = true
    this.limit = Math.min(MAX_WINDOW, this.limit + (this.limit < 300 ? STEP : STEP * 3))
    this.#view.change(this.#options.query(this.limit))
    this.#skeletons(true, 3)
  }

  /** Nothing to show and nobody to ask: bones that promise rows would be a lie. */
  #loading() {
    const { complete, refused } = this.#view
    if (this.body.childElementCount > 0 || refused || (complete && !this.#asking)) return
    const away = live.status.state !== "open" && live.status.attempt > 0
    if (!away) return this.#skeletons(true)
    this.#skeletons(false)
    const empty = this.#root.querySelector(".empty")
    empty.hidden = false
    text(empty.querySelector(".empty-title"), "Not connected")
    text(empty.querySelector(".empty-text"), "The list is loaded as soon as the server can be reached again.")
    empty.querySelector("button").hidden = true
  }

  #skeletons(visible, rows = SKELETONS) {
    const place = this.#root.querySelector(".skeletons")
    place.hidden = !visible
    if (!visible) return
    if (this.#asking || rows === SKELETONS) this.body.replaceChildren()
    if (this.#asking || rows === SKELETONS) this.#nodes.clear()
    this.#root.querySelector(".empty").hidden = true
    arrange(place, Array.from({ length: rows }, () => {
      const row = make("div", "skeleton")
      row.append(...Array.from({ length: 5 }, () => make("span", "bone")))
      return row
    }))
  }

  #listen() {
    this.scroller.addEventListener("scroll", () => {
      this.#maybeGrow()
      if (this.#arrived.size > 0) this.#notes()
    }, { passive: true })
    this.#root.addEventListener("click", ({ target }) => {
      const act = target.closest("[data-act]")?.dataset.act
      if (act === "top") this.top()
      if (act === "release") hold.release()
    })
  }
}
