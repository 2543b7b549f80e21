// What is due, what may be given back, and whether a cashier may still confirm. Minor units; nothing here is rounded.

export const METHODS = { card_on_file: "Card on file", card: "Card", cash: "Cash" }

/** How much less, or more, is due than was: minor units with their sign. */
export const delta = (before, now) => now - before

/**
 * Where a payment stands for somebody who has the dialog open. `agreed` is the amount they told the customer:
 *  - `ready`: it may be taken;
 *  - `changed`: another amount is due now, and nobody has agreed to it;
 *  - `capturing`: the card service has been asked;
 *  - `over`: nothing is due any more.
 */
export function standing(invoice, agreed) {
  if (!invoice) return "over"
  if (invoice.status === "capturing") return "capturing"
  if (invoice.status !== "pending") return "over"
  return invoice.amountMinor === agreed ? "ready" : "changed"
}

/** The card of the kiosk stands for so much and no more. */
export const coveredByCard = ({ amountMinor, authorizedMinor }) =>
  authorizedMinor === undefined || amountMinor <= authorizedMinor

/** What came of asking the card service, once it has answered: null as long as it has not. */
export function outcome(invoice) {
  if (!invoice) return { over: true }
  if (invoice.status === "capturing") return null
  if (invoice.status === "paid") return { paid: true }
  if (invoice.status === "pending" && invoice.lastRefusal) return { refused: invoice.lastRefusal }
  return invoice.status === "pending" ? null : { over: true }
}

/** What can still be given back of what was paid. */
export const refundable = ({ status, paidMinor = 0, refundedMinor = 0 }) =>
  status === "paid" ? Math.max(0, paidMinor - refundedMinor) : 0

/** What the customer gets back of the notes they hand over; null while they are not enough. */
export const change = (givenMinor, amountMinor) => givenMinor >= amountMinor ? givenMinor - amountMinor : null

/** A shift in figures: cash that moved, and what is missing or too much once it was counted. */
export function drawer({ floatMinor, expectedMinor, countedMinor }) {
  return {
    takenMinor: expectedMinor - floatMinor,
    differenceMinor: countedMinor === undefined || countedMinor === null ? null : countedMinor - expectedMinor,
  }
}

/** Why goods can not be handed over yet, in the order it is settled; nothing when they can. */
export function lacking({ status, paid }) {
  const words = []
  if (status !== "ready") words.push("not collected")
  if (!paid) words.push("not paid")
  return words
}
