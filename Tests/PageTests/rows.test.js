import assert from "node:assert/strict"
import { test } from "node:test"
import { Rows, comparator, fnv1a32 } from "../../Public/js/rows.js"
import { row, sum } from "./conversation.js"

test("the hash is FNV-1a over UTF-8", () => {
  assert.equal(fnv1a32(""), 0x811c9dc5)
  assert.equal(fnv1a32("a"), 0xe40c292c)
  assert.equal(fnv1a32("foobar"), 0xbf9cf968)
  assert.equal(fnv1a32("é"), 0x1e9de8c1)
})

test("a minus before the order descends, ties go by key, ascending", () => {
  const sorted = (order, list) => list.toSorted(comparator(order)).map(({ key }) => key).join("")
  const list = [row("b", 1, 5), row("a", 1, 5), row("c", 1, 9)]
  assert.equal(sorted("-number", list), "cab")
  assert.equal(sorted("name", list), "abc")
})

test("names compare by code unit, as the database compares bytes", () => {
  const names = ["Zebra", "apple", "Äpfel"].map((name) => row(name, 1, name))
  assert.deepEqual(names.toSorted(comparator("name")).map(({ sort }) => sort), ["Zebra", "apple", "Äpfel"])
})

test("a row moves when its sort changes", () => {
  const rows = new Rows("name")
  rows.put(row("a", 1, "ant"))
  rows.put(row("b", 1, "bee"))
  rows.put(row("a", 2, "cat"))
  assert.deepEqual(rows.sorted().map(({ key }) => key), ["b", "a"])
})

test("an older version is refused and an equal one is no news", () => {
  const rows = new Rows("name")
  assert.equal(rows.put(row("a", 2)), true)
  assert.equal(rows.put(row("a", 1)), false)
  assert.equal(rows.put(row("a", 2)), false)
  assert.equal(rows.get("a").position, 2)
})

test("the checksum does not depend on the order rows came in", () => {
  const list = [row("a", 1), row("b", 20), row("c", 300)]
  const there = new Rows(), back = new Rows()
  for (const each of list) there.put(each)
  for (const each of list.toReversed()) back.put(each)
  assert.equal(there.sum(), sum(list))
  assert.equal(back.sum(), there.sum())
  back.put(row("b", 21))
  assert.notEqual(back.sum(), there.sum())
})
