// Short confirmations and refusals. They never carry what a person must not miss.

import { make } from "../dom.js"

const STAY_MS = 4_500
/** A refusal takes longer to read and to understand. */
const STAY_BAD_MS = 9_000
const MAX_TOASTS = 3

customElements.define("toast-list", class extends HTMLElement {
  connectedCallback() {
    this.setAttribute("role", "status")
    this.setAttribute("aria-live", "polite")
  }
})

export function toast(words, { bad = false } = {}) {
  const list = document.querySelector("toast-list")
  const node = make("div", `toast${bad ? " is-bad" : ""}`, words)
  list.append(node)
  while (list.children.length > MAX_TOASTS) list.firstElementChild.remove()
  setTimeout(() => node.remove(), bad ? STAY_BAD_MS : STAY_MS)
}
