// How things are written for people: in their locale, their time and the mall's currency.

import { formatMoney, notation } from "./money.js"

const locale = navigator.languages?.[0] ?? "en"
let written = notation("EUR", locale)

export function useCurrency(currency) { written = notation(currency, locale) }
export function moneyNotation() { return written }
export function money(minor) { return formatMoney(minor, written) }

const integer = new Intl.NumberFormat(locale)
const plurals = new Intl.PluralRules("en")
const clockTime = new Intl.DateTimeFormat(locale, { hour: "2-digit", minute: "2-digit", hour12: false })
const clockSeconds = new Intl.DateTimeFormat(locale, {
  hour: "2-digit", minute: "2-digit", second: "2-digit", hour12: false,
})
const dayMonth = new Intl.DateTimeFormat(locale, { day: "numeric", month: "short" })
const dayYear = new Intl.DateTimeFormat(locale, { day: "numeric", month: "short", year: "numeric" })

export const count = (number) => integer.format(number)
export const plural = (number, one, many = `${one}s`) =>
  `${count(number)} ${plurals.select(number) === "one" ? one : many}`
export const clock = (iso) => clockSeconds.format(new Date(iso))
export const time = (iso) => clockTime.format(new Date(iso))

/** A day as short as it can be read: no year in the running one. */
export function shortDay(iso, now = new Date()) {
  const date = new Date(iso)
  return date.getFullYear() === now.getFullYear() ? dayMonth.format(date) : dayYear.format(date)
}

/** Today only the time, before that the day and the time. */
export function when(iso, now = new Date()) {
  const date = new Date(iso)
  return date.toDateString() === now.toDateString() ? time(iso) : `${shortDay(iso, now)}, ${time(iso)}`
}

/** A `<time>`: local for the reader, whole in its title. */
export function putTime(element, iso, text = when(iso)) {
  element.dateTime = iso
  element.title = iso
  if (element.textContent !== text) element.textContent = text
}

const STATUS = {
  "pending": "Pending", "rejected": "Rejected", "approved": "Approved", "in-progress": "In progress",
  "ready": "Ready", "completed": "Completed", "canceled": "Canceled",
}
export const statusName = (status) => STATUS[status] ?? status
