import assert from "node:assert/strict"
import { afterEach, beforeEach, mock, test } from "node:test"
import { change, commit, hello, orders, row, rows } from "./conversation.js"

/** A socket somebody else speaks through. */
class Socket {
  static OPEN = 1
  static made = []
  readyState = 1
  sent = []

  constructor() { Socket.made.push(this) }
  send(text) { this.sent.push(JSON.parse(text)) }
  close() { this.readyState = 3 }
  hear(...messages) { for (const message of messages) this.onmessage({ data: JSON.stringify(message) }) }
  end(code, reason = "") {
    this.readyState = 3
    this.onclose({ code, reason })
  }
}
Object.assign(globalThis, { WebSocket: Socket, addEventListener: () => {} })
const { Hub, MAX_VIEWS_PER_TAB } = await import("../../Public/js/hub.js")

beforeEach(() => {
  Socket.made = []
  mock.timers.enable({ apis: ["setTimeout", "setInterval", "Date"] })
})
afterEach(() => mock.timers.reset())

function tab(hub) {
  const heard = []
  const ask = hub.join((message) => heard.push(message))
  return { ask, heard, last: (type) => heard.findLast((message) => message.type === type) }
}

const latest = () => Socket.made.at(-1)

function connected() {
  const hub = new Hub("ws://mall/admin/live")
  const one = tab(hub)
  one.ask({ type: "connect" })
  one.ask({ type: "open", view: 1, query: orders })
  latest().hear(hello(), rows(1, [row("a", 1)]), commit(10))
  return { hub, one }
}

test("tabs share a socket, and each hears only of its own views", () => {
  const { hub, one } = connected()
  const two = tab(hub)
  two.ask({ type: "connect" })
  two.ask({ type: "open", view: 1, query: { ...orders, limit: 10 } })
  assert.equal(Socket.made.length, 1)
  const { view } = latest().sent.at(-1)
  assert.notEqual(view, 1)
  one.heard.length = 0
  latest().hear(rows(view, [row("b", 2)], { shared: 18 }), commit(11))
  assert.deepEqual(two.last("show").views.map((each) => [each.view, each.put[0].key]), [[1, "b"]])
  assert.deepEqual(one.last("show").views, [])
  assert.equal(one.last("show").commit.position, 11)
})

test("a tab that goes away closes its views, and the last one the socket", () => {
  const { hub, one } = connected()
  const two = tab(hub)
  two.ask({ type: "open", view: 7, query: orders })
  two.ask({ type: "bye" })
  assert.equal(latest().sent.at(-1).type, "close")
  assert.equal(latest().readyState, 1)
  one.ask({ type: "bye" })
  assert.equal(latest().readyState, 3)
})

test("after a cut the hub comes back by itself and resumes", () => {
  const { one } = connected()
  latest().end(1006)
  assert.equal(one.last("status").status.state, "waiting")
  mock.timers.tick(1_000)
  assert.equal(Socket.made.length, 2)
  latest().hear(hello())
  assert.equal(latest().sent[0].cursor, "e1.10")
  assert.deepEqual(latest().sent[0].have, ["a"])
})

test("a commit that comes before all views were answered does not make the page fresh", () => {
  const { one } = connected()
  latest().end(1006)
  mock.timers.tick(1_000)
  one.heard.length = 0
  latest().hear(hello(), commit(11))
  assert.equal(one.last("show"), undefined)
  assert.ok(one.last("status").commit.at < one.last("status").status.since)
  latest().hear(rows(1, [], { keys: ["a"] }), commit(11))
  assert.ok(one.last("show").commit.at >= one.last("status").status.since)
})

test("a leaving server's delay is kept to", () => {
  connected()
  latest().end(4410, "3000")
  mock.timers.tick(2_999)
  assert.equal(Socket.made.length, 1)
  mock.timers.tick(1)
  assert.equal(Socket.made.length, 2)
})

test("an open socket over which nothing comes is given up", () => {
  const { one } = connected()
  mock.timers.tick(15_000)
  assert.equal(one.last("status").status.state, "open")
  mock.timers.tick(2_000)
  assert.equal(one.last("status").status.state === "open", false)
  mock.timers.tick(100)
  assert.equal(Socket.made.length, 2)
})

test("the pause grows until a commit proves that the feed is alive", () => {
  const { one } = connected()
  for (let attempt = 1; attempt <= 3; attempt += 1) {
    latest().end(1006)
    assert.equal(one.last("status").status.attempt, attempt)
    mock.timers.tick(20_000)
    latest().hear(hello())
  }
  latest().hear(commit(11))
  assert.equal(one.last("status").status.attempt, 0)
})

test("when the session is over the rows are purged and nobody knocks again", () => {
  const { one } = connected()
  latest().end(4401)
  assert.equal(one.last("show").views[0].purge, true)
  assert.equal(one.last("status").status.state, "over")
  mock.timers.tick(120_000)
  assert.equal(Socket.made.length, 1)
})

test("a withdrawn role purges the rows and comes back to ask what is left", () => {
  const { one } = connected()
  latest().end(4403)
  assert.equal(one.last("show").views[0].purge, true)
  mock.timers.tick(1_000)
  latest().hear(hello())
  assert.equal(latest().sent[0].cursor, undefined)
})

test("what a closed socket still says is not heard", () => {
  const { one } = connected()
  const old = latest()
  old.end(1006)
  mock.timers.tick(1_000)
  one.heard.length = 0
  old.hear(change([row("z", 99)]), commit(99))
  assert.equal(one.last("show"), undefined)
})

test("a tab can not take all the views there are", () => {
  const { one } = connected()
  for (let view = 2; view <= MAX_VIEWS_PER_TAB + 1; view += 1) one.ask({ type: "open", view, query: orders })
  assert.equal(one.last("show").views[0].refused.code, "invalid")
})

test("a tab that joins after a session ended is not told that its own is over", () => {
  const { hub } = connected()
  latest().end(4401)
  const late = tab(hub)
  assert.equal(late.last("status"), undefined)
})

test("a tab that has sent a command asks to be told of it, once more after a reconnection, and not of what it has seen", () => {
  const hub = new Hub("ws://mall/admin/live")
  const one = tab(hub)
  one.ask({ type: "connect" })
  latest().hear(hello(), commit(10))
  one.ask({ type: "reach", position: 10 })
  assert.deepEqual(latest().sent, [])
  one.ask({ type: "reach", position: 12 })
  assert.deepEqual(latest().sent, [{ type: "reach", position: 12 }])
  latest().end(1006)
  mock.timers.tick(60_000)
  latest().hear(hello())
  assert.deepEqual(latest().sent, [{ type: "reach", position: 12 }])
  latest().end(1006)
  mock.timers.tick(60_000)
  // In another life of the log positions say nothing.
  latest().hear(hello("e2"))
  assert.deepEqual(latest().sent, [])
})
