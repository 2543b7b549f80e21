// What every screen needs to know: who is logged in and what they may do. The rows belong to the live layer.

import { useCurrency } from "./format.js"
import { allowed } from "./rights.js"

const listeners = new Set()
let session = null

export const store = {
  /** {user, name, roles, stores, currency}, or null when nobody is logged in. */
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

/** Whether to offer a command to whoever is logged in. */
export const may = (right) => allowed(right, session?.roles)
