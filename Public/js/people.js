// What administrators do with customers, staff, texts, sagas and what could not be delivered.

import { act } from "./act.js"
import { openDialog, showSecret } from "./dialog.js"
import { live } from "./live.js"

export const ROLES = {
  administrator: "Administrator", depot_supervisor: "Depot supervisor", depot_clerk: "Depot clerk", cashier: "Cashier",
  store_manager: "Store manager", auditor: "Auditor",
}
const ROLE_HINTS = {
  administrator: "Everything", depot_supervisor: "Depot, and cancels orders", depot_clerk: "Lists, robots, check-in",
  cashier: "Payments and handing over", store_manager: "The stores chosen below", auditor: "Reads everything",
}
const MAX_STORES = 500

export function setCustomer(value, enabled) {
  openDialog({
    title: `${enabled ? "Enable" : "Disable"} ${value.name}?`,
    text: enabled ? "They can order again." : "They can order no more. Orders already placed are still collected.",
    submit: enabled ? "Enable" : "Disable",
    danger: !enabled,
    done: `${value.name} is ${enabled ? "enabled" : "disabled"}`,
    send: (_, attempt) => attempt.send("PUT", `/admin/api/customers/${value.id}/${enabled ? "enable" : "disable"}`),
  })
}

export const resend = (button, { id }) =>
  act(button, (attempt) => attempt.send("POST", `/admin/api/messages/${id}/resend`), "It is sent once more")

export const retrySaga = (button, { id }) =>
  act(button, (attempt) => attempt.send("POST", `/admin/api/sagas/${id}/retry`), "The step is tried once more")

export function abortSaga({ id, customerName }) {
  openDialog({
    title: `Abort the order of ${customerName ?? "this customer"}?`,
    text: "What was done for it is undone, and the order is rejected.",
    fields: [{ name: "reason", label: "Reason", kind: "long", required: true, max: 500 }],
    submit: "Abort",
    dismiss: "Let it go on",
    danger: true,
    done: "It is being undone",
    send: ({ reason }, attempt) => attempt.send("POST", `/admin/api/sagas/${id}/abort`, { reason }),
  })
}

const letter = ({ consumer, position }) =>
  `/admin/api/ops/dead-letters/${encodeURIComponent(consumer)}/${encodeURIComponent(position)}`

export const replay = (button, value) =>
  act(button, (attempt) => attempt.send("POST", `${letter(value)}/replay`), "It is delivered once more")

export function discard(value) {
  openDialog({
    title: `Discard this message for ${value.consumer}?`,
    text: "It will never be delivered.",
    fields: [{ name: "reason", label: "Reason", kind: "long", required: true, max: 500 }],
    submit: "Discard",
    danger: true,
    done: "Discarded",
    send: ({ reason }, attempt) => attempt.send("POST", `${letter(value)}/discard`, { reason }),
  })
}

/** The stores of the mall, once, for choosing among them. */
function stores() {
  return new Promise((resolve) => {
    const view = live.watch({ topic: "mall", filter: {}, order: "name", limit: MAX_STORES }, () => {
      if (!view.complete && !view.refused) return
      const found = view.rows.sorted().map(({ value: { storeId, name, location } }) =>
        ({ value: storeId, label: name, hint: location }))
      view.close()
      resolve(found)
    })
  })
}

/** Adds an account, or changes `account`. */
export async function putStaff(account, changed) {
  const choices = await stores()
  const fields = [
    { name: "name", label: "Name", required: true, max: 100, value: account?.name ?? "" },
    { name: "password", label: account ? "New password" : "Password", kind: "password", max: 1000,
      hint: account ? "Left empty, it stays as it is." : "Left empty, one is made and shown once." },
    { name: "roles", label: "Roles", kind: "checks", required: true, value: account?.roles ?? [],
      options: Object.entries(ROLES).map(([value, label]) => ({ value, label, hint: ROLE_HINTS[value] })) },
  ]
  if (choices.length > 0) {
    fields.push({ name: "stores", label: "Stores", kind: "checks", value: account?.stores ?? [], options: choices,
      hint: "Only a store manager needs them." })
  }
  if (!account) {
    const hint = "What they sign in with: letters, digits and . - _ @"
    fields.unshift({ name: "user", label: "User", required: true, max: 64, hint })
  }
  openDialog({
    title: account ? `Account of ${account.name}` : "New account",
    fields,
    wide: true,
    submit: account ? "Save" : "Add account",
    done: account ? "Account saved" : "Account added",
    send: async ({ user = account?.user, password, ...rest }, attempt) => {
      const body = { stores: account?.stores ?? [], ...rest, ...(password && { password }) }
      const answer = await attempt.send("PUT", `/admin/api/staff/${encodeURIComponent(user)}`, body)
      changed()
      const words = "It is shown this once. Tell it to nobody else."
      if (answer?.password) showSecret(`The password of ${rest.name}`, words, answer.password)
      return answer ?? {}
    },
  })
}

export function removeStaff(account, changed) {
  openDialog({
    title: `Remove ${account.name}?`,
    text: "They are signed out at once. What they have done stays in the audit log under their name.",
    submit: "Remove account",
    dismiss: "Keep account",
    danger: true,
    done: `${account.name} is removed`,
    send: async (_, attempt) => {
      const answer = await attempt.send("DELETE", `/admin/api/staff/${encodeURIComponent(account.user)}`)
      changed()
      return answer ?? {}
    },
  })
}
