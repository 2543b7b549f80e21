import assert from "node:assert/strict"
import { test } from "node:test"
import { change, coveredByCard, delta, drawer, lacking, outcome, refundable, standing } from "../../Public/js/paying.js"

const invoice = (more) => ({ status: "pending", amountMinor: 3615, authorizedMinor: 3615, ...more })

test("a payment may be taken at the amount that was agreed, and at no other", () => {
  assert.equal(standing(invoice(), 3615), "ready")
  assert.equal(standing(invoice({ amountMinor: 2410 }), 3615), "changed")
  assert.equal(standing(invoice({ amountMinor: 2410 }), 2410), "ready")
})

test("whoever pays first leaves nothing to take", () => {
  for (const status of ["paid", "canceled", "refunded"]) assert.equal(standing(invoice({ status }), 3615), "over")
  assert.equal(standing(invoice({ status: "capturing" }), 3615), "capturing")
  assert.equal(standing(undefined, 3615), "over")
})

test("a change of the amount has a sign", () => {
  assert.equal(delta(3615, 2410), -1205)
  assert.equal(delta(2410, 3615), 1205)
})

test("the card of the kiosk pays what it stands for", () => {
  assert.equal(coveredByCard(invoice()), true)
  assert.equal(coveredByCard(invoice({ authorizedMinor: 3614 })), false)
})

test("as long as the card service has not answered nothing has come of it", () => {
  assert.equal(outcome(invoice({ status: "capturing" })), null)
  assert.equal(outcome(invoice()), null)
  assert.deepEqual(outcome(invoice({ lastRefusal: "expired" })), { refused: "expired" })
  assert.deepEqual(outcome(invoice({ status: "paid" })), { paid: true })
  assert.deepEqual(outcome(invoice({ status: "canceled" })), { over: true })
})

test("no more is given back than was paid", () => {
  assert.equal(refundable({ status: "paid", paidMinor: 3615, refundedMinor: 1205 }), 2410)
  assert.equal(refundable({ status: "refunded", paidMinor: 3615, refundedMinor: 3615 }), 0)
  assert.equal(refundable(invoice()), 0)
})

test("change is given only of enough", () => {
  assert.equal(change(5000, 3615), 1385)
  assert.equal(change(3615, 3615), 0)
  assert.equal(change(3614, 3615), null)
})

test("a drawer says what is missing only after it was counted", () => {
  assert.deepEqual(drawer({ floatMinor: 10000, expectedMinor: 13615 }), { takenMinor: 3615, differenceMinor: null })
  assert.equal(drawer({ floatMinor: 10000, expectedMinor: 13615, countedMinor: 13415 }).differenceMinor, -200)
  assert.equal(drawer({ floatMinor: 0, expectedMinor: 0, countedMinor: 0 }).differenceMinor, 0)
})

test("goods are handed over when they are collected and paid, and until then it is said what lacks", () => {
  assert.deepEqual(lacking({ status: "ready", paid: true }), [])
  assert.deepEqual(lacking({ status: "ready", paid: false }), ["not paid"])
  assert.deepEqual(lacking({ status: "in-progress", paid: true }), ["not collected"])
  assert.deepEqual(lacking({ status: "approved", paid: false }), ["not collected", "not paid"])
})
