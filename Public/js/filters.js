// The filters of the orders screen: what the address says, what the person sees, what the server is asked.

export const STATUSES = ["pending", "approved", "in-progress", "ready", "completed", "canceled", "rejected"]
export const CANCELABLE = new Set(["pending", "approved", "in-progress", "ready"])
const MAX_TEXT = 100

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i
const amount = /^\d{1,12}$/

/** Reads filters from the address. What makes no sense there is left out and never sent. */
export function fromParams(params) {
  const filters = {}
  const status = (params.get("status") ?? "").split(",").filter((name) => STATUSES.includes(name))
  if (status.length > 0) filters.status = STATUSES.filter((name) => status.includes(name))
  for (const name of ["store", "product", "customer"]) {
    if (uuid.test(params.get(name) ?? "")) filters[name] = params.get(name).toLowerCase()
  }
  for (const name of ["from", "to"]) if (isDay(params.get(name))) filters[name] = params.get(name)
  for (const name of ["min", "max"]) if (amount.test(params.get(name) ?? "")) filters[name] = Number(params.get(name))
  const text = (params.get("q") ?? "").trim().slice(0, MAX_TEXT)
  if (text) filters.text = text
  return filters
}

/** Writes filters as the address's query, in one order, so that equal filters are one address. */
export function toParams(filters) {
  const params = new URLSearchParams()
  if (filters.status?.length) params.set("status", STATUSES.filter((name) => filters.status.includes(name)).join(","))
  for (const name of ["store", "product", "customer", "from", "to", "min", "max"]) {
    if (filters[name] !== undefined && filters[name] !== "") params.set(name, filters[name])
  }
  if (filters.text) params.set("q", filters.text)
  return params
}

/** The filter of the `orders` topic. Days are the person's own: midnight to midnight where they are. */
export function toQuery(filters) {
  const { status, store, product, customer, from, to, min, max, text } = filters
  const query = { status, store, product, customer }
  if (from) query.from = midnight(from, 0)
  if (to) query.to = midnight(to, 1)
  if (min !== undefined) query.minTotalMinor = min
  if (max !== undefined) query.maxTotalMinor = max
  if (text) query.text = text
  return Object.fromEntries(Object.entries(query).filter(([, value]) => value !== undefined))
}

/** The address query as text, with its question mark, or nothing. */
export function search(filters) {
  const text = toParams(filters).toString().replaceAll("%2C", ",")
  return text ? `?${text}` : ""
}

export function isDay(text) {
  const parts = /^(\d{4})-(\d{2})-(\d{2})$/.exec(text ?? "")
  if (!parts) return false
  const date = new Date(Number(parts[1]), Number(parts[2]) - 1, Number(parts[3]))
  return day(date) === text
}

export function day(date) {
  const pad = (number) => String(number).padStart(2, "0")
  return `${date.getFullYear()}-${pad(date.getMonth() + 1)}-${pad(date.getDate())}`
}

function midnight(text, later) {
  const [year, month, date] = text.split("-").map(Number)
  return new Date(year, month - 1, date + later).toISOString()
}
