import assert from "node:assert/strict"
import { test } from "node:test"
import { decimalText, formatMoney, notation, parseMoney } from "../../Public/js/money.js"

const english = notation("EUR", "en-GB")
const german = notation("EUR", "de-DE")
const french = notation("EUR", "fr-FR")
const yen = notation("JPY", "ja-JP")
const dinar = notation("KWD", "en-GB")

function reads(how, cases) {
  for (const [text, minor] of Object.entries(cases)) assert.deepEqual(parseMoney(text, how), { minor }, `"${text}"`)
}

test("an amount is read digit by digit into minor units", () => {
  reads(english, { "12.05": 1205, "12.5": 1250, "12": 1200, "0.01": 1, ".5": 50, "12.": 1200,
    "007": 700, "€ 1,234.50": 123450, "1,234,567": 123456700 })
  reads(german, { "12,05": 1205, "1.234,50 €": 123450, "1.234": 123400, "1.234.567": 123456700 })
  reads(french, { "1 234,50": 123450, "1\u202f234,50\u00a0€": 123450 })
})

test("amounts no binary fraction can hold come out exact", () => {
  reads(english, { "0.07": 7, "1.10": 110, "4.35": 435, "999999.99": 99999999, "9007199254740.99": 900719925474099 })
})

test("the other separator is understood where it can mean only one thing", () => {
  reads(german, { "12.50": 1250, "0.5": 50 })
  reads(english, { "12,50": 1250, "1,234": 123400 })
})

test("a currency has as many decimals as it has", () => {
  reads(yen, { "1,200": 1200, "1200": 1200 })
  reads(dinar, { "1.234": 1234, "1.2": 1200 })
  assert.deepEqual(parseMoney("12.5", yen), { error: "precision" })
  assert.deepEqual(parseMoney("1.005", english), { error: "precision" })
})

test("what is no amount is refused and never guessed", () => {
  for (const text of ["abc", "-5", "1e3", "1.2.3", "1,23,4", "12,34.5", "1..2", ".", "1,2345,678", "٣"]) {
    assert.equal(parseMoney(text, english).error, "malformed", `"${text}"`)
  }
  assert.deepEqual(parseMoney(" ", english), { error: "empty" })
  assert.deepEqual(parseMoney("99999999999999999", english), { error: "range" })
})

test("minor units are written as decimals without a division", () => {
  assert.equal(decimalText(5, 2), "0.05")
  assert.equal(decimalText(-1205, 2), "-12.05")
  assert.equal(decimalText(1200, 0), "1200")
  assert.equal(decimalText(1, 3, ","), "0,001")
})

test("what is written into a field is read back the same", () => {
  for (const how of [english, german, french, yen, dinar]) {
    for (const minor of [0, 1, 9, 10, 99, 100, 1205, 123456, 99999999]) {
      assert.deepEqual(parseMoney(decimalText(minor, how.digits, how.decimal), how), { minor })
      assert.deepEqual(parseMoney(formatMoney(minor, how), how), { minor }, formatMoney(minor, how))
    }
  }
})
