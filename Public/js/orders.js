// What can be done with an order, wherever it is shown.

import { openDialog } from "./dialog.js"
import { CANCELABLE } from "./filters.js"
import { statusName } from "./format.js"
import { may } from "./store.js"

export const cancelable = (order) => CANCELABLE.has(order.status) && may("cancel-order")

/** `now()` answers the order as it is shown, which may have moved on since. */
export function askCancel(order, now) {
  openDialog({
    title: `Cancel order ${order.number}?`,
    text: `${order.paid ? "The payment is refunded" : "Nothing is charged"}. This can not be undone.`,
    fields: [{ name: "reason", label: "Reason", kind: "long", required: true, max: 500 }],
    submit: "Cancel order",
    dismiss: "Keep order",
    danger: true,
    done: `Order ${order.number} is canceled`,
    meanwhile: () => {
      const { status } = now() ?? order
      return CANCELABLE.has(status) ? null : `It can no longer be canceled: it is ${statusName(status).toLowerCase()}.`
    },
    send: ({ reason }, attempt) => attempt.send("POST", `/admin/api/orders/${order.orderId}/cancel`, { reason }),
  })
}
