import assert from "node:assert/strict"
import { test } from "node:test"
import { fromParams, isDay, search, toParams, toQuery } from "../../Public/js/filters.js"

const store = "3f2c8a10-1111-4222-8333-444455556666"
const whole = {
  status: ["pending", "in-progress"], store, product: store, customer: store,
  from: "2026-03-01", to: "2026-03-31", min: 0, max: 129900, text: "mira & söhne",
}

test("filters survive the way into the address and back", () => {
  for (const filters of [whole, {}, { text: "a+b=c?" }, { min: 0 }, { status: ["canceled"] }, { from: "2028-02-29" }]) {
    const address = new URL(`http://mall/orders${search(filters)}`)
    assert.deepEqual(fromParams(address.searchParams), filters)
    assert.equal(search(fromParams(address.searchParams)), search(filters))
  }
})

test("equal filters are one address, in whatever order they were chosen", () => {
  const one = search({ text: "x", status: ["ready", "pending"] })
  assert.equal(one, search({ status: ["pending", "ready"], text: "x" }))
  assert.equal(one, "?status=pending,ready&q=x")
})

test("an address that makes no sense filters nothing", () => {
  const params = new URLSearchParams(
    "status=lost,,&store=1&customer=%27--&from=2026-02-30&to=soon&min=-5&max=1e9&q=%20%20")
  assert.deepEqual(fromParams(params), {})
})

test("a status is read once, however often and in whatever order it is written", () => {
  assert.deepEqual(fromParams(new URLSearchParams("status=ready,pending,ready")).status, ["pending", "ready"])
})

test("the last day is included whole: the server is given the midnight after it", () => {
  const { from, to } = toQuery({ from: "2026-12-31", to: "2026-12-31" })
  assert.equal(from, new Date(2026, 11, 31).toISOString())
  assert.equal(to, new Date(2027, 0, 1).toISOString())
})

test("amounts stay integers and nothing undefined is sent", () => {
  assert.deepEqual(toQuery({ min: 0, max: 1205, text: "tea" }), { minTotalMinor: 0, maxTotalMinor: 1205, text: "tea" })
  assert.deepEqual(toQuery({}), {})
})

test("no filter leaves no question mark", () => {
  assert.equal(search({}), "")
  assert.equal(toParams({ text: "", status: [] }).size, 0)
})

test("only days that exist are days", () => {
  assert.deepEqual(["2026-02-28", "2028-02-29"].map(isDay), [true, true])
  assert.deepEqual(["2026-02-29", "2026-13-01", "26-01-01", "", null].map(isDay), [false, false, false, false, false])
})
