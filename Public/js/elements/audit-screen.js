// Who did what, when, and what came of it. Nothing here can be changed.

import { actorName, spoken } from "../causes.js"
import { fill, make, slot, text } from "../dom.js"
import { plural, putTime } from "../format.js"
import { ListScreen } from "../screen.js"
import { may } from "../store.js"

const OUTCOME = {
  done: ["completed", "Done"], forbidden: ["canceled", "Forbidden"], conflict: ["ready", "Conflict"],
  invalid: ["ready", "Invalid"], not_found: ["ready", "Not found"], stale: ["ready", "Outdated"],
  unauthenticated: ["canceled", "Not signed in"], unavailable: ["ready", "Unavailable"],
  internal: ["canceled", "Failed"],
}

customElements.define("audit-screen", class extends ListScreen {
  get screen() { return "audit" }
  get heading() { return "Audit" }
  get noun() { return "entry" }
  get icon() { return "audit" }
  get placeholder() { return "Person, action, subject or reference" }
  get topic() { return "audit" }
  get order() { return "-at" }
  get rowName() { return "audit-row" }
  get columns() { return [["When"], ["Who"], ["What"], ["On"], ["Outcome"], ["What followed"]] }
  get shows() {
    return [
      ["all", "All", {}], ["done", "Done", { outcome: "done" }], ["forbidden", "Forbidden", { outcome: "forbidden" }],
      ["conflict", "Conflicts", { outcome: "conflict" }], ["invalid", "Invalid", { outcome: "invalid" }],
    ]
  }

  opened() {
    if (!may("export-audit")) return
    const link = make("a", "button button-small", "Export as CSV")
    link.setAttribute("download", "audit.csv")
    slot(this, "head-actions").append(link)
    this.link = link
    this.aim()
  }

  place(here) {
    super.place(here)
    this.aim()
  }

  /** What is exported is what is shown. */
  aim() {
    if (!this.link) return
    const params = new URLSearchParams({ format: "csv", ...this.filter() })
    this.link.href = `/admin/api/audit?${params}`
  }

  shown(view) {
    super.shown(view)
    if (view.total !== undefined) text(slot(this, "count"), plural(view.total, "entry", "entries"))
  }

  update(node, value) {
    const [tone, words] = OUTCOME[value.outcome] ?? ["", value.outcome]
    fill(node, {
      actor: actorName(value.actor), action: spoken(value.action), subject: value.subject?.slice(0, 8) ?? "",
      outcome: words, message: value.message ?? (value.effects ?? []).map(spoken).join(", "),
    })
    slot(node, "action").title = value.action
    slot(node, "subject").title = value.subject ?? ""
    slot(node, "message").title = `${slot(node, "message").textContent}\nReference ${value.id}`
    slot(node, "outcome").dataset.tone = tone
    putTime(slot(node, "when"), value.at)
  }

  empty() {
    return this.text || this.showing !== "all"
      ? { title: "No entry matches", text: "Try another word, or show all.", clear: true }
      : { title: "Nothing has been done yet", text: "Every command of staff appears here." }
  }
})
