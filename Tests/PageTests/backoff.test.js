import assert from "node:assert/strict"
import { test } from "node:test"
import { BASE_MS, CAP_MS, delay, farewellDelay, freshness } from "../../Public/js/backoff.js"

const now = 1_000_000
const asOf = "2026-01-01T12:00:00Z"
const open = { state: "open", attempt: 0 }
const fresh = { asOf, lagMs: 3, at: now - 100 }

test("the pause grows, is capped, and can be anything below its ceiling", () => {
  assert.equal(delay(0, 1), BASE_MS)
  assert.equal(delay(3, 1), BASE_MS * 8)
  assert.equal(delay(50, 1), CAP_MS)
  assert.equal(delay(50, 0), 0)
})

test("a leaving server's delay is honoured if it is one", () => {
  assert.equal(farewellDelay("1500"), 1500)
  assert.equal(farewellDelay("99999999"), undefined)
  assert.equal(farewellDelay("900000"), 60_000)
  for (const reason of ["", "soon", "-1", "1.5"]) assert.equal(farewellDelay(reason), undefined)
})

test("live needs an open connection, a recent commit and a small lag", () => {
  assert.equal(freshness({ status: open, commit: fresh, now }).level, "live")
  assert.equal(freshness({ status: open, commit: { ...fresh, lagMs: 2_001 }, now }).level, "late")
  assert.equal(freshness({ status: open, commit: { ...fresh, at: now - 7_001 }, now }).level, "late")
  assert.equal(freshness({ status: open, commit: null, now }).level, "starting")
  for (const state of ["connecting", "waiting", "idle", "over"]) {
    assert.equal(freshness({ status: { state, attempt: 1 }, commit: fresh, now }).level, "down")
  }
})

test("an open socket over a dead feed is late and says how late", () => {
  const { level, lagMs } = freshness({ status: open, commit: { ...fresh, at: now - 30_000 }, now })
  assert.equal(level, "late")
  assert.equal(lagMs, 30_003)
})

test("a page that has come back is not live before a commit of the new connection", () => {
  const status = { ...open, since: now - 500 }
  assert.equal(freshness({ status, commit: { ...fresh, at: now - 1_000 }, now }).level, "late")
  assert.equal(freshness({ status, commit: { ...fresh, at: now - 500 }, now }).level, "live")
})

test("while changes are held the page says as of when it is", () => {
  const held = { asOf: "2026-01-01T11:59:00Z" }
  assert.deepEqual(freshness({ status: open, commit: fresh, held, now }), { level: "held", asOf: held.asOf })
})

test("a disconnected page counts down to its next attempt", () => {
  const status = { state: "waiting", attempt: 2, retryAt: now + 2_400 }
  assert.equal(freshness({ status, commit: fresh, now }).wait, 3)
})
