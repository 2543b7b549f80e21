import assert from "node:assert/strict"
import { test } from "node:test"
import { age, countable, counts, isLate, named, progress, readCount, section, tally } from "../../Public/js/progress.js"

const SECOND = 1000, MINUTE = 60 * SECOND, HOUR = 60 * MINUTE
const line = (productId, ordered, picked, missing = 0) =>
  ({ productId, productName: `Product ${productId}`, ordered, picked, missing })
const list = {
  botName: "R2", stops: [
    { storeId: "s1", storeName: "Lamp House", location: "Level 1", lines: [line("a", 2, 2), line("b", 3, 1, 2)] },
    { storeId: "s2", storeName: "Tea & Co", location: "Level 2", lines: [line("a", 1, 0, 1)] },
  ],
}

test("an age is told in as few words as it takes", () => {
  const ages = [0, 999, 12 * SECOND, 59_999, MINUTE, 59 * MINUTE, HOUR, HOUR + 20 * MINUTE, 23 * HOUR, 50 * HOUR]
  assert.deepEqual(ages.map(age), ["now", "now", "12 s", "59 s", "1 min", "59 min", "1 h", "1 h 20 min", "23 h", "2 d"])
})

test("a clock that is ahead, or none, makes no age", () => {
  assert.deepEqual([-5 * SECOND, NaN, undefined].map(age), ["now", "now", "now"])
})

test("a list that stands still too long is late, and an ended one never is", () => {
  const now = Date.parse("2026-01-01T12:00:00Z")
  const since = (minutes) => new Date(now - minutes * MINUTE).toISOString()
  assert.equal(isLate({ status: "available", since: since(5) }, now), true)
  assert.equal(isLate({ status: "available", since: since(4) }, now), false)
  assert.equal(isLate({ status: "active", since: since(6) }, now), false)
  assert.equal(isLate({ status: "completed", since: since(600) }, now), false)
  assert.equal(isLate({ status: "available" }, now), false)
})

test("progress counts what is picked and what is known to be missing, and says 100 only of all", () => {
  const said = { ordered: 6, picked: 3, missing: 1 }
  assert.deepEqual(progress(said), { ...said, settled: 4, percent: 66 })
  assert.equal(progress({ ordered: 1000, picked: 999 }).percent, 99)
  assert.equal(progress({ ordered: 3, picked: 3 }).percent, 100)
  assert.equal(progress({}).percent, 0)
})

test("a list stands in one section of the board, or in none when it has ended", () => {
  const of = (status, needsClerk) => section({ status, needsClerk })
  const statuses = ["pending", "available", "assigned", "active", "delivered", "completed", "canceled"]
  assert.deepEqual(statuses.map((each) => of(each)),
    ["waiting", "waiting", "assigned", "active", "delivered", null, null])
  assert.equal(of("available", true), "clerk")
  assert.equal(of("assigned", true), "assigned")
})

test("a list is meant by all of the words, wherever they stand", () => {
  assert.equal(named("r2 lamp", "4711", list), true)
  assert.equal(named("4711 product", "4711", list), true)
  assert.equal(named("r2 shoes", "4711", list), false)
})

test("counting begins with what the robot reported, line by line", () => {
  const lines = countable(list)
  assert.deepEqual(lines.map(({ storeId, productId, ordered, counted }) => [storeId, productId, ordered, counted]),
    [["s1", "a", 2, 2], ["s1", "b", 3, 1], ["s2", "a", 1, 0]])
  assert.deepEqual(tally(lines), { ordered: 6, counted: 3, missing: 3, short: 2, differing: 0 })
})

test("the clerk's count wins, and every line is said", () => {
  const lines = countable(list)
  lines[0].counted = 1
  assert.deepEqual(tally(lines), { ordered: 6, counted: 2, missing: 4, short: 3, differing: 1 })
  assert.deepEqual(counts(lines)[0], { productId: "a", storeId: "s1", quantity: 1 })
  assert.equal(counts(lines).length, 3)
})

test("a count is a whole number from none to what was ordered", () => {
  assert.deepEqual(["0", " 2 ", "3"].map((text) => readCount(text, 3)), [0, 2, 3])
  for (const text of ["4", "-1", "1.5", "", "x", "99999"]) assert.equal(readCount(text, 3), null, text)
})
