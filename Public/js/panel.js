// One thing beside its list, live: its facts, who changed it last, and what can be done with it.

import { deed } from "./causes.js"
import { fill, make, slot, stamp, text } from "./dom.js"
import { putTime, when } from "./format.js"
import { live } from "./live.js"
import { store } from "./store.js"

/**
 * Whoever extends it says: `screen`, `noun`, `ask(id)` (the view's query), `titled(value)`, `pill(value)` ([tone,
 * words]), `detail` (its template), `write(detail, value, row)`, and `acts(value, row)`, the buttons:
 * {label, act(button), primary, danger, disabled, title}.
 */
export class Panel extends HTMLElement {
  connectedCallback() {
    this.replaceChildren(stamp("panel"))
    this.scroller = slot(this, "scroll")
    slot(this, "close").setAttribute("aria-label", `Close ${this.noun}`)
    this.stop = live.onStatus(() => this.wait())
  }

  disconnectedCallback() {
    this.view?.close()
    this.stop()
  }

  show(id, query) {
    this.hidden = !id
    slot(this, "close").setAttribute("href", `/${this.screen}${query}`)
    if (id === this.shownId) return
    this.shownId = id
    this.view?.close()
    this.view = this.row = this.node = null
    this.said = this.actsSaid = this.away = undefined
    if (!id) return
    fill(this, { title: this.noun.charAt(0).toUpperCase() + this.noun.slice(1) })
    slot(this, "status").hidden = true
    slot(this, "acts").replaceChildren()
    this.scroller.scrollTop = 0
    this.scroller.replaceChildren()
    this.view = live.watch(this.ask(id), (view) => this.render(view))
    this.wait()
  }

  /** Nothing to show yet. Bones promise something; where nobody can be asked for it they would be a lie. */
  wait() {
    if (!this.view || this.node || this.view.complete || this.view.refused) return
    const away = live.status.state !== "open" && live.status.attempt > 0
    if (away === this.away) return
    this.away = away
    if (away) return this.state("Not connected", "It is loaded as soon as the server can be reached again.", "lost")
    this.scroller.replaceChildren(...Array.from({ length: 7 }, () => make("div", "bone bone-line")))
  }

  render(view) {
    if (view !== this.view) return
    const row = view.rows.sorted().at(-1)
    const { code } = view.refused ?? {}
    if (code === "forbidden") {
      return this.state(`You may not see this ${this.noun}`, "Your role has no access to it.", "lock")
    }
    if (!row) {
      if (!view.complete && !view.refused) return
      return this.state(...this.missing())
    }
    const before = this.row
    this.row = row
    const { value } = row
    fill(this, { title: this.titled(value) })
    const [tone, words] = this.pill(value)
    const status = slot(this, "status")
    status.hidden = false
    status.dataset.tone = tone
    text(status, words)
    if (!this.node) {
      this.node = stamp(this.detail)
      this.scroller.replaceChildren(this.node)
    }
    this.write(this.node, value, row)
    this.changed(row, before)
    this.buttons(this.acts(value, row))
  }

  /** What is said where there is nothing: title, text, icon. */
  missing() { return [`There is no such ${this.noun}`, "It may have ended, or the address is incomplete.", "lost"] }

  /** Who made it what it is, and with emphasis if that was somebody else, just now. */
  changed({ cause }, before) {
    const line = slot(this.node, "cause")
    if (!line) return
    const words = deed(cause)
    line.hidden = !words
    if (!words) return
    const time = make("time", "numeric")
    putTime(time, cause.at, when(cause.at))
    line.replaceChildren(`${words}, `, time)
    const news = before && before.cause?.correlationId !== cause.correlationId && cause.actor !== store.session?.user
    line.classList.toggle("is-news", Boolean(news))
  }

  buttons(acts) {
    const said = JSON.stringify(acts)
    if (said === this.actsSaid) return
    this.actsSaid = said
    slot(this, "acts").replaceChildren(...acts.map(({ label, primary, danger, disabled, title }, at) => {
      const style = primary ? " button-primary" : danger ? " button-danger" : ""
      const button = make("button", `button${style}`)
      button.append(make("span", "", label))
      button.type = "button"
      button.disabled = disabled ?? false
      if (title) button.title = title
      // What it does is looked up when it is pressed: the row may have moved on since the button was made.
      button.addEventListener("click", () => this.acts(this.row.value, this.row)[at]?.act(button))
      return button
    }))
  }

  /** The thing as it is shown now; dialogs ask it what has changed meanwhile. */
  now() { return this.row }

  state(title, words, icon) {
    const state = stamp("state")
    fill(state, { title, text: words })
    slot(state, "icon").setAttribute("href", `/icons.svg#${icon}`)
    this.node = this.row = null
    this.actsSaid = undefined
    slot(this, "status").hidden = true
    slot(this, "acts").replaceChildren()
    this.scroller.replaceChildren(state)
  }
}
