// The stores of the mall and how each stands to the service.

import { debounce, fill, slot, stamp, text } from "../dom.js"
import { count, plural } from "../format.js"
import { LiveList } from "../list.js"
import { live } from "../live.js"
import { openMenu } from "../menu.js"
import { go } from "../router.js"
import { may } from "../store.js"
import { createStore, standing, storeCommands } from "../stores.js"

const TYPING_MS = 220
const SHOWS = ["all", "in", "out", "asking"]

customElements.define("stores-screen", class extends HTMLElement {
  connectedCallback() {
    this.replaceChildren(stamp("stores"))
    this.input = this.querySelector(".search-input")
    this.querySelector("[data-act=create]").hidden = !may("edit-store")
    this.list = new LiveList(this.querySelector(".list-wrap"), {
      noun: "store",
      query: (limit) => ({ topic: "mall", filter: this.filter(), order: "name", limit, count: true }),
      build: () => stamp("store-row"),
      update: (node, row) => this.update(node, row.value),
      empty: () => this.empty(),
      shown: (view) => this.shown(view),
    })
    this.input.addEventListener("input", debounce(TYPING_MS, () => this.ask({ text: this.input.value.trim() })))
    this.addEventListener("click", (event) => this.clicked(event))
    this.read(this.here)
    this.input.value = this.text
    this.mark()
    this.list.start()
    // Open requests are counted whatever the list shows; who waits for an answer must not be filtered away.
    this.requests = live.watch(
      { topic: "mall", filter: { requested: true }, order: "name", limit: 1, count: true }, ({ total }) => {
        // Not counted yet is not none: the number of before stays until there is another.
        if (total === undefined) return
        const badge = slot(this, "requests")
        badge.hidden = total === 0
        text(badge, count(total))
      })
    document.title = "Stores · MallBots"
  }

  disconnectedCallback() {
    this.list.stop()
    this.requests.close()
  }

  read({ params }) {
    this.showing = SHOWS.includes(params.get("show")) ? params.get("show") : "all"
    this.text = params.get("q") ?? ""
  }

  place(here) {
    this.read(here)
    if (document.activeElement !== this.input) this.input.value = this.text
    this.mark()
    this.list.ask()
    this.list.refresh()
  }

  filter() {
    const filter = {}
    if (this.text) filter.text = this.text
    if (this.showing === "in") filter.participating = true
    if (this.showing === "out") filter.participating = false
    if (this.showing === "asking") filter.requested = true
    return filter
  }

  ask({ text: words = this.text, show = this.showing }) {
    const params = new URLSearchParams()
    if (show !== "all") params.set("show", show)
    if (words) params.set("q", words)
    go(`/stores${params.size > 0 ? `?${params}` : ""}`, { replace: true })
  }

  mark() {
    for (const chip of this.querySelectorAll("[data-show]")) {
      chip.setAttribute("aria-pressed", String(chip.dataset.show === this.showing))
    }
  }

  update(node, store) {
    const [tone, words] = standing(store)
    slot(node, "name").href = `/stores/${store.storeId}`
    fill(node, {
      name: store.name,
      location: store.location,
      products: count(store.products),
      state: words,
      note: store.request?.note ?? (store.participating ? "" : store.denied?.note ?? ""),
    })
    slot(node, "state").dataset.tone = tone
    slot(node, "note").title = slot(node, "note").textContent
    const menu = node.querySelector("[data-act=menu]")
    menu.setAttribute("aria-label", `Actions for ${store.name}`)
    node.storeId = store.storeId
  }

  shown({ total }) { text(slot(this, "count"), total === undefined ? "" : plural(total, "store")) }

  clicked({ target }) {
    const show = target.closest("[data-show]")?.dataset.show
    if (show) return this.ask({ show })
    const act = target.closest("[data-act]")
    if (act?.dataset.act === "create") return createStore()
    if (act?.dataset.act === "clear") {
      this.input.value = ""
      return this.ask({ text: "", show: "all" })
    }
    if (act?.dataset.act === "menu") return this.menu(act)
    const node = target.closest(".table-body > [data-key]")
    if (!node || target.closest("a") || !getSelection().isCollapsed) return
    go(`/stores/${node.storeId}`)
  }

  menu(button = document.activeElement?.closest?.("[data-key]")?.querySelector("[data-act=menu]")) {
    const store = this.list.row(button)?.value
    if (!store) return
    const open = { label: "Open catalogue", act: () => go(`/stores/${store.storeId}`) }
    openMenu(button, { title: store.name, items: [open, ...storeCommands(store)] })
  }

  empty() {
    if (this.showing === "asking" && !this.text) {
      return { title: "No open requests", text: "Stores that ask to take part appear here." }
    }
    if (this.text || this.showing !== "all") {
      return { title: "No store matches", text: "Try another name or show all stores.", clear: true }
    }
    return { title: "No stores yet", text: "Create the first one to fill its catalogue." }
  }

  move(by) { this.list.move(by) }
  top() { this.list.top() }
  search() {
    this.input.focus()
    this.input.select()
  }
})
