// Who is offered what. The server decides; this only spares a person a refusal that is certain.

const WATCHERS = ["administrator", "auditor"]

/** The screens in the order they are offered, the letter that leads to each, and the roles that see it. */
export const SCREENS = {
  depot: { key: "d", roles: [...WATCHERS, "depot_clerk", "depot_supervisor"] },
  pickup: { key: "p", roles: [...WATCHERS, "cashier", "depot_clerk", "depot_supervisor"] },
  payments: { key: "i", roles: [...WATCHERS, "cashier"] },
  orders: { key: "o", roles: [...WATCHERS, "depot_supervisor", "store_manager"] },
  stores: { key: "s", roles: [...WATCHERS, "store_manager"] },
  customers: { key: "c", roles: [...WATCHERS, "cashier"] },
  messages: { key: "m", roles: WATCHERS },
  sagas: { key: "w", roles: WATCHERS },
  audit: { key: "a", roles: WATCHERS },
  staff: { key: "t", roles: WATCHERS },
}

const RIGHTS = {
  "cancel-order": ["administrator", "depot_supervisor"],
  "edit-store": ["administrator", "store_manager"],
  "ask-participation": ["store_manager"],
  "decide-participation": ["administrator"],
  "leave": ["administrator", "store_manager"],
  "work-depot": ["administrator", "depot_clerk", "depot_supervisor"],
  "register-robot": ["administrator"],
  "take-payment": ["administrator", "cashier"],
  "refund": ["administrator", "cashier", "depot_supervisor"],
  "hand-over": ["administrator", "cashier"],
  "find-by-phone": [...WATCHERS, "cashier"],
  "correct-phone": ["administrator", "cashier"],
  "enable-customer": ["administrator"],
  "resend": ["administrator"],
  "mend": ["administrator"],
  "manage-staff": ["administrator"],
  "export-audit": WATCHERS,
}

const oneOf = (roles, wanted) => roles?.some((role) => wanted.includes(role)) ?? false

export const allowed = (right, roles) => oneOf(roles, RIGHTS[right])
export const sees = (screen, roles) => oneOf(roles, SCREENS[screen]?.roles ?? [])

/** Where somebody begins their day. Who sees all begins with the orders. */
export function home(roles) {
  if (oneOf(roles, [...WATCHERS, "store_manager"])) return "orders"
  if (oneOf(roles, ["depot_clerk", "depot_supervisor"])) return "depot"
  return Object.keys(SCREENS).find((screen) => sees(screen, roles)) ?? "orders"
}
