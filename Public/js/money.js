// Money is an integer of minor units. Text becomes digits and digits become text; no fraction is ever computed.

export const MAX_PRICE_MINOR = 99_999_999
const MAX_DIGITS = 15

/** How a locale writes amounts of a currency. */
export function notation(currency, locale) {
  const format = new Intl.NumberFormat(locale, { style: "currency", currency })
  const parts = format.formatToParts(-1234567.5)
  const find = (type, otherwise) => parts.find((part) => part.type === type)?.value ?? otherwise
  const digits = format.resolvedOptions().maximumFractionDigits
  const plain = new Intl.NumberFormat(locale).formatToParts(1234567.5)
  const decimal = find("decimal", plain.find((part) => part.type === "decimal")?.value ?? ".")
  return { currency, locale, digits, decimal, group: find("group", ""), symbol: find("currency", currency), format }
}

/**
 * Reads an amount in major units into minor ones: `{minor}` or `{error}` with
 * "empty", "malformed", "precision" or "range".
 * Both separators are understood where they cannot be mistaken; "1.234" where a dot groups is 1234 and not 1.234.
 */
export function parseMoney(text, { digits, decimal, group, symbol, currency }) {
  const bare = text.replace(symbol, "").replace(currency, "").replace(/[\s\u00a0\u202f'’]|\p{Sc}/gu, "")
  if (bare === "") return { error: "empty" }
  if (!/^[\d.,]+$/.test(bare)) return { error: "malformed" }
  const mark = decimalMark(bare, decimal, group)
  if (mark === null) return { error: "malformed" }
  const at = mark ? bare.lastIndexOf(mark) : bare.length
  const whole = bare.slice(0, at)
  const fraction = bare.slice(at + 1)
  if (!/^\d*$/.test(fraction) ||
      !(/^\d*$/.test(whole) || /^\d{1,3}([.,]\d{3})+$/.test(whole))) return { error: "malformed" }
  if (mark && whole.includes(mark)) return { error: "malformed" }
  if (whole === "" && fraction === "") return { error: "malformed" }
  if (fraction.length > digits) return { error: "precision" }
  const all = (whole.replace(/\D/g, "") + fraction.padEnd(digits, "0")).replace(/^0+(?=\d)/, "")
  if (all.length > MAX_DIGITS) return { error: "range" }
  return { minor: Number(all || "0") }
}

/** The character that ends the whole units, "" when there is none, null when nobody could say. */
function decimalMark(text, decimal, group) {
  if (text.includes(decimal)) return text.indexOf(decimal) === text.lastIndexOf(decimal) ? decimal : null
  const other = decimal === "," ? "." : ","
  const parts = text.split(other)
  if (parts.length === 1) return ""
  const grouped = parts[0].length > 0 && parts[0].length <= 3 && parts.slice(1).every((part) => part.length === 3)
  if (grouped && (group === other || parts.length > 2)) return ""
  return parts.length === 2 && parts[1].length !== 3 ? other : null
}

/** Minor units as a plain decimal: 1205 becomes "12.05". */
export function decimalText(minor, digits, mark = ".") {
  const sign = minor < 0 ? "-" : ""
  const all = String(Math.abs(minor)).padStart(digits + 1, "0")
  return digits === 0 ? sign + all : `${sign}${all.slice(0, -digits)}${mark}${all.slice(-digits)}`
}

/** `Intl` formats decimal text exactly, so that no amount passes through a binary fraction. */
export function formatMoney(minor, { format, digits }) {
  return format.format(decimalText(minor, digits))
}
