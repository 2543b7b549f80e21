// Every text that went, or should have gone, to a customer.

import { fill, slot } from "../dom.js"
import { putTime } from "../format.js"
import { resend } from "../people.js"
import { ListScreen } from "../screen.js"
import { may } from "../store.js"

const STATUS = {
  queued: ["in-progress", "Queued"], sent: ["completed", "Sent"], failed: ["canceled", "Failed"],
  suppressed: ["pending", "Not sent"],
}
const KIND = {
  received: "Received", rejected: "Rejected", adjusted: "Adjusted", ready: "Ready", reminder: "Reminder",
  canceled: "Canceled", completed: "Receipt",
}

customElements.define("messages-screen", class extends ListScreen {
  get screen() { return "messages" }
  get heading() { return "Messages" }
  get noun() { return "message" }
  get icon() { return "messages" }
  get topic() { return "messages" }
  get order() { return "-createdAt" }
  get rowName() { return "message-row" }
  get columns() { return [["When"], ["Kind"], ["To"], ["Text"], ["Status"], ["Tries", "end"], ["Actions", "end"]] }
  get shows() {
    return [
      ["all", "All", {}], ["failed", "Failed", { status: ["failed"] }, true],
      ["queued", "Queued", { status: ["queued"] }],
      ["sent", "Sent", { status: ["sent"] }], ["suppressed", "Not sent", { status: ["suppressed"] }],
    ]
  }
  get searches() { return false }

  update(node, value) {
    const [tone, words] = STATUS[value.status] ?? ["", value.status]
    fill(node, {
      kind: KIND[value.kind] ?? value.kind, phone: value.phone, text: value.text, status: words,
      attempts: String(value.attempts ?? 0), error: value.status === "sent" ? "" : value.lastError ?? "",
    })
    slot(node, "text").title = value.text
    slot(node, "error").title = value.lastError ?? ""
    slot(node, "status").dataset.tone = tone
    putTime(slot(node, "when"), value.createdAt)
    node.querySelector("[data-act=resend]").hidden = !may("resend") || value.status === "queued"
    node.querySelector("[data-act=resend]").setAttribute("aria-label", `Send the text to ${value.phone} once more`)
  }

  named(value) { return `Text to ${value.phone}` }
  acted(button, row) { if (button.dataset.act === "resend" && row) resend(button, row.value) }

  empty() {
    return this.showing === "all"
      ? { title: "No texts yet", text: "Customers are texted when their order is received, ready or canceled." }
      : { title: "None at the moment", text: "Show all to see every text.", clear: true }
  }
})
