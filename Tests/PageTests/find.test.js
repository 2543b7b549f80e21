import assert from "node:assert/strict"
import { test } from "node:test"
import { classify, phoneWords } from "../../Public/js/find.js"

const kind = (typed) => classify(typed).kind

test("a pickup code is six letters and digits, in whatever case it is typed", () => {
  assert.deepEqual(classify(" 7kq2mx "), { kind: "code", text: "7KQ2MX" })
  assert.equal(kind("PXWHJK"), "code")
})

test("six small letters are a name", () => assert.equal(kind("werner"), "name"))

test("a number is an order's, with or without its sign", () => {
  assert.deepEqual(classify("4711"), { kind: "number", text: "4711" })
  assert.deepEqual(classify("#4711"), { kind: "number", text: "4711" })
  // It may be a code as well: the server looks for both by the same word.
  assert.equal(classify("234567").text, "234567")
})

test("a phone number is known by its beginning or its length, however it is written", () => {
  for (const typed of ["+49 151 23456789", "0151/234567", "0151 23 45 67", "(0151) 234-567"]) {
    assert.equal(kind(typed), "phone", typed)
  }
  assert.equal(kind("15123456789"), "phone")
  assert.equal(classify("+49 (151) 23-45").text, "+491512345")
})

test("a national number is looked for without its nought", () => {
  assert.equal(phoneWords(classify("0151 234567").text), "151234567")
  assert.equal(phoneWords("+49151234567"), "+49151234567")
})

test("all else is a name, and nothing is nothing", () => {
  assert.deepEqual(classify("Mira Quandt"), { kind: "name", text: "Mira Quandt" })
  assert.equal(kind("   "), "none")
})
