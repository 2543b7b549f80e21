import assert from "node:assert/strict"
import { test } from "node:test"
import { actorName, bare, deed, reasonWords, spoken } from "../../Public/js/causes.js"
import { SCREENS, allowed, home, sees } from "../../Public/js/rights.js"

const screens = (...roles) => Object.keys(SCREENS).filter((screen) => sees(screen, roles))

test("everybody is offered the screens of their roles, and no others", () => {
  assert.deepEqual(screens("store_manager"), ["orders", "stores"])
  assert.deepEqual(screens("depot_clerk"), ["depot", "pickup"])
  assert.deepEqual(screens("depot_supervisor"), ["depot", "pickup", "orders"])
  assert.deepEqual(screens("cashier"), ["pickup", "payments", "customers"])
  assert.deepEqual(screens("cashier", "depot_clerk"), ["depot", "pickup", "payments", "customers"])
  assert.deepEqual(screens("administrator"), Object.keys(SCREENS))
  assert.deepEqual(screens("auditor"), Object.keys(SCREENS))
  assert.deepEqual(screens(), [])
})

test("everybody begins at a screen they may see", () => {
  for (const role of ["store_manager", "depot_clerk", "depot_supervisor", "cashier", "administrator", "auditor"]) {
    assert.equal(sees(home([role]), [role]), true, role)
  }
  assert.deepEqual([["depot_clerk"], ["cashier"], ["administrator"]].map(home), ["depot", "pickup", "orders"])
})

test("each screen has a letter of its own", () => {
  const keys = Object.values(SCREENS).map(({ key }) => key)
  assert.equal(new Set(keys).size, keys.length)
})

test("an auditor is offered nothing that changes anything, a clerk no money, a cashier no cancel", () => {
  for (const right of ["cancel-order", "work-depot", "take-payment", "hand-over", "mend", "resend", "manage-staff"]) {
    assert.equal(allowed(right, ["auditor"]), false, right)
  }
  assert.equal(allowed("take-payment", ["depot_clerk"]), false)
  assert.equal(allowed("cancel-order", ["cashier"]), false)
  assert.equal(allowed("hand-over", ["cashier"]), true)
  assert.equal(allowed("take-payment", undefined), false)
})

test("the last change is told in words, by whoever made it", () => {
  assert.equal(deed({ actor: "anna", action: "paymentsapi.InvoicePaid" }), "anna took this payment")
  assert.equal(deed({ actor: "robot:R2", action: "depotapi.ShoppingListDelivered" }), "robot R2 brought the goods")
  assert.equal(deed({ actor: "anna", action: "x.Unheard" }), null)
  assert.equal(deed(undefined), null)
})

test("names of messages and actors are made readable", () => {
  assert.equal(bare("paymentsapi.InvoicePaid"), "InvoicePaid")
  assert.equal(spoken("depotapi.ShoppingListPutToBay"), "Shopping list put to bay")
  assert.equal(actorName("kiosk:entrance"), "kiosk entrance")
  assert.equal(actorName("anna"), "anna")
  assert.equal(reasonWords("nothing_available"), "nothing of it could be had")
  assert.equal(reasonWords("The customer called"), "The customer called")
})
