// The page's side of `mallbots.live.v1` as a value: it takes what came and returns what to send and what to show.
// It has no socket, no clock and no page, so every rule in here can be tested by calling it.

import { Rows } from "./rows.js"

/** Above this many held keys a `have` list would cost more than the rows it saves: the view is opened afresh. */
export const MAX_HAVE = 1500
export const MAX_WINDOW = 2000
/** Answers in a row that contradict themselves before the view is shown as it is. The checksum goes on looking. */
export const MAX_REPAIRS = 3

class View {
  constructor(id, query) {
    this.id = id
    this.query = query
    this.rows = new Rows(query.order)
    this.total = undefined
    this.shared = undefined
    /** What the next `rows` mean: a whole `snapshot`, a `difference`, or nothing is awaited. */
    this.awaits = "snapshot"
    /** Whether the rows are a state the server committed: only then may they be resumed from. */
    this.complete = false
    /** Whether what is on the screen is older than this opening of the view: nobody has answered for it yet. */
    this.behind = false
    /** A question asked while another is unanswered. Only the newest is kept. */
    this.wanted = null
    /** Chunks and changes since an unfinished answer began. They count once its last chunk has come. */
    this.incoming = null
    this.refused = false
    this.repairs = 0
  }

  openMessage(cursor) {
    const message = { type: "open", view: this.id, ...this.query }
    if (cursor && this.complete && this.rows.size <= MAX_HAVE) {
      message.cursor = cursor
      message.have = this.rows.keys()
      this.awaits = "difference"
    } else {
      this.awaits = "snapshot"
    }
    this.behind = message.cursor !== undefined || this.rows.size > 0
    return message
  }
}

export class Protocol {
  views = new Map()
  user = null
  epoch = null
  cursor = null
  position = 0
  /** The newest position of a command of the page's own. */
  awaited = 0
  greeted = false
  mismatches = 0

  #byShared = new Map()
  #held = []

  // What the page wants. Each returns the messages to send now.

  open(id, query) {
    const view = new View(id, query)
    this.views.set(id, view)
    return this.greeted ? [view.openMessage(null)] : []
  }

  change(id, query) {
    const view = this.views.get(id)
    if (!view) return []
    if (this.greeted && !view.refused && view.awaits) {
      view.wanted = query
      return []
    }
    return this.#ask(view, query)
  }

  close(id) {
    const view = this.views.get(id)
    if (!view) return []
    this.#name(view, undefined)
    this.views.delete(id)
    return this.greeted && !view.refused ? [{ type: "close", view: id }] : []
  }

  check(id) {
    return this.greeted && this.views.get(id)?.complete ? [{ type: "check", view: id }] : []
  }

  /** A command was committed at this position: a commit that reaches it is wanted even if nothing here has changed. */
  reach(position) {
    this.awaited = Math.max(this.awaited, position)
    return this.greeted && this.position < position ? [{ type: "reach", position }] : []
  }

  // What happened to the connection.

  /** The connection ended: what was not committed is dropped, what was is kept to resume from. */
  lost() {
    this.greeted = false
    this.#held = []
    this.#byShared.clear()
    for (const view of this.views.values()) {
      view.shared = undefined
      view.incoming = null
      if (view.wanted) this.#adopt(view, view.wanted)
    }
  }

