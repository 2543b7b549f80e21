// The keyboard: letters command the screen that is shown, unless the person is writing or a dialog is open.

import { make, slot, stamp, typing } from "./dom.js"
import { SCREENS, sees } from "./rights.js"
import { go } from "./router.js"
import { store } from "./store.js"

const SEQUENCE_MS = 900
let leader = 0

/** `screen()` answers the element that is shown; it may offer `move`, `search`, `dismiss`, `menu` and `top`. */
export function listenToKeys(screen) {
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.metaKey || event.ctrlKey || event.altKey) return
    if (document.querySelector("dialog[open], :popover-open")) return
    if (event.key === "Escape") return escape(event, screen())
    if (typing(event.target)) {
      if (event.key === "ArrowDown" && event.target.type === "search") act(event, () => screen()?.move?.(1))
      return
    }
    if (event.timeStamp - leader < SEQUENCE_MS) {
      leader = 0
      const screen = screens().find((name) => SCREENS[name].key === event.key)
      if (screen) return act(event, () => go(`/${screen}`))
    }
    switch (event.key) {
      case "g": leader = event.timeStamp; break
      case "?": act(event, showKeys); break
      case "/": act(event, () => screen()?.search?.()); break
      case "j": case "ArrowDown": act(event, () => screen()?.move?.(1)); break
      case "k": case "ArrowUp": act(event, () => screen()?.move?.(-1)); break
      case "m": act(event, () => screen()?.menu?.()); break
      case "Home": act(event, () => screen()?.top?.()); break
    }
  })
}

const screens = () => Object.keys(SCREENS).filter((name) => sees(name, store.session?.roles))

export function showKeys() {
  const dialog = stamp("keys")
  slot(dialog, "go").append(...screens().map((name) => {
    const pair = make("span", "keys-pair")
    pair.append(make("kbd", "", "G"), " ", make("kbd", "", SCREENS[name].key.toUpperCase()), ` ${name}`)
    return pair
  }))
  dialog.addEventListener("close", () => dialog.remove())
  dialog.addEventListener("click", ({ target }) => { if (target === dialog) dialog.close() })
  document.body.append(dialog)
  dialog.showModal()
}

function escape(event, screen) {
  if (typing(event.target) && event.target.value !== "" && event.target.type === "search") {
    event.target.value = ""
    event.target.dispatchEvent(new Event("input", { bubbles: true }))
  } else if (typing(event.target)) {
    event.target.blur()
  } else {
    screen?.dismiss?.()
  }
  event.preventDefault()
}

function act(event, what) {
  event.preventDefault()
  what()
}
