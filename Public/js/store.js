// What every screen needs to know: who is logged in and what they may do. The rows belong to the live layer.

import { useCurrency } from "./format.js"

const listeners = new Set()
let session = null

export const store = {
  /** {user, name, roles, currency}, or null when nobody is logged in. */
  get session() { return session },
  set session(value) {
    session = value
    if (value?.currency) useCurrency(value.currency)
    for (const listener of listeners) listener(session)
  },
  watch(listener) {
    listeners.add(listener)
    return () => listeners.delete(listener)
  },
}

const RIGHTS = {
  "cancel-order": ["administrator", "depot_supervisor"],
  "edit-store": ["administrator", "store_manager"],
  "ask-participation": ["store_manager"],
  "decide-participation": ["administrator"],
  "leave": ["administrator", "store_manager"],
}

/** Whether to offer a command. The server decides; this only spares a person a refusal that is certain. */
export function may(right) {
  return session?.roles?.some((role) => RIGHTS[right].includes(role)) ?? false
}
