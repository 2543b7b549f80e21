import assert from "node:assert/strict"
import { test } from "node:test"
import { MAX_HAVE, MAX_REPAIRS, Protocol } from "../../Public/js/protocol.js"
import { Mall } from "./mall.js"
import { change, commit, hello, held, orders, row, rows, showing, stores, sum } from "./conversation.js"

test("nothing is asked before the server has greeted", () => {
  const protocol = new Protocol()
  assert.deepEqual(protocol.open(1, orders), [])
  assert.deepEqual(protocol.receive(hello()).send, [{ type: "open", view: 1, ...orders }])
})

test("rows are shown when their commit comes, and not before", () => {
  const protocol = new Protocol()
  protocol.receive(hello())
  protocol.open(1, orders)
  assert.equal(protocol.receive(rows(1, [row("a", 1)])).show, undefined)
  assert.deepEqual(held(protocol), [])
  const { show } = protocol.receive(commit(1))
  assert.equal(show.views[0].complete, true)
  assert.deepEqual(held(protocol), ["a@1"])
})

test("a commit between chunks shows none of them", () => {
  const protocol = new Protocol()
  protocol.receive(hello())
  protocol.open(1, orders)
  protocol.receive(rows(1, [row("a", 1)], { last: false }))
  assert.deepEqual(protocol.receive(commit(1)).show.views, [])
  protocol.receive(rows(1, [row("b", 2)]))
  protocol.receive(commit(2))
  assert.deepEqual(held(protocol), ["b@2", "a@1"])
})

test("what one commit changes in several views is shown in one piece", () => {
  const protocol = showing([row("a", 1)])
  protocol.open(2, { topic: "order", filter: { order: "a" } })
  protocol.receive(rows(2, [row("a", 1)], { shared: 18 }))
  protocol.receive(commit(11))
  assert.equal(protocol.receive(change([row("a", 12, 1)])).show, undefined)
  assert.equal(protocol.receive({ ...change([row("a", 12, 1)]), shared: 18 }).show, undefined)
  const { show } = protocol.receive(commit(12))
  assert.deepEqual(show.views.map(({ view }) => view).sort(), [1, 2])
})

test("equal views share the bytes of a change", () => {
  const protocol = showing([row("a", 1)])
  protocol.open(2, orders)
  protocol.receive(rows(2, [row("a", 1)]))
  protocol.receive(commit(11))
  protocol.receive(change([row("b", 12)]))
  protocol.receive(commit(12))
  assert.deepEqual(held(protocol, 1), held(protocol, 2))
  assert.deepEqual(held(protocol, 1), ["b@12", "a@1"])
})

test("an older row never replaces a newer one", () => {
  const protocol = showing([row("a", 9)])
  protocol.receive(change([row("a", 4)]))
  protocol.receive(commit(11))
  assert.deepEqual(held(protocol), ["a@9"])
})

test("a repeated or overlapping delivery changes nothing", () => {
  const protocol = showing([row("a", 1), row("b", 2)])
  const delivery = change([row("c", 11), row("a", 12, 1)], ["b"])
  for (const position of [12, 12, 13]) {
    protocol.receive(delivery)
    protocol.receive(commit(position))
    assert.deepEqual(held(protocol), ["c@11", "a@12"])
  }
})

test("a row that leaves and comes back within one commit stays", () => {
  const protocol = showing([row("a", 1)])
  protocol.receive(change([], ["a"]))
  protocol.receive(change([row("a", 12, 1)]))
  const { show } = protocol.receive(commit(12))
  assert.deepEqual(show.views[0].gone, [])
  assert.deepEqual(held(protocol), ["a@12"])
})

test("the total may follow the rows and waits for its commit like them", () => {
  const protocol = showing([row("a", 1)])
  protocol.receive({ type: "total", shared: 17, total: 1284 })
  assert.equal(protocol.views.get(1).total, undefined)
  assert.equal(protocol.receive(commit(11)).show.views[0].total, 1284)
})