  /** The session or a right is gone: nothing may stay on the screen. Returns what to show. */
  purge() {
    this.lost()
    this.epoch = this.cursor = this.user = null
    return { views: [...this.views.values()].map((view) => this.#empty(view)) }
  }

  /** Takes one message. `send` goes out, `show` goes to the page at once and in one piece. */
  receive(message) {
    switch (message.type) {
      case "hello": return this.#hello(message)
      case "rows": return this.#rows(message)
      case "change":
      case "total": return this.#change(message)
      case "commit": return this.#commit(message)
      case "reset": return this.#reset(message)
      case "check": return this.#check(message)
      case "refused": return this.#refused(message)
      default: return {}   // A newer server may say more than this page understands.
    }
  }

  #hello({ epoch, user }) {
    const send = []
    let show
    const same = this.epoch === epoch && this.user === user
    if (!same && this.user !== null && this.user !== user) show = this.purge()
    if (!same) {
      for (const view of this.views.values()) view.complete = false
      this.cursor = null
      this.position = this.awaited = 0
    }
    this.epoch = epoch
    this.user = user
    this.greeted = true
    for (const view of this.views.values()) {
      view.refused = false
      send.push(view.openMessage(this.cursor))
    }
    send.push(...this.reach(this.awaited))
    return { send, show }
  }

  #rows(message) {
    const view = this.views.get(message.view)
    if (!view) return {}
    this.#name(view, message.shared)
    view.incoming ??= { kind: view.awaits ?? "difference", chunks: [], changes: [] }
    view.incoming.chunks.push(message)
    if (!message.last) return {}
    const { kind, chunks, changes } = view.incoming
    view.incoming = null
    view.awaits = null
    view.behind = false
    this.#held.push({ view, kind, chunks }, ...changes.map((change) => ({ view, change })))
    if (!view.wanted) return {}
    const query = view.wanted
    view.wanted = null
    return { send: this.#ask(view, query) }
  }

  #change(message) {
    for (const view of this.#byShared.get(message.shared) ?? []) {
      if (view.incoming) view.incoming.changes.push(message)
      else this.#held.push({ view, change: message })
    }
    return {}
  }

  #commit({ cursor, position, asOf, lagMs }) {
    // Views are resumed one message at a time, so the server may commit some while it has not read about others. Shown
    // now, the screen would be torn; and were the cursor kept, the others would resume from where they never were.
    for (const view of this.views.values()) if (view.behind) return {}
    const deltas = new Map()
    const send = []
    for (const { view, kind, chunks, change } of this.#held) {
      if (this.views.get(view.id) !== view) continue
      if (!deltas.has(view)) deltas.set(view, { put: new Set(), gone: new Set(), answer: false })
      const delta = deltas.get(view)
      if (change) applyChange(view, change, delta)
      else if (!applyAnswer(view, kind, chunks, delta)) send.push(...this.#afresh(view))
    }
    this.#held = []
    this.cursor = cursor
    this.position = position
    return { send, show: { commit: { position, asOf, lagMs }, views: [...deltas].map(([view, d]) => said(view, d)) } }
  }

