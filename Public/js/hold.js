// While a person selects text, presses a button or has a menu open, what they look at must not move.

const reasons = new Set()
const listeners = new Set()

export const hold = {
  get active() { return reasons.size > 0 },
  begin(reason) { change(() => reasons.add(reason)) },
  end(reason) { change(() => reasons.delete(reason)) },
  /** The person asked to see the changes: whatever held them is over. */
  release() {
    getSelection()?.removeAllRanges()
    change(() => reasons.clear())
  },
  /** Calls back when holding begins or ends. */
  watch(listener) {
    listeners.add(listener)
    return () => listeners.delete(listener)
  },
}

function change(act) {
  const before = reasons.size > 0
  act()
  if (before !== reasons.size > 0) for (const listener of listeners) listener()
}

const holding = (node) => (node instanceof Element ? node : node?.parentElement)?.closest("[data-holds]")

export function holdWhileBusy() {
  document.addEventListener("selectionchange", () => {
    const selection = getSelection()
    const busy = selection && !selection.isCollapsed && holding(selection.anchorNode)
    busy ? hold.begin("selection") : hold.end("selection")
  })
  document.addEventListener("pointerdown", ({ target }) => { if (holding(target)) hold.begin("press") })
  for (const end of ["pointerup", "pointercancel", "blur"]) {
    // After the click that follows the release, or the row would have moved away from under it.
    addEventListener(end, () => setTimeout(() => hold.end("press")))
  }
  document.addEventListener("toggle", (event) => {
    if (!event.target.matches?.("[popover][data-menu]")) return
    event.newState === "open" ? hold.begin("menu") : hold.end("menu")
  }, true)
}