test("an answer without a total says that it is not known, and not that it is the old one", () => {
  const protocol = showing([row("a", 1)])
  protocol.receive({ type: "total", shared: 17, total: 1284 })
  protocol.receive(commit(11))
  protocol.change(1, { ...orders, filter: { text: "mira" } })
  protocol.receive(rows(1, [], { keys: ["a"], shared: 18 }))
  assert.equal(protocol.receive(commit(12)).show.views[0].total, undefined)
  protocol.receive({ type: "total", shared: 18, total: 3 })
  assert.equal(protocol.receive(commit(13)).show.views[0].total, 3)
})

test("what was held without a commit when the connection ended is forgotten", () => {
  const protocol = showing([row("a", 1)])
  protocol.receive(change([row("b", 11)]))
  protocol.lost()
  protocol.receive(hello())
  protocol.receive(commit(11))
  assert.deepEqual(held(protocol), ["a@1"])
})

test("after a reconnect a view resumes from the last commit with the keys it holds", () => {
  const protocol = showing([row("a", 1), row("b", 2)], 10)
  protocol.lost()
  const [open] = protocol.receive(hello()).send
  assert.equal(open.cursor, "e1.10")
  assert.deepEqual(open.have.sort(), ["a", "b"])
  // While away: a changed, b left, c came.
  protocol.receive(rows(1, [row("a", 30, 1), row("c", 25)], { keys: ["c", "a"], total: 2 }))
  const { show } = protocol.receive(commit(30))
  assert.deepEqual(held(protocol), ["c@25", "a@30"])
  assert.deepEqual(show.views[0].gone, ["b"])
})

/** Two views that show the same row, each as of this position. */
function showingTwo(list, position = 10) {
  const protocol = showing(list, position)
  protocol.open(2, stores)
  protocol.receive(rows(2, list, { shared: 18, keys: list.map(({ key }) => key) }))
  protocol.receive(commit(position))
  return protocol
}

test("after a reconnect nothing is shown before every resumed view has been answered", () => {
  const protocol = showingTwo([row("a", 1)])
  protocol.lost()
  protocol.receive(hello())
  protocol.receive(rows(1, [row("a", 30, 1)], { keys: ["a"] }))
  assert.deepEqual(protocol.receive(commit(30)), {})
  assert.deepEqual([held(protocol, 1), held(protocol, 2)], [["a@1"], ["a@1"]])
  protocol.receive(rows(2, [row("a", 30, 1)], { shared: 18, keys: ["a"] }))
  const { show } = protocol.receive(commit(30))
  assert.deepEqual(show.views.map(({ view }) => view), [1, 2])
  assert.deepEqual([held(protocol, 1), held(protocol, 2)], [["a@30"], ["a@30"]])
})

test("a connection that breaks before all views were answered leaves the cursor where all of them are", () => {
  const protocol = showingTwo([row("a", 1)])
  protocol.lost()
  protocol.receive(hello())
  protocol.receive(rows(1, [], { keys: ["a"] }))
  protocol.receive(commit(30))
  protocol.lost()
  assert.deepEqual(protocol.receive(hello()).send.map(({ cursor }) => cursor), ["e1.10", "e1.10"])
})

test("an empty view that is resumed is waited for like any other", () => {
  const protocol = showing([])
  protocol.lost()
  assert.equal(protocol.receive(hello()).send[0].cursor, "e1.10")
  assert.deepEqual(protocol.receive(commit(30)), {})
  assert.equal(protocol.cursor, "e1.10")
})

test("a view that is refused, withdrawn or closed is waited for no longer", () => {
  const ends = [
    (protocol) => protocol.receive({ type: "refused", view: 2, code: "forbidden", message: "no" }),
    (protocol) => protocol.receive({ type: "reset", view: 2, reason: "withdrawn" }),
    (protocol) => protocol.close(2),
  ]
  for (const end of ends) {
    const protocol = showingTwo([row("a", 1)])
    protocol.lost()
    protocol.receive(hello())
    protocol.receive(rows(1, [], { keys: ["a"] }))
    end(protocol)
    protocol.receive(commit(30))
    assert.equal(protocol.cursor, "e1.30")
  }
})

