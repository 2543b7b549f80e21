// A server for one page, with a log of its own and a will of its own: it hears a question now or later, commits in
// between, and is cut off at any moment. What it holds at every position is remembered, so that a page can be compared.

import { commit, hello, row, rows } from "./conversation.js"

const KEYS = 12
const GROUPS = 3

export class Mall {
  position = 10
  /** What the page has asked and the server not read, and what the server has said and the page not read. */
  asked = []
  sent = []

  #state
  #held = new Map()
  #past = new Map()
  #views = new Map()

  constructor(seed) {
    this.#state = seed
    this.#past.set(this.position, new Map())
  }

  random(below) {
    this.#state = (Math.imul(this.#state, 1103515245) + 12345) & 0x7fffffff
    return (this.#state >>> 8) % below
  }

  connect() {
    this.asked = []
    this.sent = [hello()]
    this.#views.clear()
  }

  hear(message) { this.asked.push(message) }

  /** Reads one question, answers it and commits: where several views are resumed, some are answered before others. */
  listen() {
    const asked = this.asked.shift()
    if (!asked) return
    if (asked.type === "close") return this.#views.delete(asked.view)
    const now = this.#rows(asked, this.position)
    const since = asked.cursor === undefined ? -1 : Number(asked.cursor.split(".")[1])
    const lacking = now.filter(({ key, position }) => position > since || !asked.have?.includes(key))
    const shared = asked.view + 16
    const cut = lacking.length > 1 && this.random(2) === 0 ? 1 : 0
    if (cut > 0) this.sent.push(rows(asked.view, lacking.slice(0, cut), { shared, last: false }))
    this.sent.push(rows(asked.view, lacking.slice(cut), { shared, keys: now.map(({ key }) => key) }))
    this.#views.set(asked.view, asked)
    this.sent.push(commit(this.position))
  }

  /** One command: a row comes, changes, moves between the views or goes. */
  change() {
    const before = new Map([...this.#views].map(([view, query]) => [view, this.#rows(query, this.position)]))
    const key = `k${this.random(KEYS)}`
    this.position += 1
    if (this.random(4) === 0) this.#held.delete(key)
    else this.#held.set(key, row(key, this.position, Number(key.slice(1)), { group: 1 + this.random(GROUPS) }))
    this.#past.set(this.position, new Map(this.#held))
    for (const [view, query] of this.#views) {
      const old = new Map(before.get(view).map((each) => [each.key, each]))
      const now = this.#rows(query, this.position)
      const put = now.filter((each) => old.get(each.key) !== each)
      const gone = [...old.keys()].filter((each) => !now.some((row) => row.key === each))
      if (put.length + gone.length > 0) this.sent.push({ type: "change", shared: view + 16, put, gone })
    }
    if (this.#views.size > 0) this.sent.push(commit(this.position))
  }

  /** What a view of this query shows at a position, as `key@position`. */
  window(query, position) { return this.#rows(query, position).map((each) => `${each.key}@${each.position}`) }

  #rows({ filter, limit }, position) {
    return [...this.#past.get(position).values()].filter(({ value }) => value.group === filter.group)
      .sort((a, b) => b.sort - a.sort).slice(0, limit)
  }
}
