// A server's half of the protocol, spoken by hand: short names, so that a test reads like a conversation.

import { fnv1a32 } from "../../Public/js/rows.js"
import { Protocol } from "../../Public/js/protocol.js"

export const orders = { topic: "orders", filter: {}, order: "-number", limit: 50, count: true }
export const stores = { topic: "mall", filter: {}, order: "-number", limit: 50, count: true }

export function row(key, position, sort = position, value = {}) {
  return { key, position, sort, value }
}

export const hello = (epoch = "e1", user = "anna") => ({ type: "hello", epoch, cursor: `${epoch}.1`, user })
export const commit = (position, epoch = "e1") =>
  ({ type: "commit", cursor: `${epoch}.${position}`, position, asOf: "2026-01-01T00:00:00Z", lagMs: 3 })
export const rows = (view, list, more = {}) =>
  ({ type: "rows", view, shared: 17, rows: list, gone: [], last: true, ...more })
export const change = (put = [], gone = [], more = {}) => ({ type: "change", shared: 17, put, gone, ...more })
export const sum = (list) => list.reduce((all, { key, position }) => (all + fnv1a32(`${key}:${position}`)) >>> 0, 0)

/** A protocol that has greeted and shows these rows in view 1, as of this position. */
export function showing(list, position = 10, query = orders) {
  const protocol = new Protocol()
  protocol.receive(hello())
  protocol.open(1, query)
  protocol.receive(rows(1, list, { keys: list.map(({ key }) => key) }))
  protocol.receive(commit(position))
  return protocol
}

export const held = (protocol, view = 1) =>
  protocol.views.get(view).rows.sorted().map(({ key, position }) => `${key}@${position}`)
