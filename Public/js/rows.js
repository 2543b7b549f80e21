// The rows a view holds: merged by position, ordered as the server orders them. No socket, no page.

const encoder = new TextEncoder()

/** FNV-1a, 32 bits, over UTF-8: the hash both ends sum up to compare what they hold. */
export function fnv1a32(text) {
  let hash = 0x811c9dc5
  for (const byte of encoder.encode(text)) hash = Math.imul(hash ^ byte, 0x01000193)
  return hash >>> 0
}

/** Orders rows by `sort` ("-number" descends, "name" ascends) and then by key, so that no two rows tie. */
export function comparator(order = "") {
  const sign = order.startsWith("-") ? -1 : 1
  return (a, b) => {
    if (a.sort !== b.sort) return a.sort < b.sort ? -sign : sign
    return a.key < b.key ? -1 : a.key > b.key ? 1 : 0
  }
}

export class Rows {
  #byKey = new Map()
  #sorted = null
  #compare

  constructor(order) {
    this.#compare = comparator(order)
  }

  get size() { return this.#byKey.size }
  get(key) { return this.#byKey.get(key) }
  has(key) { return this.#byKey.has(key) }
  keys() { return [...this.#byKey.keys()] }

  /** Takes a row unless a newer one is held; says whether it was news. A repeat replaces like for like. */
  put(row) {
    const held = this.#byKey.get(row.key)
    if (held && held.position > row.position) return false
    this.#byKey.set(row.key, row)
    this.#sorted = null
    return !held || held.position < row.position
  }

  drop(key) {
    const dropped = this.#byKey.delete(key)
    if (dropped) this.#sorted = null
    return dropped
  }

  clear() {
    this.#byKey.clear()
    this.#sorted = null
  }

  sorted() {
    return this.#sorted ??= [...this.#byKey.values()].sort(this.#compare)
  }

  /** Σ fnv1a32(key ":" position) mod 2³². Addition commutes, so the order of rows does not matter. */
  sum() {
    let sum = 0
    for (const { key, position } of this.#byKey.values()) sum = (sum + fnv1a32(`${key}:${position}`)) >>> 0
    return sum
  }
}
