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
/** Rows written above and below the ones in sight, so that scrolling shows no gap. */
const OVERSCAN = 12
const GUESSED_ROW_PX = 40

export class LiveList {
  limit = FIRST_WINDOW
  /** The key of the row the keyboard is at, also when it is out of sight. */
  current = null

  #root
  #options
  #rows = []
  #nodes = new Map()
  #height = GUESSED_ROW_PX
  #view = null
  #arrived = new Set()
  #growing = false
  #stops = []

  /**
   * `build(row)` makes a row's node, `update(node, row)` writes it, `query(limit)` says what to ask for,
   * `empty()` what to say when there is nothing: {title, text, clear}. `shown(view)` hears of every change,
   * `noun` is what is counted.
   */
  constructor(root, options) {
    this.#root = root
    this.#options = { shown: () => {}, ...options }
    this.scroller = root.querySelector(".list")
    this.body = root.querySelector(".table-body")
  }

  get view() { return this.#view }
  /** Whether the rows shown are not yet those that were asked for last. */
  get asking() { return this.#asking }

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
    hold.release()
    this.scroller.scrollTop = 0
    // Nothing else is asked for: there will be no answer to wait for.
    if (!this.#view.change(this.#options.query(this.limit))) return
    this.#asking = true
    // A quick answer needs no skeleton; a slow one must not look like a result.
    setTimeout(() => {
      if (!this.#asking) return
      const { rows, query } = this.#view
      this.#options.shown({ rows, query, complete: false })
      this.#wipe()
      this.#loading()
    }, PATIENCE_MS)
  }
  #asking = false

  /** Rows may look different although none has changed. */
  refresh() { this.#render() }

  row(node) { return this.#view.rows.get(node?.closest("[data-key]")?.dataset.key) }
  node(key) { return this.#nodes.get(key) }

  /** Moves the focus by rows. */
  move(by) {
    if (this.#rows.length === 0) return
    const at = this.#rows.findIndex((row) => row.key === this.current)
    this.focus(this.#rows[Math.max(0, Math.min(this.#rows.length - 1, at < 0 ? 0 : at + by))].key)
  }

  /** Brings a row into sight and focuses it. */
  focus(key) {
    const at = this.#rows.findIndex((row) => row.key === key)
    if (at < 0) return
    const top = at * this.#height
    const { scrollTop, clientHeight } = this.scroller
    const bottom = top + this.#height + this.#headHeight()
    if (top < scrollTop) this.scroller.scrollTop = top
    else if (bottom > scrollTop + clientHeight) this.scroller.scrollTop = bottom - clientHeight
    this.#paint()
    this.node(key).querySelector(".row-link").focus({ preventScroll: true })
  }

  top() {
    const still = matchMedia("(prefers-reduced-motion: reduce)").matches
    this.scroller.scrollTo({ top: 0, behavior: still ? "auto" : "smooth" })
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
    const first = this.#rows.length === 0 || delta.answer
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
    this.#rows = this.#view.rows.sorted()
    this.#paint()
    this.#skeletons(!this.#view.complete && !this.#view.refused && this.#rows.length === 0)
    this.#ends(this.#rows.length)
    this.#options.shown(this.#view)
  }

  /** Writes the rows in sight and a few around them: two thousand in the document would make every change slow. */
  #paint() {
    const height = this.#height
    const { scrollTop, clientHeight } = this.scroller
    const rows = this.#rows
    const from = Math.max(0, Math.min(rows.length, Math.floor(scrollTop / height)) - OVERSCAN)
    const to = Math.min(rows.length, Math.ceil((scrollTop + (clientHeight || innerHeight)) / height) + OVERSCAN)
    const nodes = []
    for (let at = from; at < to; at += 1) {
      const row = rows[at]
      let node = this.#nodes.get(row.key)
      if (!node) {
        node = this.#options.build(row)
        node.dataset.key = row.key
        this.#nodes.set(row.key, node)
      }
      if (node.row !== row) this.#options.update(node, row)
      node.row = row
      node.ariaRowIndex = String(at + 2)
      nodes.push(node)
    }
    const shown = new Set(nodes)
    for (const [key, node] of this.#nodes) if (!shown.has(node)) this.#nodes.delete(key)
    arrange(this.body, nodes)
    this.#pad(from * height, (rows.length - to) * height)
    const measured = nodes[0]?.offsetHeight
    if (measured && measured !== height) {
      this.#height = measured
      this.#paint()
    }
  }

  #pad(above, below) {
    this.body.style.paddingTop = `${above}px`
    this.body.style.paddingBottom = `${below}px`
  }

  #wipe() {
    this.#rows = []
    this.#nodes.clear()
    this.body.replaceChildren()
    this.#pad(0, 0)
  }

  #headHeight() { return this.#root.querySelector(".table-head").offsetHeight }

  #ends(shown) {
    const { complete, total, refused } = this.#view
    const empty = this.#root.querySelector(".empty")
    empty.hidden = shown > 0 || !(complete || refused)
    if (!empty.hidden) {
      const said = refused?.code === "forbidden"
        ? { title: "You may not see this",
            text: "Your role has no access to this list. An administrator can grant it." }
        : { ...this.#options.empty(), ...(refused && { title: "This can not be shown", text: refused.message }) }
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
    const table = this.#root.querySelector(".table")
    table.ariaBusy = String(!complete)
    table.ariaRowCount = String((total ?? shown) + 1)
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
    if (this.#atTop() || this.#rows.length === 0) return null
    const { scrollTop } = this.scroller
    const at = Math.min(this.#rows.length - 1, Math.floor(scrollTop / this.#height))
    return { key: this.#rows[at].key, into: scrollTop - at * this.#height }
  }

  #restore(anchor) {
    if (!anchor) return
    const at = this.#rows.findIndex((row) => row.key === anchor.key)
    if (at < 0) return
    const top = at * this.#height + anchor.into
    if (top === this.scroller.scrollTop) return
    this.scroller.scrollTop = top
    this.#paint()
  }

  #noteArrivals({ entered }, anchor) {
    const at = this.#rows.findIndex((row) => row.key === anchor?.key)
    if (at < 0) return
    const above = new Set(this.#rows.slice(0, at).map((row) => row.key))
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
    if (!near || this.#growing || this.#asking || !complete) return
    if (rows.size < this.limit || this.limit >= MAX_WINDOW) return
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
    if (this.#asking || rows === SKELETONS) this.#wipe()
    this.#root.querySelector(".empty").hidden = true
    arrange(place, Array.from({ length: rows }, () => {
      const row = make("div", "skeleton")
      row.append(...Array.from({ length: 5 }, () => make("span", "bone")))
      return row
    }))
  }

  #listen() {
    const resized = new ResizeObserver(() => { if (this.#rows.length > 0) this.#paint() })
    resized.observe(this.scroller)
    this.#stops.push(() => resized.disconnect())
    this.body.addEventListener("focusin", ({ target }) => {
      this.current = target.closest("[data-key]")?.dataset.key ?? null
    })
    this.scroller.addEventListener("scroll", () => {
      if (this.#rows.length > 0) this.#paint()
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
