// One connection for all tabs: each tab's views get numbers of their own on the shared socket.

import { Link } from "./link.js"
import { Protocol } from "./protocol.js"

/** The server allows 32 views a connection; a tab uses at most eight. A fifth tab gets a socket of its own. */
export const MAX_TABS = 4
export const MAX_VIEWS_PER_TAB = 8

export class Hub {
  #protocol = new Protocol()
  #link
  #tabs = new Set()
  #owners = new Map()
  #next = 1
  #commit = null

  constructor(url) {
    this.#link = new Link(url, { heard: (message) => this.#heard(message), changed: (status) => this.#changed(status) })
  }

  get full() { return this.#tabs.size >= MAX_TABS }

  /** Joins a tab. `post` brings it messages; the answer takes the tab's own. */
  join(post) {
    const tab = { post, views: new Map() }
    this.#tabs.add(tab)
    // That an earlier session ended says nothing to a tab that has just logged in.
    if (this.#link.status.state !== "over") post({ type: "status", status: this.#link.status, commit: this.#commit })
    return (message) => this.#asked(tab, message)
  }

  #asked(tab, { type, view, query, position }) {
    const id = tab.views.get(view)
    switch (type) {
      case "open": {
        if (tab.views.size >= MAX_VIEWS_PER_TAB) {
          const refused = { code: "invalid", message: "too many views in this tab" }
          return tab.post({ type: "show", views: [{ view, put: [], gone: [], purge: true, complete: false, refused }] })
        }
        const fresh = this.#next++
        tab.views.set(view, fresh)
        this.#owners.set(fresh, { tab, view })
        return this.#link.send(this.#protocol.open(fresh, query))
      }
      case "change": return this.#link.send(this.#protocol.change(id, query))
      case "reach": return this.#link.send(this.#protocol.reach(position))
      case "check": return this.#link.send(this.#protocol.check(id))
      case "close": return this.#close(tab, view)
      case "connect": return this.#link.connect()
      case "disconnect":
        // The other tabs had the same session: they hear that it is over.
        this.#link.stop("over")
        return this.#show(this.#protocol.purge())
      case "wake": return this.#link.wake()
      case "bye":
        for (const held of [...tab.views.keys()]) this.#close(tab, held)
        this.#tabs.delete(tab)
        // Nobody watches: an idle socket would cost the server for nothing.
        if (this.#tabs.size === 0) this.#link.stop()
    }
  }

  #close(tab, view) {
    const id = tab.views.get(view)
    if (id === undefined) return
    tab.views.delete(view)
    this.#owners.delete(id)
    this.#link.send(this.#protocol.close(id))
  }

  #heard(message) {
    const { send, show, mismatch, refused } = this.#protocol.receive(message)
    if (send) this.#link.send(send)
    if (mismatch) {
      console.warn(`live: checksum of view ${message.shared} differs at ${message.position}, reading it again`)
    }
    if (refused) console.warn(`live: refused: ${refused.code}: ${refused.message}`)
    if (show) this.#show(show)
  }

  #show({ commit, views }) {
    if (commit) this.#commit = { ...commit, at: Date.now(), mismatches: this.#protocol.mismatches }
    const byTab = new Map([...this.#tabs].map((tab) => [tab, []]))
    for (const delta of views) {
      const owner = this.#owners.get(delta.view)
      if (owner) byTab.get(owner.tab)?.push({ ...delta, view: owner.view })
    }
    for (const [tab, deltas] of byTab) {
      if (commit || deltas.length > 0) {
        tab.post({ type: "show", commit: commit ? this.#commit : undefined, views: deltas })
      }
    }
  }

  #changed(status) {
    if (status.state !== "open") {
      if (status.state === "over" || status.withdrawn) this.#show(this.#protocol.purge())
      else this.#protocol.lost()
    }
    for (const tab of this.#tabs) tab.post({ type: "status", status, commit: this.#commit })
  }
}
