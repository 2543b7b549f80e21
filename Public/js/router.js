// Where the person is: the address decides, links and history change it, nothing is loaded again.

const listeners = new Set()

/** The screen is empty where the address names none: then everybody begins where their roles have them begin. */
export function place() {
  const [, screen = "", id = null] = location.pathname.split("/")
  return { screen: screen === "login" ? "" : screen, id: id || null, params: new URLSearchParams(location.search) }
}

export function go(path, { replace = false } = {}) {
  if (path === location.pathname + location.search) return
  history[replace ? "replaceState" : "pushState"](null, "", path)
  moved()
}

export function onMove(listener) {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

export function startRouter() {
  addEventListener("popstate", moved)
  document.addEventListener("click", (event) => {
    if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey ||
      event.shiftKey || event.altKey) return
    const link = event.target.closest?.("a[href^='/']")
    if (!link || link.target || link.hasAttribute("download")) return
    event.preventDefault()
    go(link.getAttribute("href"))
  })
}

function moved() {
  const here = place()
  for (const listener of listeners) listener(here)
}
