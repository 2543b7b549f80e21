// How fresh the page is, honestly: "live" needs an open connection, a recent commit and a small lag.

import { freshness } from "../backoff.js"
import { make, text } from "../dom.js"
import { clock, plural } from "../format.js"
import { live } from "../live.js"

const TICK_MS = 500

customElements.define("fresh-badge", class extends HTMLElement {
  connectedCallback() {
    this.badge = make("span", "fresh")
    this.words = make("span")
    this.badge.append(make("span", "fresh-dot"), this.words)
    this.said = make("span", "quiet-text")
    // The panel shows a second badge where it covers the first; one voice is enough.
    if (!("quiet" in this.dataset)) this.said.setAttribute("role", "status")
    this.replaceChildren(this.badge, this.said)
    this.stop = live.onStatus(() => this.render())
    this.timer = setInterval(() => this.render(), TICK_MS)
  }

  disconnectedCallback() {
    this.stop?.()
    clearInterval(this.timer)
  }

  render() {
    const { status, commit, held } = live
    const now = freshness({ status, commit, held, now: Date.now() })
    this.badge.dataset.level = now.level
    const { words, title, aloud } = describe(now)
    text(this.words, words)
    this.badge.title = title
    // Only a change of kind is announced: a countdown read aloud would drown everything else.
    if (this.level !== now.level && this.level !== undefined) text(this.said, aloud)
    this.level = now.level
  }
})

function describe({ level, asOf, lagMs, wait, offline }) {
  const at = asOf ? clock(asOf) : null
  switch (level) {
    case "live": return { words: "Live", title: `Equal to the database as of ${at}`, aloud: "The page is live again." }
    case "held":
      return {
        words: `Paused ${at ?? ""}`, title: "Changes wait until you let go of the selection or menu.", aloud: "",
      }
    case "late": {
      const words = `As of ${at} · ${seconds(lagMs)} behind`
      return { words, title: "Changes arrive late.", aloud: `The page is behind, as of ${at}.` }
    }
    case "down": {
      const again = offline ? "no network" : wait > 0 ? `reconnecting in ${wait} s` : "reconnecting…"
      const words = at ? `As of ${at} · ${again}` : again.charAt(0).toUpperCase() + again.slice(1)
      return {
        words, title: "Not connected. What you see may have changed.",
        aloud: "The connection is lost; the page may be out of date.",
      }
    }
    default: return { words: "Connecting…", title: "", aloud: "" }
  }
}

function seconds(ms) {
  return ms < 60_000 ? `${Math.round(ms / 1000)} s` : plural(Math.floor(ms / 60_000), "minute")
}