test("a view that is read anew while its old rows are shown holds the others back", () => {
  const protocol = showingTwo([row("a", 1)])
  protocol.receive({ type: "reset", view: 2, reason: "too old" })
  protocol.receive(change([row("a", 12, 1)]))
  assert.deepEqual(protocol.receive(commit(12)), {})
  assert.deepEqual([held(protocol, 1), held(protocol, 2)], [["a@1"], ["a@1"]])
  protocol.receive(rows(2, [row("a", 12, 1)], { shared: 18 }))
  protocol.receive(commit(12))
  assert.deepEqual([held(protocol, 1), held(protocol, 2)], [["a@12"], ["a@12"]])
})

test("a new view, of which nothing is shown, holds nobody back", () => {
  const protocol = showing([row("a", 1)])
  protocol.open(2, stores)
  protocol.receive(change([row("a", 12, 1)]))
  protocol.receive(commit(12))
  assert.deepEqual(held(protocol), ["a@12"])
})

test("a view whose rows never completed is not resumed from", () => {
  const protocol = new Protocol()
  protocol.receive(hello())
  protocol.receive(commit(5))
  protocol.open(1, orders)
  protocol.receive(rows(1, [row("a", 1)], { last: false }))
  protocol.lost()
  const [open] = protocol.receive(hello()).send
  assert.equal(open.cursor, undefined)
  assert.equal(open.have, undefined)
})

test("a list of keys that would cost more than the rows is not sent", () => {
  const many = Array.from({ length: MAX_HAVE + 1 }, (_, index) => row(`k${index}`, 1, index))
  const protocol = showing(many)
  protocol.lost()
  assert.equal(protocol.receive(hello()).send[0].have, undefined)
})

test("another epoch means a fresh snapshot, whose rows win whatever their position", () => {
  const protocol = showing([row("a", 900), row("b", 901)], 901)
  protocol.lost()
  const [open] = protocol.receive(hello("e2")).send
  assert.equal(open.cursor, undefined)
  protocol.receive(rows(1, [row("a", 3)]))
  assert.deepEqual(held(protocol), ["b@901", "a@900"])
  protocol.receive(commit(3, "e2"))
  assert.deepEqual(held(protocol), ["a@3"])
})

test("another person sees nothing of the last one's rows", () => {
  const protocol = showing([row("a", 1)])
  protocol.lost()
  const { show } = protocol.receive(hello("e1", "boris"))
  assert.equal(show.views[0].purge, true)
  assert.deepEqual(held(protocol), [])
})

test("after a gap in which changes were conflated the rows arrive unasked and are merged", () => {
  const protocol = showing([row("a", 1), row("b", 2)])
  protocol.receive(rows(1, [row("b", 5000, 2)], { keys: ["b", "a"] }))
  protocol.receive(commit(5000))
  assert.deepEqual(held(protocol), ["b@5000", "a@1"])
})

test("changes that come between the chunks of an answer are applied after it", () => {
  const protocol = new Protocol()
  protocol.receive(hello())
  protocol.open(1, orders)
  protocol.receive(rows(1, [row("a", 1)], { last: false }))
  protocol.receive(change([], ["b"]))
  protocol.receive(commit(8))
  protocol.receive(rows(1, [row("b", 2)]))
  protocol.receive(commit(9))
  assert.deepEqual(held(protocol), ["a@1"])
})

test("while a question is unanswered only the newest next one is kept", () => {
  const protocol = showing([row("a", 1)])
  const typed = (text) => ({ ...orders, filter: { text } })
  assert.equal(protocol.change(1, typed("m"))[0].type, "change-view")
  assert.deepEqual(protocol.change(1, typed("mi")), [])
  assert.deepEqual(protocol.change(1, typed("mir")), [])
  const { send } = protocol.receive(rows(1, [], { keys: [] }))
  assert.deepEqual(send.map(({ filter }) => filter.text), ["mir"])
})

