// What runs behind the orders: sagas, the stuck ones first, messages that nobody could take, and how far consumers are.

import { fill, make, slot } from "../dom.js"
import { spoken } from "../causes.js"
import { count, plural, putTime, when } from "../format.js"
import { live } from "../live.js"
import { abortSaga, discard, replay, retrySaga } from "../people.js"
import { ListScreen } from "../screen.js"
import { may } from "../store.js"

const STATUS = {
  running: ["in-progress", "Running"], compensating: ["ready", "Undoing"], stuck: ["canceled", "Stuck"],
  completed: ["completed", "Done"], compensated: ["pending", "Undone"],
}
const OPS = 500
/** What should be none. */
const ALARMS = new Set(["dead letters", "timers overdue", "sagas stuck"])
/** A consumer that is further behind than this is marked. */
const LAG_LIMIT = 1_000
/** Whoever is not further behind than this keeps up: a mark is written down a little after the work. */
const KEEPS_UP = 100

customElements.define("sagas-screen", class extends ListScreen {
  get screen() { return "sagas" }
  get heading() { return "Sagas" }
  get noun() { return "saga" }
  get icon() { return "sagas" }
  get topic() { return "sagas" }
  get order() { return "-startedAt" }
  get rowName() { return "saga-row" }
  get searches() { return false }
  get columns() {
    return [
      ["Started"], ["Customer"], ["Step"], ["In it"], ["Tries", "end"], ["Status"], ["Error"], ["Actions", "end"],
    ]
  }
  get shows() {
    return [
      ["stuck", "Stuck", { status: ["stuck"] }, true],
      ["running", "Under way", { status: ["running", "compensating"] }, true],
      ["ended", "Ended", { status: ["completed", "compensated"] }], ["all", "All", {}],
    ]
  }

  opened() {
    this.classList.add("sagas")
    const bar = slot(this, "bar")
    bar.hidden = false
    bar.className = "ops"
    this.ops = live.watch({ topic: "ops", filter: {}, order: "id", limit: OPS }, () => this.health())
    this.health()
  }

  disconnectedCallback() {
    super.disconnectedCallback()
    this.ops.close()
  }

  update(node, value) {
    const [tone, words] = STATUS[value.status] ?? ["", value.status]
    fill(node, {
      customer: value.customerName ?? "", step: `${value.step}. ${spoken(value.command ?? "")}`, status: words,
      attempts: String(value.attempts ?? 0), error: value.lastError ?? "",
    })
    slot(node, "step").title = value.direction === "backward" ? "Being undone" : ""
    slot(node, "error").title = value.lastError ?? ""
    slot(node, "status").dataset.tone = tone
    slot(node, "age").since = ["running", "compensating", "stuck"].includes(value.status) ? value.stepAt : undefined
    putTime(slot(node, "when"), value.startedAt)
    node.querySelector("[data-act=retry]").hidden = value.status !== "stuck" || !may("mend")
    node.querySelector("[data-act=abort]").hidden = !["stuck", "running"].includes(value.status) || !may("mend")
  }

  named(value) { return `Saga of ${value.customerName ?? value.id}` }
  path(value) { return `/orders/${value.id}` }

  acted(button, row) {
    const letter = button.closest("[data-letter]")?.letter
    if (button.dataset.act === "replay") return replay(button, letter)
    if (button.dataset.act === "discard") return discard(letter)
    if (!row) return
    if (button.dataset.act === "retry") retrySaga(button, row.value)
    if (button.dataset.act === "abort") abortSaga(row.value)
  }

  /** The mall's own health: letters nobody could take come first, then who is behind. */
  health() {
    const bar = slot(this, "bar")
    const { rows, refused, complete } = this.ops ?? {}
    const say = (words) => bar.replaceChildren(make("p", "faint", words))
    if (refused) return say(`The mall's health can not be shown: ${refused.message}`)
    if (!rows || (rows.size === 0 && !complete)) return say("Looking at the mall's health…")
    const of = (kind) => rows.sorted().map(({ value }) => value).filter((value) => value.kind === kind)
    const letters = of("deadLetter")
    const section = bar.querySelector(".letters") ?? make("section", "letters")
    section.hidden = letters.length === 0
    section.replaceChildren(make("h2", "section-title", `${plural(letters.length, "message")} nobody could take`),
      ...letters.map((value) => this.letter(value)))
    const gauges = make("div", "gauges")
    const name = ({ id }) => id.slice(id.indexOf(":") + 1)
    const told = ({ position = 0, parked = 0 }) => `at ${count(position)}, ${count(parked)} waiting for another try`
    const behind = of("consumer").filter(({ lag, parked }) => lag > KEEPS_UP || parked > 0)
    const level = of("consumer").filter((value) => !behind.includes(value))
    const consumers = behind.map((value) => {
      const words = value.lag > KEEPS_UP ? `${count(value.lag)} behind` : `${count(value.parked)} waiting`
      const node = gauge(name(value), words, value.lag > LAG_LIMIT)
      node.title = told(value)
      return node
    })
    // Who keeps up is worth a number; who they are is said to whoever points at it.
    const rest = gauge(behind.length > 0 ? "other consumers" : "consumers", `${count(level.length)} level`, false)
    rest.title = level.map((value) => `${name(value)}: ${told(value)}`).join("\n")
    if (level.length > 0) consumers.push(rest)
    const alarming = (value) => ALARMS.has(name(value)) && value.value > 0
    gauges.append(...of("gauge").map((value) => gauge(name(value), count(value.value), alarming(value))), ...consumers)
    const focus = bar.contains(document.activeElement)
    if (focus && bar.querySelector(".letters")) bar.querySelector(".gauges")?.replaceWith(gauges)
    else bar.replaceChildren(section, gauges)
  }

  letter(value) {
    const node = make("div", "letter")
    node.dataset.letter = ""
    node.letter = value
    const words = make("div", "letter-words")
    const what = make("strong", "", `${spoken(value.type ?? "A message")} for ${value.consumer}`)
    const tries = plural(value.attempts ?? 0, "try", "tries")
    const first = make("span", "faint numeric", `${tries}, first ${when(value.firstAt)}, last ${when(value.lastAt)}`)
    words.append(what, make("span", "letter-error", value.error ?? ""), first)
    node.append(words)
    if (may("mend")) {
      const again = make("button", "button button-small")
      again.append(make("span", "", "Replay"))
      const away = make("button", "button button-small button-danger", "Discard…")
      for (const [button, act] of [[again, "replay"], [away, "discard"]]) {
        button.type = "button"
        button.dataset.act = act
        node.append(button)
      }
    }
    return node
  }

  empty() {
    return this.showing === "stuck" ? { title: "Nothing is stuck", text: "Every order is being made, or was." }
      : { title: "None at the moment", text: "Show all to see every saga.", clear: this.showing !== "all" }
  }

  menu() {}
  clicked(event) {
    const letter = event.target.closest("[data-letter] [data-act]")
    if (letter) return this.acted(letter)
    super.clicked(event)
  }
})

function gauge(name, value, bad) {
  const node = make("div", `gauge${bad ? " is-bad" : ""}`)
  node.append(make("span", "gauge-name", name), make("span", "gauge-value numeric", value))
  return node
}
