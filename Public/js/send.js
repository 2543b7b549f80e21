// Commands and queries over HTTP. A command that may have arrived is repeated with the same key, never with another.

const ATTEMPTS = 4
const PAUSES_MS = [300, 900, 2_000]
const TIMEOUT_MS = 15_000

/** The server said no, in one of its kinds, or nobody could be asked (`code` "offline"). */
export class Refusal extends Error {
  constructor({ code, message, field, correlationId, status }) {
    super(message)
    Object.assign(this, { name: "Refusal", code, field, correlationId, status })
  }
}

/** One intention of a person. Pressing the button again after a failure repeats it; a changed form is a new one. */
export class Attempt {
  #key = null
  #said = null

  async send(method, path, body) {
    const said = `${method} ${path} ${JSON.stringify(body ?? null)}`
    if (said !== this.#said) this.#key = uuid()
    this.#said = said
    try {
      const answer = await request(method, path, body, { "Idempotency-Key": this.#key })
      this.#said = null
      return answer
    } catch (error) {
      // Only a definite answer ends the attempt; after anything else the command may still have happened.
      if (error instanceof Refusal && error.status >= 400 && error.status < 500) this.#said = null
      throw error
    }
  }
}

export function send(method, path, body) {
  return new Attempt().send(method, path, body)
}

export function ask(path) {
  return request("GET", path)
}

/** Heard when the server no longer knows the session. */
export const session = new EventTarget()

async function request(method, path, body, headers = {}) {
  for (let attempt = 0; ; attempt += 1) {
    let response
    try {
      response = await fetch(path, {
        method,
        headers: body === undefined ? headers : { ...headers, "Content-Type": "application/json" },
        body: body === undefined ? undefined : JSON.stringify(body),
        credentials: "same-origin",
        signal: AbortSignal.timeout(TIMEOUT_MS),
      })
    } catch {
      if (attempt + 1 < ATTEMPTS) { await pause(attempt); continue }
      throw new Refusal({ code: "offline", message: "The server could not be reached. Nothing is lost: try again." })
    }
    if ([502, 503, 504].includes(response.status) && attempt + 1 < ATTEMPTS) { await pause(attempt); continue }
    if (response.status === 204) return null
    const said = await response.json().catch(() => null)
    if (response.ok) return said
    if (response.status === 401 && path !== "/admin/api/session") session.dispatchEvent(new Event("over"))
    throw new Refusal({
      code: said?.code ?? "internal",
      message: said?.message ?? `The server answered ${response.status}.`,
      field: said?.field,
      correlationId: said?.correlationId,
      status: response.status,
    })
  }
}

function pause(attempt) {
  return new Promise((resolve) => setTimeout(resolve, PAUSES_MS[attempt] * (0.5 + Math.random())))
}

/** A random UUID, also where the page is not served securely and `randomUUID` is missing. */
export function uuid() {
  if (crypto.randomUUID) return crypto.randomUUID()
  const bytes = crypto.getRandomValues(new Uint8Array(16))
  bytes[6] = (bytes[6] & 0x0f) | 0x40
  bytes[8] = (bytes[8] & 0x3f) | 0x80
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("")
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5")
}