test("a larger window keeps the rows it holds and adds the others", () => {
  const protocol = showing([row("b", 2)])
  protocol.change(1, { ...orders, limit: 100 })
  protocol.receive(rows(1, [row("a", 1)], { keys: ["b", "a"], shared: 18 }))
  protocol.receive(commit(11))
  assert.deepEqual(held(protocol), ["b@2", "a@1"])
  protocol.receive(change([row("c", 12)]))
  protocol.receive(commit(12))
  assert.deepEqual(held(protocol), ["b@2", "a@1"], "the old shared number no longer names this view")
})

test("a question asked while away is asked on return, with the rows at hand", () => {
  const protocol = showing([row("a", 1)])
  protocol.lost()
  assert.deepEqual(protocol.change(1, { ...orders, filter: { text: "mira" } }), [])
  const [open] = protocol.receive(hello()).send
  assert.equal(open.filter.text, "mira")
  assert.deepEqual(open.have, ["a"])
})

test("another order can not be compared and is opened afresh", () => {
  const protocol = showing([row("a", 1, 5), row("b", 2, 6)])
  const sent = protocol.change(1, { ...orders, order: "name" })
  assert.deepEqual(sent.map(({ type }) => type), ["close", "open"])
  protocol.receive(rows(1, [row("b", 2, "ant"), row("a", 1, "bee")]))
  protocol.receive(commit(11))
  assert.deepEqual(held(protocol), ["b@2", "a@1"])
})

test("a right checksum is silence, a wrong one reads the view again without emptying the screen", () => {
  const list = [row("a", 1), row("b", 2)]
  const protocol = showing(list)
  const check = { type: "check", shared: 17, position: 10, rows: 2, sum: sum(list) }
  assert.deepEqual(protocol.receive(check).send, [])
  const { send, mismatch } = protocol.receive({ ...check, sum: check.sum + 1 })
  assert.equal(mismatch, true)
  assert.deepEqual(send.map(({ type }) => type), ["close", "open"])
  assert.equal(send[1].cursor, undefined)
  assert.equal(protocol.mismatches, 1)
  assert.deepEqual(held(protocol), ["b@2", "a@1"])
  protocol.receive(rows(1, [row("c", 3)], { shared: 19 }))
  protocol.receive(commit(10))
  assert.deepEqual(held(protocol), ["c@3"])
})

test("a checksum of another position says nothing about this one", () => {
  const protocol = showing([row("a", 1)])
  assert.deepEqual(protocol.receive({ type: "check", shared: 17, position: 9, rows: 7, sum: 7 }).send, [])
})

test("an answer whose window names rows nobody sent is read again, but not for ever", () => {
  const protocol = showing([row("a", 1)])
  for (let repair = 0; repair <= MAX_REPAIRS; repair += 1) {
    protocol.receive(rows(1, [], { keys: ["a", "ghost"] }))
    const { send } = protocol.receive(commit(20 + repair))
    assert.equal(send.length, repair < MAX_REPAIRS ? 2 : 0)
  }
})

test("a reset keeps the screen until the new rows are committed", () => {
  const protocol = showing([row("a", 1)])
  protocol.receive(change([row("x", 11)]))
  protocol.receive({ type: "reset", view: 1, reason: "horizon" })
  assert.deepEqual(held(protocol), ["a@1"])
  protocol.receive(rows(1, [row("b", 12)]))
  protocol.receive(commit(12))
  assert.deepEqual(held(protocol), ["b@12"])
})

test("a withdrawn right empties the view at once", () => {
  const protocol = showing([row("a", 1)])
  const { show } = protocol.receive({ type: "reset", view: 1, reason: "withdrawn" })
  assert.equal(show.views[0].purge, true)
  assert.equal(show.views[0].refused.code, "forbidden")
  assert.deepEqual(held(protocol), [])
})

