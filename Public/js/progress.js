// How far a list is, how long something has been as it is, and what a clerk counted. Whole numbers in, words out.

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

/** From this age on a list that stands still is marked. */
export const LATE_MS = { available: 5 * MINUTE, pending: 2 * MINUTE, assigned: 5 * MINUTE, delivered: 5 * MINUTE,
  active: 15 * MINUTE }

/** An age in as few words as tell it: "12 s", "4 min", "1 h 20 min", "3 d". A clock that is ahead makes none. */
export function age(ms) {
  if (!(ms >= 1000)) return "now"
  if (ms < MINUTE) return `${Math.floor(ms / 1000)} s`
  if (ms < HOUR) return `${Math.floor(ms / MINUTE)} min`
  if (ms < DAY) {
    const minutes = Math.floor((ms % HOUR) / MINUTE)
    return `${Math.floor(ms / HOUR)} h${minutes > 0 ? ` ${minutes} min` : ""}`
  }
  return `${Math.floor(ms / DAY)} d`
}

export const isLate = ({ status, since }, now) =>
  since !== undefined && now - Date.parse(since) >= (LATE_MS[status] ?? Infinity)

/** Of all units ordered: how many are settled, picked or known to be missing. */
export function progress({ ordered = 0, picked = 0, missing = 0 }) {
  const settled = Math.min(ordered, picked + missing)
  const percent = ordered > 0 ? Math.floor((settled * 100) / ordered) : 0
  return { ordered, picked, missing, settled, percent }
}

/** The sections of the depot's board, what needs a person first. A list is in exactly one, or in none. */
export const SECTIONS = ["delivered", "clerk", "waiting", "assigned", "active"]

export function section({ status, needsClerk }) {
  switch (status) {
    case "delivered": return "delivered"
    case "pending": return "waiting"
    case "available": return needsClerk ? "clerk" : "waiting"
    case "assigned": return "assigned"
    case "active": return "active"
    default: return null
  }
}

/** Whether a list is meant by all of these words: its name, its robot, its bay, its stores or its goods. */
export function named(words, name, { botName = "", bay = "", stops = [] }) {
  const said = [name, botName, bay, ...stops.flatMap(({ storeName, location, lines }) =>
    [storeName, location, ...lines.map(({ productName }) => productName)])].join("\n").toLowerCase()
  return words.toLowerCase().split(/\s+/).every((word) => said.includes(word))
}

/** The lines of a list for counting: the robot's own report is what the clerk begins with. */
export function countable({ stops = [] }) {
  return stops.flatMap(({ storeId, storeName, lines }) => lines.map((line) => ({
    storeId, storeName, productId: line.productId, productName: line.productName,
    ordered: line.ordered, reported: line.picked, counted: line.picked,
  })))
}

/** A count as it was written: a whole number from none to all that was ordered, or null. */
export function readCount(text, ordered) {
  const said = String(text).trim()
  if (!/^\d{1,4}$/.test(said)) return null
  const counted = Number(said)
  return counted <= ordered ? counted : null
}

/** What the counts add up to. */
export function tally(lines) {
  const ordered = lines.reduce((sum, line) => sum + line.ordered, 0)
  const counted = lines.reduce((sum, line) => sum + line.counted, 0)
  const short = lines.filter((line) => line.counted < line.ordered)
  const differing = lines.filter((line) => line.counted !== line.reported)
  return { ordered, counted, missing: ordered - counted, short: short.length, differing: differing.length }
}

/** The body of the command: every line is named, so that the clerk's count is what was on the screen. */
export const counts = (lines) =>
  lines.map(({ productId, storeId, counted }) => ({ productId, storeId, quantity: counted }))
