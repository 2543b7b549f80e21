// A list to choose one thing from by typing: the content of a filter's popover.

import { icon, make, stamp } from "../dom.js"

const MAX_SHOWN = 50

/**
 * `options(text)` answers, perhaps later, a list of {id, label, hint}; `pick(option)` hears the choice,
 * null when cleared.
 */
export function pickList({ label, chosen, options, pick }) {
  const root = stamp("pick-list")
  const input = root.querySelector("input")
  const list = root.querySelector("[role=listbox]")
  const empty = root.querySelector(".pick-empty")
  let shown = []
  let active = 0
  let asked = 0
  input.placeholder = label
  input.setAttribute("aria-label", label)
  list.setAttribute("aria-label", label)
  list.id = "pick-options"
  input.setAttribute("aria-controls", list.id)

  const mark = (index) => {
    active = Math.max(0, Math.min(shown.length - 1, index))
    ;[...list.children].forEach((node, at) => {
      node.classList.toggle("is-active", at === active)
      node.setAttribute("aria-selected", String(at === active))
      if (at === active) node.scrollIntoView({ block: "nearest" })
    })
    if (shown.length > 0) input.setAttribute("aria-activedescendant", `pick-${active}`)
    else input.removeAttribute("aria-activedescendant")
  }
  const load = async () => {
    const turn = ++asked
    const text = input.value.trim()
    let found = []
    let words = "Nothing found"
    try {
      found = await options(text)
    } catch (error) {
      words = error.message
    }
    if (turn !== asked) return
    shown = found.slice(0, MAX_SHOWN)
    if (chosen && text === "") shown.unshift({ id: null, label: "Any" })
    list.replaceChildren(...shown.map((option, at) => {
      const node = make("div", "pick-option", option.label)
      node.id = `pick-${at}`
      node.setAttribute("role", "option")
      if (option.hint) node.append(make("span", "faint", option.hint))
      if (option.id && option.id === chosen) node.append(icon("check"))
      node.addEventListener("click", () => pick(option.id ? option : null))
      node.addEventListener("pointermove", () => { if (at !== active) mark(at) })
      return node
    }))
    empty.hidden = shown.length > 0
    empty.textContent = words
    mark(0)
  }
  input.addEventListener("input", load)
  input.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown") mark(active + 1)
    else if (event.key === "ArrowUp") mark(active - 1)
    else if (event.key === "Enter" && shown[active]) pick(shown[active].id ? shown[active] : null)
    else return
    event.preventDefault()
  })
  load()
  return { root, reload: load }
}
