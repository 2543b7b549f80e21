// The page's end of the live layer: views that stay equal to the database, shown a whole commit at a time.

import { hold } from "./hold.js"
import { Hub } from "./hub.js"
import { Rows } from "./rows.js"
import { workerVersion } from "./worker-version.js"

/** A hidden page gets no animation frames; what it holds must be right all the same when it is looked at again. */
const FRAME_TIMEOUT_MS = 200

class Subscription {
  rows
  total
  complete = false
  refused = null
  query

  constructor(live, id, query, listener) {
    this.live = live
    this.id = id
    this.query = query
    this.listener = listener
    this.rows = new Rows(query.order)
  }

  /** Asks for something else; says whether it is something else. */
  change(query) {
    if (JSON.stringify(query) === JSON.stringify(this.query)) return false
    this.query = query
    this.live.ask({ type: "change", view: this.id, query })
    return true
  }

  close() { this.live.drop(this) }

  /** Takes a delta; answers what the listener needs to render it. */
  apply({ put, gone, purge, total, complete, order, answer, refused }) {
    if (purge) this.rows.clear()
    if (order !== undefined && order !== this.order) {
      this.rows = new Rows(order)
      this.order = order
    }
    const entered = put.filter((row) => !this.rows.has(row.key)).map((row) => row.key)
    for (const key of gone) this.rows.drop(key)
    for (const row of put) {
      // An answer may replace what another epoch left here.
      if (answer) this.rows.drop(row.key)
      this.rows.put(row)
    }
    this.total = total
    this.complete = complete
    this.refused = refused ?? (answer ? null : this.refused)
    return { put, gone, entered, answer, purge }
  }
}

class Live {
  status = { state: "idle", attempt: 0 }
  /** The last commit received, and the last one shown: they differ while changes are held. */
  commit = null
  shown = null

  #subscriptions = new Map()
  #next = 1
  #post = null
  #queue = []
  #frame = false
  #listeners = new Set()
  #waiting = new Set()

