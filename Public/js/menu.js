// Popovers: menus of commands and the small forms of filters. One is open at a time;
// Escape and a click outside close it.

import { icon, make } from "./dom.js"

const EDGE = 8

/** Opens a menu under a button. `items` are {label, act, danger, checked}, or null for a rule. */
export function openMenu(button, { title, items }) {
  const menu = make("div", "menu")
  menu.popover = "auto"
  menu.dataset.menu = ""
  menu.setAttribute("role", "menu")
  if (title) menu.append(make("div", "menu-title", title))
  for (const item of items) {
    if (!item) { menu.append(make("hr", "menu-rule")); continue }
    const node = make("button", `menu-item${item.danger ? " is-danger" : ""}`)
    node.type = "button"
    node.setAttribute("role", item.checked === undefined ? "menuitem" : "menuitemradio")
    if (item.checked !== undefined) node.setAttribute("aria-checked", String(item.checked))
    node.append(make("span", "", item.label))
    if (item.checked) node.append(icon("check"))
    node.addEventListener("click", () => {
      menu.hidePopover()
      item.act()
    })
    menu.append(node)
  }
  menu.addEventListener("keydown", (event) => {
    const nodes = [...menu.querySelectorAll(".menu-item")]
    const at = nodes.indexOf(document.activeElement)
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: -1 }[event.key]
    if (to === undefined) return
    event.preventDefault()
    nodes.at(to % nodes.length).focus()
  })
  show(menu, button)
  menu.querySelector(".menu-item")?.focus()
}

/** Opens a popover with any content under a button. Answers a function that closes it. */
export function openPop(button, content, label) {
  const pop = make("div", "pop")
  pop.popover = "auto"
  pop.setAttribute("role", "dialog")
  pop.setAttribute("aria-label", label)
  pop.append(content)
  show(pop, button)
  pop.querySelector("input, button")?.focus()
  return () => pop.hidePopover()
}

function show(pop, button) {
  // Not inside a row or a filter: those are clipped, and may be rendered away while the popover is open.
  document.body.append(pop)
  pop.addEventListener("toggle", ({ newState }) => {
    if (newState !== "closed") return
    button.removeAttribute("aria-expanded")
    if (pop.contains(document.activeElement) || document.activeElement === document.body) button.focus()
    pop.remove()
  })
  button.setAttribute("aria-expanded", "true")
  pop.showPopover()
  const at = button.getBoundingClientRect()
  const { width, height } = pop.getBoundingClientRect()
  const right = at.width < 60 ? at.right - width : at.left
  const below = at.bottom + 4
  pop.style.left = `${Math.max(EDGE, Math.min(right, innerWidth - width - EDGE))}px`
  pop.style.top = `${below + height > innerHeight - EDGE ? Math.max(EDGE, at.top - height - 4) : below}px`
}
