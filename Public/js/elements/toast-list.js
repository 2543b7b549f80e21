// Short confirmations. They never carry what a person must not miss.

import { make } from "../dom.js"

const STAY_MS = 4_500
const MAX_TOASTS = 3

customElements.define("toast-list", class extends HTMLElement {
  connectedCallback() {
    this.setAttribute("role", "status")
    this.setAttribute("aria-live", "polite")
  }
})

export function toast(words) {
  const list = document.querySelector("toast-list")
  const node = make("div", "toast", words)
  list.append(node)
  while (list.children.length > MAX_TOASTS) list.firstElementChild.remove()
  setTimeout(() => node.remove(), STAY_MS)
}
