// Who did it, in words: "Anna took this payment". The row says who changed it last and by what.

const DEEDS = {
  InvoiceCreated: "opened this invoice", InvoiceAdjusted: "changed the amount", InvoicePaid: "took this payment",
  InvoiceCapturing: "is taking this payment", InvoiceCaptureRefused: "was refused by the card service",
  InvoiceRefunded: "refunded this", InvoiceCanceled: "canceled this invoice",
  ShoppingListAssigned: "assigned this list", ShoppingListStarted: "set out",
  ShoppingListStopReached: "reached a store", ShoppingListItemPicked: "picked goods",
  ShoppingListItemUnavailable: "could not get goods", ShoppingListDelivered: "brought the goods",
  ShoppingListCompleted: "checked this in", ShoppingListReleased: "released this list",
  ShoppingListCanceled: "canceled this list", ShoppingListPutToBay: "moved the goods",
  ShoppingListReturned: "cleared the returns shelf",
  OrderCompleted: "handed this over", OrderCanceled: "canceled this order", OrderPaid: "took this payment",
  OrderReadied: "checked this in", OrderItemsAdjusted: "took off what is missing",
}

const REASONS = { nothing_available: "nothing of it could be had", abandoned: "it was left alone" }

/** A reason as people gave it, or as it is said for one that the mall gave. */
export const reasonWords = (reason) => REASONS[reason] ?? reason

/** The bare name of a message: "paymentsapi.InvoicePaid" is "InvoicePaid". */
export const bare = (action) => action.slice(action.lastIndexOf(".") + 1)

/** A message's name as words: "InvoicePaid" becomes "Invoice paid". */
export function spoken(action) {
  const words = bare(action).replace(/(?<=[a-z0-9])(?=[A-Z])/g, " ").toLowerCase()
  return words.charAt(0).toUpperCase() + words.slice(1)
}

/** "kiosk:entrance" is the kiosk "entrance"; people are called by their own name. */
export function actorName(actor) {
  const [kind, name] = actor.split(/:(.*)/s)
  if (name === undefined) return actor
  return name === "" ? kind : `${kind} ${name}`
}

/** What the last change was, or nothing where no words are known for it. */
export function deed(cause) {
  const words = cause && DEEDS[bare(cause.action)]
  return words ? `${actorName(cause.actor)} ${words}` : null
}
