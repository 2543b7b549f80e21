// Who has an account, and what each may. The list is no live topic; the audit log says when to read it again.

import { arrange, fill, make, slot, stamp, text } from "../dom.js"
import { plural, shortDay } from "../format.js"
import { live } from "../live.js"
import { openMenu } from "../menu.js"
import { ROLES, putStaff, removeStaff } from "../people.js"
import { ask } from "../send.js"
import { may, store } from "../store.js"

const RETRY_MS = 4_000

customElements.define("staff-screen", class extends HTMLElement {
  connectedCallback() {
    this.replaceChildren(stamp("staff"))
    this.body = this.querySelector(".table-body")
    this.addEventListener("click", ({ target }) => {
      const act = target.closest("[data-act]")?.dataset.act
      const account = target.closest("[data-key]")?.account
      if (act === "add") return putStaff(null, () => this.load())
      if (act === "menu") return this.menu(target.closest("[data-act]"))
      if (account && may("manage-staff") && getSelection().isCollapsed) putStaff(account, () => this.load())
    })
    this.querySelector("[data-act=add]").hidden = !may("manage-staff")
    this.load()
    const changes = { topic: "audit", filter: { text: "adminapi.staff" }, order: "-at", limit: 1 }
    this.signal = live.watch(changes, (view, delta) => {
      if (!delta.answer && delta.put.length > 0) this.load()
    })
    document.title = "Staff · MallBots"
  }

  disconnectedCallback() {
    this.signal.close()
    clearTimeout(this.timer)
  }

  place() {}

  async load() {
    clearTimeout(this.timer)
    const turn = this.turn = (this.turn ?? 0) + 1
    try {
      const { staff } = await ask("/admin/api/staff")
      if (turn === this.turn) this.render(staff)
    } catch (error) {
      if (turn !== this.turn || !this.isConnected) return
      const forbidden = error.code === "forbidden"
      if (this.body.childElementCount > 0 && !forbidden) return
      this.say(forbidden ? "You may not see this" : "This can not be shown",
        forbidden ? "Your role has no access to accounts." : error.message)
      if (!forbidden) this.timer = setTimeout(() => this.load(), RETRY_MS)
    }
  }

  say(title, words) {
    const empty = this.querySelector(".empty")
    empty.hidden = !title
    this.querySelector(".skeletons").hidden = true
    if (title) fill(empty, { "empty-title": title, "empty-text": words })
  }

  render(staff) {
    this.say(staff.length === 0 ? "No accounts" : "", "")
    const known = new Map([...this.body.children].map((node) => [node.dataset.key, node]))
    arrange(this.body, staff.map((account) => {
      const node = known.get(account.user) ?? stamp("staff-row")
      node.dataset.key = account.user
      node.account = account
      const stores = account.stores?.length ?? 0
      fill(node, {
        name: account.name, user: account.user, stores: stores > 0 ? plural(stores, "store") : "",
        since: account.since ? shortDay(account.since) : "",
      })
      slot(node, "you").hidden = account.user !== store.session?.user
      slot(node, "roles").replaceChildren(...account.roles.map((role) => make("span", "tag", ROLES[role] ?? role)))
      node.querySelector("[data-act=menu]").hidden = !may("manage-staff")
      node.querySelector("[data-act=menu]").setAttribute("aria-label", `Actions for ${account.name}`)
      return node
    }))
    text(slot(this, "count"), plural(staff.length, "account"))
  }

  menu(button = document.activeElement?.closest?.("[data-key]")?.querySelector("[data-act=menu]")) {
    const account = button?.closest("[data-key]")?.account
    if (!account || !may("manage-staff")) return
    const items = [{ label: "Edit…", act: () => putStaff(account, () => this.load()) }]
    if (account.user !== store.session?.user) {
      items.push(null, { label: "Remove…", act: () => removeStaff(account, () => this.load()), danger: true })
    }
    openMenu(button, { title: account.name, items })
  }

  move(by) {
    const links = [...this.body.querySelectorAll(".row-link")]
    const at = links.findIndex((link) => link.closest("[data-key]").contains(document.activeElement))
    links[Math.max(0, Math.min(links.length - 1, at < 0 ? 0 : at + by))]?.focus()
  }

  top() { this.querySelector(".list").scrollTo({ top: 0 }) }
})
