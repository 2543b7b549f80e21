// One store: how it stands to the service, and its catalogue.

import { debounce, fill, make, slot, stamp, text } from "../dom.js"
import { money, plural, when } from "../format.js"
import { LiveList } from "../list.js"
import { live } from "../live.js"
import { openMenu } from "../menu.js"
import { go } from "../router.js"
import { may } from "../store.js"
import {
  addProduct, askParticipation, changePrice, deny, editProduct, leave, removeProduct, renameStore, standing, takePart,
} from "../stores.js"

const TYPING_MS = 220

customElements.define("store-screen", class extends HTMLElement {
  connectedCallback() {
    this.store = this.here.id
    this.text = this.here.params.get("q") ?? ""
    this.replaceChildren(stamp("store"))
    this.input = this.querySelector(".search-input")
    this.input.value = this.text
    this.querySelector("[data-act=add]").hidden = !may("edit-store")
    this.list = new LiveList(this.querySelector(".list-wrap"), {
      noun: "product",
      query: (limit) => ({ topic: "catalog", filter: this.filter(), order: "name", limit, count: true }),
      build: () => stamp("product-row"),
      update: (node, row) => this.update(node, row.value),
      empty: () => this.empty(),
      shown: (view) => text(slot(this, "count"), view.total === undefined ? "" : plural(view.total, "product")),
    })
    this.input.addEventListener("input", debounce(TYPING_MS, () => this.find(this.input.value.trim())))
    this.addEventListener("click", (event) => this.clicked(event))
    this.mall = live.watch(
      { topic: "mall", filter: { store: this.store }, order: "name", limit: 1 }, (view) => this.head(view))
    this.list.start()
    document.title = "Store · MallBots"
  }

  disconnectedCallback() {
    this.list.stop()
    this.mall.close()
  }

  filter() { return this.text ? { store: this.store, text: this.text } : { store: this.store } }

  find(words) {
    const params = new URLSearchParams(words ? { q: words } : {})
    go(`/stores/${this.store}${words ? `?${params}` : ""}`, { replace: true })
  }

  place({ params }) {
    this.text = params.get("q") ?? ""
    if (document.activeElement !== this.input) this.input.value = this.text
    this.list.ask()
  }

  head(view) {
    const row = view.rows.get(this.store)
    if (!row) return view.complete || view.refused?.code === "invalid" ? this.missing() : undefined
    const store = row.value
    const said = JSON.stringify(store)
    if (said === this.said) return
    this.said = said
    document.title = `${store.name} · MallBots`
    fill(this, { name: store.name, location: store.location })
    const [tone, words] = standing(store)
    const state = slot(this, "state")
    state.hidden = false
    state.dataset.tone = tone
    text(state, words)
    this.actions(store)
    this.request(store)
  }

  actions(store) {
    const buttons = []
    if (may("edit-store")) buttons.push(button("Rename", () => renameStore(store)))
    if (store.participating && may("leave")) buttons.push(button("Leave the service", () => leave(store)))
    if (!store.participating && !store.request) {
      if (may("decide-participation")) buttons.push(button("Take part", () => takePart(store)))
      else if (may("ask-participation")) buttons.push(button("Ask to take part", () => askParticipation(store)))
    }
    this.querySelector(".head-actions").replaceChildren(...buttons)
  }

  request(store) {
    const banner = slot(this, "request")
    const denied = !store.participating && !store.request && store.denied
    banner.hidden = !store.request && !denied
    banner.classList.toggle("is-denied", Boolean(denied))
    const { note, at } = store.request ?? denied ?? {}
    if (!at) return
    fill(banner, {
      "request-title": store.request ? `Asked to take part, ${when(at)}` : `Request denied, ${when(at)}`,
      "request-note": note ?? "",
    })
    const decide = store.request && may("decide-participation")
    slot(banner, "request-actions").replaceChildren(...decide
      ? [button("Approve", () => takePart(store), "button-primary"), button("Deny", () => deny(store))]
      : [])
  }

  missing() {
    const state = stamp("state")
    fill(state, { title: "There is no such store", text: "The address may be incomplete.", link: "All stores" })
    slot(state, "link").href = "/stores"
    slot(state, "link").hidden = false
    // Here it is the whole screen, and its title the screen's.
    slot(state, "title").ariaLevel = "1"
    this.querySelector(".screen").replaceChildren(state)
  }

  update(node, product) {
    const edit = may("edit-store")
    fill(node, { name: product.name, description: product.description ?? "",
      sku: product.sku ?? "", price: money(product.priceMinor) })
    slot(node, "name").disabled = !edit
    slot(node, "price").disabled = !edit
    slot(node, "price").setAttribute("aria-label", `${money(product.priceMinor)}, change price of ${product.name}`)
    node.querySelector("price-history").history = product.history ?? []
    const menu = node.querySelector("[data-act=menu]")
    menu.hidden = !edit
    menu.setAttribute("aria-label", `Actions for ${product.name}`)
  }

  clicked({ target }) {
    const button = target.closest("[data-act]")
    const act = button?.dataset.act
    const product = this.list.row(target)?.value
    const now = () => this.list.view.rows.get(product.productId)
    if (act === "add") addProduct(this.store)
    if (act === "clear") {
      this.input.value = ""
      this.find("")
    }
    if (!product) return
    if (act === "edit") editProduct(product, now)
    if (act === "price") changePrice(product, now)
    if (act === "menu") this.menu(button)
  }

  menu(button = document.activeElement?.closest?.("[data-key]")?.querySelector("[data-act=menu]")) {
    const product = this.list.row(button)?.value
    if (!product || !may("edit-store")) return
    const now = () => this.list.view.rows.get(product.productId)
    openMenu(button, { title: product.name, items: [
      { label: "Edit…", act: () => editProduct(product, now) },
      { label: "Change price…", act: () => changePrice(product, now) },
      null,
      { label: "Remove…", act: () => removeProduct(product), danger: true },
    ] })
  }

  empty() {
    if (this.text) return { title: "No product matches", text: "Try another word.", clear: true }
    return { title: "The catalogue is empty",
      text: "Add a product and it can be ordered as soon as the store takes part." }
  }

  move(by) { this.list.move(by) }
  top() { this.list.top() }
  dismiss() { go("/stores") }
  search() {
    this.input.focus()
    this.input.select()
  }
})

function button(label, act, style = "") {
  const node = make("button", `button button-small ${style}`, label)
  node.type = "button"
  node.addEventListener("click", act)
  return node
}
