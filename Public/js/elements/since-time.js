// How long something has been as it is. All of them move together, a few times a minute.

import { text } from "../dom.js"
import { when } from "../format.js"
import { age } from "../progress.js"

const TICK_MS = 5_000
const shown = new Set()
let timer

customElements.define("since-time", class extends HTMLElement {
  #since

  connectedCallback() {
    shown.add(this)
    timer ??= setInterval(() => { for (const each of shown) each.render() }, TICK_MS)
  }

  disconnectedCallback() {
    shown.delete(this)
    if (shown.size === 0) {
      clearInterval(timer)
      timer = undefined
    }
  }

  /** The moment it began, or nothing. */
  set since(iso) {
    this.#since = iso
    this.title = iso ? when(iso) : ""
    this.render()
  }

  render() {
    const since = this.#since ? age(Date.now() - Date.parse(this.#since)) : ""
    text(this, since)
    this.toggleAttribute("data-now", since === "now")
  }
})
