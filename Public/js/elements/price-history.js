// How a price has moved: a line small enough for a row, the figures on request.

import { make } from "../dom.js"
import { money, putTime, when } from "../format.js"
import { openPop } from "../menu.js"

const WIDTH = 64
const HEIGHT = 20
const MAX_POINTS = 24
const SVG = "http://www.w3.org/2000/svg"

customElements.define("price-history", class extends HTMLElement {
  /** The prices, oldest first: [{at, priceMinor}]. */
  set history(history) {
    if (history.length < 2) return this.replaceChildren(make("span", "faint", "No changes"))
    const button = make("button", "spark")
    button.type = "button"
    const changes = history.length - 1
    button.setAttribute("aria-label", `Price history, ${changes} ${changes === 1 ? "change" : "changes"}`)
    button.append(line(history.slice(-MAX_POINTS)), make("span", "", `${changes}×`))
    button.addEventListener("click", () => openPop(button, figures(history), "Price history"))
    this.replaceChildren(button)
  }
})

/** Prices are steps, not slopes. The picture may round; the figures may not. */
function line(history) {
  const prices = history.map(({ priceMinor }) => priceMinor)
  const low = Math.min(...prices)
  const span = Math.max(...prices) - low || 1
  const y = (price) => Math.round(HEIGHT - 2 - ((price - low) * (HEIGHT - 4)) / span)
  const step = (WIDTH - 6) / prices.length
  let path = `M0 ${y(prices[0])}`
  prices.forEach((price, at) => { path += `V${y(price)}H${Math.round((at + 1) * step)}` })
  const svg = document.createElementNS(SVG, "svg")
  svg.setAttribute("viewBox", `0 0 ${WIDTH} ${HEIGHT}`)
  svg.setAttribute("aria-hidden", "true")
  const shape = document.createElementNS(SVG, "path")
  shape.setAttribute("d", path)
  const dot = document.createElementNS(SVG, "circle")
  dot.setAttribute("cx", String(Math.round(prices.length * step)))
  dot.setAttribute("cy", String(y(prices.at(-1))))
  dot.setAttribute("r", "2.5")
  svg.append(shape, dot)
  return svg
}

function figures(history) {
  const list = make("ol", "history numeric")
  list.tabIndex = 0
  history.forEach(({ at, priceMinor }, index) => {
    const item = make("li")
    const time = make("time", "faint")
    putTime(time, at, when(at))
    const before = history[index - 1]?.priceMinor
    const delta = before === undefined ? ""
      : `${priceMinor > before ? "+" : "−"}${money(Math.abs(priceMinor - before))}`
    item.append(time, make("span", "", money(priceMinor)), make("span", "history-delta", delta))
    list.prepend(item)
  })
  return list
}