test("a refused view is shown as refused and asked for again only when the question changes", () => {
  const protocol = new Protocol()
  protocol.receive(hello())
  protocol.open(1, orders)
  const { show } = protocol.receive({ type: "refused", view: 1, code: "forbidden", message: "no" })
  assert.deepEqual(show.views[0].refused, { code: "forbidden", message: "no" })
  assert.deepEqual(protocol.change(1, { ...orders, limit: 60 }).map(({ type }) => type), ["open"])
})

test("a closed view ignores what was on its way to it", () => {
  const protocol = showing([row("a", 1)])
  protocol.receive(change([row("b", 11)]))
  assert.deepEqual(protocol.close(1), [{ type: "close", view: 1 }])
  protocol.receive(rows(1, [row("c", 12)]))
  assert.deepEqual(protocol.receive(commit(12)).show.views, [])
})

test("a message of a newer server is passed over", () => {
  assert.deepEqual(showing([]).receive({ type: "claims", view: 1 }), {})
})

test("wherever connections break, all views show one commit and end equal to the server", () => {
  const seed = Number(process.env.SEED ?? Date.now() % 100_000)
  const mall = new Mall(seed)
  const protocol = new Protocol()
  const queries = [1, 2, 3].map((group) => ({ topic: "orders", filter: { group }, order: "-number", limit: 5 }))
  const hear = (message) => {
    const { send = [], show } = protocol.receive(message)
    for (const asked of send) mall.hear(asked)
    if (!show?.commit) return
    for (const view of protocol.views.values()) {
      if (view.rows.size === 0 && !view.complete) continue
      assert.deepEqual(held(protocol, view.id), mall.window(view.query, protocol.position),
        `seed ${seed}, view ${view.id} at ${protocol.position}`)
    }
  }
  queries.forEach((query, index) => protocol.open(index + 1, query))
  mall.connect()
  for (let turn = 0; turn < 4_000; turn += 1) {
    switch (mall.random(12)) {
      case 0:
        protocol.lost()
        mall.connect()
        break
      case 1: case 2: case 3: mall.change(); break
      case 4: case 5: mall.listen(); break
      default: if (mall.sent.length > 0) hear(mall.sent.shift())
    }
  }
  do {
    mall.listen()
    for (const message of mall.sent.splice(0)) hear(message)
  } while (mall.asked.length > 0 || mall.sent.length > 0)
  assert.equal(protocol.position, mall.position)
  for (const view of protocol.views.values()) assert.equal(view.complete, true)
})

test("whatever is dropped, repeated or cut off, a page that resumes ends equal to the server", () => {
  const seed = Number(process.env.SEED ?? Date.now() % 100_000)
  let state = seed
  const random = (below) => {
    state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff
    return (state >>> 8) % below
  }
  const server = new Map()
  let position = 10
  const window = () => [...server.values()].sort((a, b) => b.sort - a.sort).slice(0, 5)
  let sent = new Map()
  const protocol = showing([])
  for (let turn = 0; turn < 2_000; turn += 1) {
    const key = `k${random(12)}`
    position += 1
    random(4) === 0
      ? server.delete(key)
      : server.set(key, row(key, position, server.get(key)?.sort ?? random(1000) * 20 + Number(key.slice(1))))
    const now = new Map(window().map((each) => [each.key, each]))
    const put = [...now.values()].filter((each) => sent.get(each.key)?.position !== each.position)
    const gone = [...sent.keys()].filter((each) => !now.has(each))
    if (random(10) === 0) {
      // Cut off after the change and before its commit.
      protocol.receive(change(put, gone))
      protocol.lost()
      const [{ cursor, have }] = protocol.receive(hello()).send
      const since = Number(cursor.split(".")[1])
      const missed = [...now.values()].filter((each) => each.position > since || !have.includes(each.key))
      protocol.receive(rows(1, missed, { keys: [...now.keys()] }))
    } else {
      for (let times = random(2); times >= 0; times -= 1) protocol.receive(change(put, gone))
    }
    protocol.receive(commit(position))
    sent = now
    assert.deepEqual(held(protocol), window().map((each) => `${each.key}@${each.position}`),
      `seed ${seed}, turn ${turn}`)
  }
})
