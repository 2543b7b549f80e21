// The socket, the timers and nothing else: what to say is the protocol's business.

import { DEAD_AFTER_MS, LATE_AFTER_MS, delay, farewellDelay } from "./backoff.js"

const TICK_MS = 1_000
const SUBPROTOCOL = "mallbots.live.v1"
const CLOSED = { over: 4401, withdrawn: 4403, protocol: 4409, leaving: 4410 }

export class Link {
  status = { state: "idle", attempt: 0 }

  #url
  #heard
  #changed
  #socket = null
  #retry
  #lastHeard = 0

  /** `heard(message)` takes each message; `changed(status)` each change of state. */
  constructor(url, { heard, changed }) {
    this.#url = url
    this.#heard = heard
    this.#changed = changed
    setInterval(() => this.#tick(), TICK_MS)
    addEventListener("online", () => this.wake())
    addEventListener("offline", () => this.#say({ ...this.status, offline: true }))
  }

  connect() {
    if (this.#socket) return
    clearTimeout(this.#retry)
    const socket = new WebSocket(this.#url, [SUBPROTOCOL])
    this.#socket = socket
    this.#lastHeard = Date.now()
    this.#say({ state: "connecting", attempt: this.status.attempt, retryAt: undefined })
    socket.onmessage = ({ data }) => {
      if (socket !== this.#socket) return
      this.#lastHeard = Date.now()
      const message = JSON.parse(data)
      if (message.type === "hello") this.#open(message)
      // Only a commit proves that the feed is alive; an open socket proves nothing.
      if (message.type === "commit" && this.status.attempt > 0) this.#say({ ...this.status, attempt: 0 })
      this.#heard(message)
    }
    socket.onclose = ({ code, reason }) => {
      if (socket === this.#socket) this.#ended(code, reason)
    }
  }

  #open(hello) {
    this.#say({ state: "open", attempt: this.status.attempt, since: Date.now(), hello })
  }

  /** Ends the connection and stays away until `connect`. */
  stop(state = "idle") {
    this.#drop()
    clearTimeout(this.#retry)
    if (this.status.state !== state) this.#say({ state, attempt: 0 })
  }

  send(messages) {
    if (this.#socket?.readyState !== WebSocket.OPEN) return
    for (const message of messages) this.#socket.send(JSON.stringify(message))
  }

  /** Somebody looks at the page, or the network is back: no reason to wait any longer. */
  wake() {
    if (this.status.state === "waiting") this.connect()
    else if (this.#socket && Date.now() - this.#lastHeard > LATE_AFTER_MS) this.#again(0)
  }

  #ended(code, reason) {
    const greeted = this.status.state === "open"
    this.#socket = null
    if (code === CLOSED.over) return this.#say({ state: "over", attempt: 0 })
    const withdrawn = code === CLOSED.withdrawn
    const asked = code === CLOSED.leaving ? farewellDelay(reason) : undefined
    this.#again(asked, { greeted, withdrawn })
  }

  #again(asked, extra = {}) {
    this.#drop()
    clearTimeout(this.#retry)
    const wait = asked ?? delay(this.status.attempt, Math.random())
    this.#retry = setTimeout(() => this.connect(), wait)
    this.#say({ state: "waiting", attempt: this.status.attempt + 1, retryAt: Date.now() + wait, ...extra })
  }

  /** A sleeping computer and a dead network look alike: nothing was heard for longer than the heartbeat allows. */
  #tick() {
    const silent = Date.now() - this.#lastHeard
    if (this.#socket && silent > DEAD_AFTER_MS) this.#again(0)
  }

  #drop() {
    const socket = this.#socket
    this.#socket = null
    socket?.close()
  }

  #say(status) {
    this.status = status
    this.#changed(status)
  }
}
