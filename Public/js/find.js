// What somebody at the desk has typed or scanned: a pickup code, an order's number, a phone number, or part of a name.

const CODE = /^[a-z0-9]{6}$/i
const NUMBER = /^#?\d{1,7}$/
const PHONE = /^\+?[\d\s()/.-]{6,}$/

/** {kind: "none" | "code" | "number" | "phone" | "name", text}: `text` is what the server is asked for. */
export function classify(typed) {
  const text = typed.trim()
  if (text === "") return { kind: "none", text }
  const digits = text.replace(/\D/g, "")
  if (text.startsWith("+") || (text.startsWith("0") && digits.length >= 6 && PHONE.test(text))) {
    return { kind: "phone", text: text.replace(/[\s()/.-]/g, "") }
  }
  if (CODE.test(text) && /\d/.test(text)) return { kind: "code", text: text.toUpperCase() }
  if (NUMBER.test(text)) return { kind: "number", text: text.replace("#", "") }
  if (PHONE.test(text) && digits.length >= 8) return { kind: "phone", text: digits }
  if (CODE.test(text) && text === text.toUpperCase()) return { kind: "code", text }
  return { kind: "name", text }
}

/** Words a customer list is searched by for this number: national spellings lose their leading nought. */
export const phoneWords = (text) => text.replace(/^0+/, "")