  #reset({ view: id, reason }) {
    const view = this.views.get(id)
    if (!view) return {}
    this.#held = this.#held.filter((entry) => entry.view !== view)
    view.incoming = null
    view.complete = false
    if (reason === "withdrawn") {
      view.refused = true
      view.awaits = null
      view.behind = false
      this.#name(view, undefined)
      return { show: { views: [{ ...this.#empty(view), refused: { code: "forbidden", message: "withdrawn" } }] } }
    }
    // The old rows stay on the screen, and with them what the other views show, until the new ones are committed.
    view.awaits = "snapshot"
    view.behind = view.rows.size > 0
    return {}
  }

  #check({ shared, position, rows, sum }) {
    const send = []
    for (const view of [...(this.#byShared.get(shared) ?? [])]) {
      if (position !== this.position || !view.complete || view.awaits || view.incoming) continue
      if (view.rows.size === rows && view.rows.sum() === sum) continue
      this.mismatches += 1
      send.push(...this.#afresh(view))
    }
    return { send, mismatch: send.length > 0 }
  }

  #refused({ view: id, code, message }) {
    const view = this.views.get(id)
    if (!view) return { refused: { code, message } }
    const { wanted } = view
    view.wanted = null
    view.incoming = null
    view.awaits = null
    view.behind = false
    view.refused = true
    this.#name(view, undefined)
    if (wanted) return { send: this.#ask(view, wanted) }
    return { show: { views: [{ ...this.#empty(view), refused: { code, message } }] } }
  }

  /** Asks for another filter, order or window: a difference where the rows can be compared, else a fresh view. */
  #ask(view, query) {
    const reopen = view.refused || this.#adopt(view, query)
    if (!this.greeted) return []
    if (reopen) {
      const close = view.refused ? [] : [{ type: "close", view: view.id }]
      view.refused = false
      return [...close, view.openMessage(null)]
    }
    view.awaits = "difference"
    const { filter, order, limit, count } = query
    return [{ type: "change-view", view: view.id, filter, order, limit, count }]
  }

  /** Makes the query the view's own; says whether the rows held can not be compared with it. */
  #adopt(view, query) {
    const foreign = query.topic !== view.query.topic || query.order !== view.query.order
    view.query = query
    view.wanted = null
    if (foreign) {
      view.complete = false
      view.fresh = new Rows(query.order)
    }
    return foreign
  }

  #afresh(view) {
    view.complete = false
    this.#name(view, undefined)
    return [{ type: "close", view: view.id }, view.openMessage(null)]
  }

  #empty(view) {
    view.rows.clear()
    view.complete = false
    view.total = undefined
    return { view: view.id, purge: true, put: [], gone: [], total: undefined, complete: false, answer: false }
  }

  #name(view, shared) {
    if (view.shared === shared) return
    this.#byShared.get(view.shared)?.delete(view)
    if (this.#byShared.get(view.shared)?.size === 0) this.#byShared.delete(view.shared)
    view.shared = shared
    if (shared === undefined) return
    if (!this.#byShared.has(shared)) this.#byShared.set(shared, new Set())
    this.#byShared.get(shared).add(view)
  }
}

/** Applies a whole answer. False when its `keys` name a row nobody sent: the view must be read again. */
function applyAnswer(view, kind, chunks, delta) {
  if (view.fresh) {
    for (const key of view.rows.keys()) delta.gone.add(key)
    view.rows = view.fresh
    view.fresh = null
  }
  const keys = chunks.findLast((chunk) => chunk.keys)?.keys
  const sent = chunks.flatMap((chunk) => chunk.rows ?? [])
  if (kind === "snapshot" || keys) {
    const stay = new Set(keys ?? sent.map((row) => row.key))
    if (kind === "snapshot" && keys) for (const row of sent) stay.add(row.key)
    for (const key of view.rows.keys()) if (!stay.has(key)) remove(view, key, delta)
  }
  // A snapshot replaces: a row held from another epoch may carry a higher position and be wrong all the same.
  if (kind === "snapshot") for (const row of sent) view.rows.drop(row.key)
  for (const row of sent) insert(view, row, delta)
  for (const chunk of chunks) for (const key of chunk.gone ?? []) remove(view, key, delta)
  // An answer says all that is known: without a total there is none yet, and the old one is another question's.
  view.total = chunks.at(-1).total
  if (keys) {
    const window = new Set(keys)
    for (const key of view.rows.keys()) if (!window.has(key)) remove(view, key, delta)
  }
  delta.answer = true
  const whole = !keys || keys.every((key) => view.rows.has(key))
  view.repairs = whole ? 0 : view.repairs + 1
  view.complete = whole || view.repairs > MAX_REPAIRS
  return view.complete
}

function applyChange(view, { put = [], gone = [], total }, delta) {
  for (const key of gone) remove(view, key, delta)
  for (const row of put) insert(view, row, delta)
  if (total !== undefined) view.total = total
}

function insert(view, row, delta) {
  view.rows.put(row)
  delta.gone.delete(row.key)
  delta.put.add(row.key)
}

function remove(view, key, delta) {
  view.rows.drop(key)
  delta.put.delete(key)
  delta.gone.add(key)
}

function said(view, { put, gone, answer }) {
  return {
    view: view.id,
    put: [...put].map((key) => view.rows.get(key)).filter(Boolean),
    gone: [...gone],
    total: view.total,
    complete: view.complete,
    limit: view.query.limit,
    order: view.query.order,
    answer,
    purge: false,
  }
}
