// One list: its robot, its stops and lines, and what has become of each.

import { reasonWords } from "../causes.js"
import { fill, make, slot, stamp, text } from "../dom.js"
import {
  askAssign, askBay, askCheckIn, askRelease, assignable, clearReturns, clearable, countsIn, listName, listStanding,
  movable, releasable,
} from "../depot.js"
import { plural, putTime, time } from "../format.js"
import { Panel } from "../panel.js"
import { progress } from "../progress.js"
import { sees } from "../rights.js"
import { store } from "../store.js"

customElements.define("list-panel", class extends Panel {
  get screen() { return "depot" }
  get noun() { return "list" }
  get detail() { return "list-detail" }

  ask(id) { return { topic: "lists", filter: { order: id }, order: "createdAt", limit: 10 } }
  titled(value) { return `List ${listName(value)}` }
  pill(value) { return listStanding(value) }
  missing() { return ["There is no such list", "An order has one from its approval on.", "lost"] }

  write(detail, value) {
    const { settled, ordered, picked, missing, percent } = progress(value)
    const reason = slot(detail, "reason")
    reason.hidden = !value.reason
    if (value.reason) text(reason, reasonWords(value.reason))
    const alarm = slot(detail, "alarm")
    alarm.hidden = !(value.needsClerk && value.status === "available")
    fill(detail, {
      robot: value.botName ?? "None", attempts: String(value.attempts ?? 0), bay: value.bay ?? "None",
      done: `${settled} of ${ordered} settled · ${picked} picked${missing > 0 ? ` · ${missing} missing` : ""}`,
    })
    slot(detail, "since").since = value.since
    const order = slot(detail, "order")
    text(order, `Order ${listName(value)}`)
    if (sees("orders", store.session?.roles)) order.href = `/orders/${value.orderId}`
    putTime(slot(detail, "created"), value.createdAt)
    detail.querySelector(".bar").style.setProperty("--done", `${percent}%`)
    detail.querySelector(".bar").classList.toggle("is-short", missing > 0)
    const said = JSON.stringify(value.stops)
    if (said === detail.said) return
    detail.said = said
    slot(detail, "stops").replaceChildren(...(value.stops ?? []).map((stop) => this.stopNode(stop)))
  }

  stopNode({ storeName, location, arrivedAt, lines }) {
    const node = make("section", "stop")
    const head = make("header", "stop-head")
    head.append(make("span", "stop-name", storeName), make("span", "faint", location))
    if (arrivedAt) head.append(make("span", "stop-when faint numeric", `reached ${time(arrivedAt)}`))
    node.append(head, ...lines.map((line) => {
      const row = stamp("stop-line")
      const open = line.ordered - line.picked - line.missing
      fill(row, {
        product: line.productName, picked: `${line.picked}/${line.ordered}`,
        note: line.missing > 0 ? `${line.missing} missing` : open > 0 ? "" : "done",
      })
      row.dataset.state = line.missing > 0 ? "short" : open > 0 ? "open" : "done"
      return row
    }))
    node.setAttribute("aria-label", `${storeName}, ${plural(lines.length, "line")}`)
    return node
  }

  acts(value) {
    const now = () => this.now()
    const acts = []
    if (countsIn(value)) acts.push({ label: "Check in", primary: true, act: () => askCheckIn(value, now) })
    if (assignable(value)) {
      acts.push({ label: "Assign by hand", primary: value.needsClerk, act: () => askAssign(value, now) })
    }
    if (movable(value)) acts.push({ label: "Move to bay", act: () => askBay(value) })
    if (clearable(value)) acts.push({ label: "Clear from returns shelf", act: (button) => clearReturns(button, value) })
    if (releasable(value)) acts.push({ label: "Release", danger: true, act: () => askRelease(value, now) })
    return acts
  }
})