  constructor() {
    hold.watch(() => hold.active ? this.#notify() : this.#schedule())
  }

  /** Connects, once somebody is logged in. */
  connect() {
    this.#post ??= joining((message) => this.#heard(message))
    this.ask({ type: "connect" })
  }

  disconnect() { this.ask({ type: "disconnect" }) }
  wake() { this.ask({ type: "wake" }) }
  ask(message) { this.#post?.(message) }

  /** Opens a view. `listener(subscription, delta)` is called once for each commit that concerns it. */
  watch(query, listener) {
    const subscription = new Subscription(this, this.#next++, query, listener)
    this.#subscriptions.set(subscription.id, subscription)
    this.ask({ type: "open", view: subscription.id, query })
    return subscription
  }

  drop({ id }) {
    if (this.#subscriptions.delete(id)) this.ask({ type: "close", view: id })
  }

  /** Calls back when the connection, the freshness or what is held changes. */
  onStatus(listener) {
    this.#listeners.add(listener)
    listener()
    return () => this.#listeners.delete(listener)
  }

  /** Resolves true when a commit has reached the position of one's own command, false when it takes too long. */
  reached(position, timeout = 10_000) {
    hold.release()
    if (this.shown?.position >= position) return Promise.resolve(true)
    this.ask({ type: "reach", position })
    return new Promise((resolve) => {
      const entry = { position, resolve }
      this.#waiting.add(entry)
      setTimeout(() => { if (this.#waiting.delete(entry)) resolve(false) }, timeout)
    })
  }

  /** What a person who is selecting does not see yet: how many rows are new, changed, gone. */
  get held() {
    if (!hold.active || this.#queue.length === 0) return null
    const fresh = new Set(), changed = new Set(), gone = new Set()
    for (const { views } of this.#queue) {
      for (const { view, put, gone: dropped } of views) {
        const rows = this.#subscriptions.get(view)?.rows
        if (!rows) continue
        for (const { key } of put) (rows.has(key) ? changed : fresh).add(key)
        for (const key of dropped) if (rows.has(key)) gone.add(key)
      }
    }
    for (const key of gone) changed.delete(key)
    if (fresh.size + changed.size + gone.size === 0) return null
    return { fresh: fresh.size, changed: changed.size, gone: gone.size, asOf: this.shown?.asOf }
  }

  #heard(message) {
    if (message.type === "status") {
      this.status = message.status
      this.commit ??= message.commit
      return this.#notify()
    }
    if (message.commit) this.commit = message.commit
    this.#enqueue(message)
    if (this.#queue.some(({ urgent }) => urgent)) return this.#schedule()
    hold.active ? this.#notify() : this.#schedule()
  }

  /** Queues a commit. While held, queued commits are folded into one, so waiting costs no more than the rows. */
  #enqueue({ commit, views }) {
    // What the person asked for, and what must not stay on the screen, is not held back.
    const urgent = views.some((delta) => delta.answer || delta.purge)
    const last = this.#queue.at(-1)
    if (!last || urgent || last.urgent || !hold.active) return this.#queue.push({ commit, views, urgent })
    last.commit = commit ?? last.commit
    for (const delta of views) {
      const earlier = last.views.find(({ view }) => view === delta.view)
      if (!earlier) last.views.push(delta)
      else fold(earlier, delta)
    }
  }

  #schedule() {
    if (this.#frame || this.#queue.length === 0) return
    this.#frame = true
    let done = false
    const show = () => {
      if (done) return
      done = true
      this.#frame = false
      this.#show()
    }
    requestAnimationFrame(show)
    setTimeout(show, document.hidden ? 0 : FRAME_TIMEOUT_MS)
  }

  #show() {
    if (hold.active && !this.#queue.some(({ urgent }) => urgent)) return this.#notify()
    const queue = this.#queue
    this.#queue = []
    const changes = []
    for (const { commit, views } of queue) {
      for (const delta of views) {
        const subscription = this.#subscriptions.get(delta.view)
        if (subscription) changes.push([subscription, subscription.apply(delta)])
      }
      if (commit) this.shown = commit
    }
    for (const [subscription, delta] of changes) subscription.listener(subscription, delta)
    for (const entry of this.#waiting) {
      if (this.shown?.position >= entry.position && this.#waiting.delete(entry)) entry.resolve(true)
    }
    this.#notify()
  }

  #notify() {
    for (const listener of this.#listeners) listener()
  }
}

function fold(earlier, { put, gone, total, complete }) {
  const rows = new Map(earlier.put.map((row) => [row.key, row]))
  const dropped = new Set(earlier.gone)
  for (const key of gone) {
    rows.delete(key)
    dropped.add(key)
  }
  for (const row of put) {
    rows.set(row.key, row)
    dropped.delete(row.key)
  }
  Object.assign(earlier, { put: [...rows.values()], gone: [...dropped], total, complete })
}

const version = typeof SharedWorker === "undefined" ? null : workerVersion()

/** Joins when it is known which worker to join; what is asked before then waits. */
function joining(heard) {
  let asked = []
  let post = (message) => { asked.push(message) }
  Promise.resolve(version).then((known) => {
    post = join(heard, known)
    for (const message of asked) post(message)
    asked = null
  })
  return (message) => post(message)
}

/** Joins the hub all tabs share, or one of our own where there is no shared worker or it is full. */
function join(heard, version) {
  const own = () => new Hub(new URL("/admin/live", location.href).href.replace(/^http/, "ws")).join(heard)
  if (version === null) return own()
  let post
  let asked = []
  const address = new URL(`./live-worker.js?${version}`, import.meta.url)
  const worker = new SharedWorker(address, { type: "module", name: "live" })
  const alone = () => {
    post = own()
    for (const message of asked ?? []) post(message)
    asked = null
  }
  post = (message) => {
    asked?.push(message)
    worker.port.postMessage(message)
  }
  worker.onerror = alone
  worker.port.onmessage = ({ data }) => {
    if (data.type === "full") return alone()
    asked = null
    heard(data)
  }
  const name = `live-${Math.random()}`
  navigator.locks?.request(name, () => {
    post({ type: "lock", name })
    return new Promise(() => {})
  })
  addEventListener("pagehide", () => post({ type: "bye" }))
  addEventListener("pageshow", ({ persisted }) => { if (persisted) location.reload() })
  return (message) => post(message)
}

export const live = new Live()
