// The depot: open lists by what they need, the robots beside them, the bays, the returns shelf; one list on top.

import { arrange, fill, make, slot, stamp, text } from "../dom.js"
import {
  askAssign, askCheckIn, assignable, botCommands, botStanding, clearReturns, clearable, countsIn, learnNumbers,
  listCommands, listName, listStanding, registerRobot,
} from "../depot.js"
import { count, plural } from "../format.js"
import { live } from "../live.js"
import { openMenu } from "../menu.js"
import { SECTIONS, isLate, named, progress, section } from "../progress.js"
import { go, place } from "../router.js"
import { may, store } from "../store.js"

const TYPING_MS = 220
const LISTS = 500
const ROBOTS = 500
const DESK = 1000
const SHOWS = ["lists", "robots", "bays", "returns"]
const HEADINGS = {
  delivered: "At the depot, to be checked in", clerk: "Needs a clerk: robots have failed",
  waiting: "Waiting for a robot", assigned: "Assigned", active: "Shopping",
}
const LISTED = ["pending", "available", "assigned", "active", "delivered"]
const LATE_TICK_MS = 10_000
const GONE_WITH = ["retired"]
const SUSPECT = "Nothing heard for a while"

customElements.define("depot-screen", class extends HTMLElement {
  #nodes = new Map()

  connectedCallback() {
    this.replaceChildren(stamp("depot"))
    this.input = this.querySelector(".search-input")
    this.panel = this.querySelector("list-panel")
    this.querySelector("[data-act=register]").hidden = !may("register-robot")
    this.read(this.here)
    this.input.value = this.text
    this.input.addEventListener("input", () => {
      clearTimeout(this.typing)
      this.typing = setTimeout(() => this.ask({ text: this.input.value.trim() }), TYPING_MS)
    })
    this.addEventListener("click", (event) => this.clicked(event))
    this.open()
    this.mark()
    this.panel.show(this.here.id, this.query)
    this.timer = setInterval(() => this.renderLate(), LATE_TICK_MS)
    this.stop = live.onStatus(() => this.away())
    this.titled()
  }

  disconnectedCallback() {
    for (const view of [this.lists, this.fleet, this.beats, this.bays, this.returns]) view.close()
    clearInterval(this.timer)
    this.stop()
  }

  open() {
    const watch = (query, render) => live.watch(query, (view, delta) => render(view, delta))
    this.lists = watch(
      { topic: "lists", filter: { status: LISTED }, order: "createdAt", limit: LISTS, count: true },
      (view, delta) => this.renderLists(view, delta))
    this.fleet = watch({ topic: "fleet", filter: {}, order: "name", limit: ROBOTS }, () => this.renderFleet())
    this.beats = watch({ topic: "heartbeats", filter: {}, order: "id", limit: ROBOTS }, () => this.renderFleet())
    // All orders at the desk: what is ready is in the bays, and the lists of all are called by their numbers.
    this.bays = watch({ topic: "pickup", filter: {}, order: "readySince", limit: DESK }, (view) => {
      learnNumbers(view.rows)
      this.renderBays()
      if (this.lists) this.renderLists(this.lists)
    })
    this.returns = watch({ topic: "lists", filter: { onShelf: true }, order: "createdAt", limit: LISTS, count: true },
      () => this.renderReturns())
  }

  read({ id, params }) {
    this.showing = SHOWS.includes(params.get("show")) ? params.get("show") : "lists"
    this.text = (params.get("q") ?? "").trim().slice(0, 100)
    this.openId = id
    const query = this.params(this.text, this.showing)
    this.query = query.size > 0 ? `?${query}` : ""
  }

  params(words, show) {
    const params = new URLSearchParams()
    if (show !== "lists") params.set("show", show)
    if (words) params.set("q", words)
    return params
  }

  ask({ text: words = this.text, show = this.showing }) {
    const params = this.params(words, show)
    const { id } = place()
    go(`/depot${id ? `/${id}` : ""}${params.size > 0 ? `?${params}` : ""}`, { replace: true })
  }

  place(here) {
    this.read(here)
    if (document.activeElement !== this.input) this.input.value = this.text
    this.renderLists(this.lists)
    this.mark()
    this.panel.show(here.id, this.query)
    const covered = Boolean(here.id) && matchMedia("(max-width: 700px)").matches
    this.querySelector(".pane").inert = covered
    if (covered) this.panel.querySelector(".panel-body").focus()
    this.titled()
  }

  titled() { document.title = `${this.openId ? "List" : "Depot"} · MallBots` }

  mark() {
    this.querySelector(".depot").dataset.show = this.showing
    for (const chip of this.querySelectorAll("[data-show].chip")) {
      chip.setAttribute("aria-pressed", String(chip.dataset.show === this.showing))
    }
    for (const node of this.querySelectorAll("[data-order]")) {
      node.classList.toggle("is-open", node.dataset.order === this.openId)
    }
    this.querySelector(".search").hidden = this.showing !== "lists"
  }

  // The board.

  renderLists(view, delta) {
    if (view.refused) return this.refuse("lists", view.refused)
    const groups = new Map(SECTIONS.map((name) => [name, []]))
    for (const row of view.rows.sorted()) {
      if (this.text && !named(this.text, listName(row.value), row.value)) continue
      groups.get(section(row.value))?.push(row)
    }
    const shown = [...groups.values()].reduce((sum, rows) => sum + rows.length, 0)
    const board = this.part("lists")
    for (const name of SECTIONS) {
      const node = board.querySelector(`[data-section=${name}]`) ?? this.section(name)
      const rows = groups.get(name)
      node.hidden = rows.length === 0
      text(node.querySelector(".section-count"), count(rows.length))
      arrange(node.querySelector(".table-body"), rows.map((row) => this.listNode(row)))
    }
    for (const [key] of this.#nodes) if (!view.rows.has(key)) this.#nodes.delete(key)
    if (delta && !delta.answer) for (const { key } of delta.put) this.flash(this.#nodes.get(key), view.rows.get(key))
    const late = groups.get("clerk").length
    const alarm = slot(this, "alarm")
    alarm.hidden = late === 0
    text(alarm, late === 1 ? "One list is offered to no robot any more: assign it by hand."
      : `${count(late)} lists are offered to no robot any more: assign them by hand.`)
    this.badge("lists", view.total)
    text(slot(this, "count"), view.total === undefined ? "" : plural(view.total, "open list"))
    this.ends("lists", { rows: { size: shown }, complete: view.complete }, this.text
      ? ["No open list matches", "Try the order's number, a robot, a store or a product."]
      : ["No open lists", "They appear here as soon as an order is approved."])
    this.renderFleet()
  }

  section(name) {
    const node = stamp("list-section")
    node.dataset.section = name
    text(slot(node, "heading"), HEADINGS[name])
    node.querySelector(".table").setAttribute("aria-label", HEADINGS[name])
    // Sections stand in their order, whichever came first.
    const board = this.part("lists")
    const after = SECTIONS.slice(SECTIONS.indexOf(name) + 1)
      .map((next) => board.querySelector(`[data-section=${next}]`))
    board.insertBefore(node, after.find(Boolean) ?? board.querySelector(".empty"))
    return node
  }

  listNode(row) {
    let node = this.#nodes.get(row.key)
    if (!node) {
      node = stamp("list-row")
      node.dataset.key = row.key
      this.#nodes.set(row.key, node)
    }
    if (node.row === row && node.name === listName(row.value)) return node
    node.row = row
    node.name = listName(row.value)
    const { value } = row
    const [tone, words] = listStanding(value)
    const { settled, ordered, missing, percent } = progress(value)
    node.dataset.order = value.orderId
    node.classList.toggle("is-open", value.orderId === this.openId)
    const link = slot(node, "number")
    link.href = `/depot/${value.orderId}${this.query}`
    fill(node, {
      number: listName(value), status: words, robot: value.botName ?? "—",
      stops: plural(value.stops?.length ?? 0, "store"), done: ordered > 0 ? `${settled}/${ordered}` : "",
      missing: missing > 0 ? `${missing} missing` : "", attempts: value.attempts > 0 ? `${value.attempts} failed` : "",
    })
    slot(node, "stops").title = (value.stops ?? []).map((stop) => `${stop.storeName}, ${stop.location}`).join("\n")
    slot(node, "status").dataset.tone = tone
    slot(node, "since").since = value.since ?? value.createdAt
    node.querySelector(".bar").style.setProperty("--done", `${percent}%`)
    node.querySelector(".bar").classList.toggle("is-short", missing > 0)
    const button = node.querySelector("[data-act=next]")
    const next = countsIn(value) ? ["Check in", true] : assignable(value) ? ["Assign", Boolean(value.needsClerk)] : null
    button.hidden = !next
    if (next) {
      text(button, next[0])
      button.classList.toggle("button-primary", next[1])
      button.setAttribute("aria-label", `${next[0]}, list ${listName(value)}`)
    }
    const menu = node.querySelector("[data-act=menu]")
    menu.setAttribute("aria-label", `Actions for list ${listName(value)}`)
    this.late(node)
    return node
  }

  late(node) { node.classList.toggle("is-late", isLate(node.row.value, Date.now())) }
  renderLate() { for (const node of this.#nodes.values()) this.late(node) }

  flash(node, row) {
    if (!node || !row?.cause || row.cause.actor === store.session?.user) return
    node.classList.remove("is-flash")
    void node.offsetWidth
    node.classList.add("is-flash")
    node.addEventListener("animationend", () => node.classList.remove("is-flash"), { once: true })
  }

  // The robots: what the log says of them, joined with their heartbeats.

  renderFleet() {
    const { rows, refused, complete } = this.fleet ?? {}
    if (!rows) return
    if (refused) return this.refuse("robots", refused)
    const robots = rows.sorted().filter(({ value }) => !GONE_WITH.includes(value.status))
    const lists = new Map((this.lists?.rows.sorted() ?? []).map(({ value }) => [value.id, value]))
    const part = this.part("robots")
    const body = part.querySelector(".fleet")
    const known = new Map([...body.children].map((node) => [node.dataset.key, node]))
    arrange(body, robots.map((row) => {
      const node = known.get(row.key) ?? stamp("robot")
      node.dataset.key = row.key
      node.row = row
      this.robot(node, row.value, this.beats?.rows.get(row.key)?.value, lists.get(row.value.listId))
      return node
    }))
    const tally = Map.groupBy(robots, ({ value }) => value.status)
    const words = ["idle", "active", "recalled", "lost", "offline"].filter((status) => tally.has(status))
      .map((status) => `${count(tally.get(status).length)} ${botStanding({ status })[1].toLowerCase()}`)
    text(slot(this, "fleet-sum"), words.join(" · "))
    this.badge("robots", tally.get("lost")?.length ?? 0)
    this.ends("robots", { rows: { size: robots.length }, complete }, ["No robots yet", "Register the first one."])
  }

  robot(node, value, beat, list) {
    const [tone, words] = botStanding(value)
    const suspect = beat?.suspect && value.status !== "lost" && value.status !== "offline"
    const charge = beat?.battery === undefined ? "" : `${Math.round(beat.battery)} %`
    fill(node, { name: value.name, status: words, battery: charge })
    slot(node, "status").dataset.tone = tone
    const link = slot(node, "list")
    link.hidden = !value.listId
    if (value.listId) {
      text(link, list ? `List ${listName(list)}` : "A list")
      if (list) link.href = `/depot/${list.orderId}${this.query}`
      else link.removeAttribute("href")
    }
    const battery = node.querySelector(".battery")
    battery.hidden = beat?.battery === undefined
    battery.style.setProperty("--done", `${Math.max(0, Math.min(100, beat?.battery ?? 0))}%`)
    battery.classList.toggle("is-low", (beat?.battery ?? 100) < 20)
    slot(node, "seen").since = beat?.lastSeenAt
    node.classList.toggle("is-suspect", Boolean(suspect))
    slot(node, "suspect").hidden = !suspect
    slot(node, "suspect").title = SUSPECT
    text(slot(node, "reason"), ["offline", "lost", "recalled"].includes(value.status) ? value.reason ?? "" : "")
    const menu = node.querySelector("[data-act=robot-menu]")
    menu.hidden = botCommands(value).length === 0
    menu.setAttribute("aria-label", `Actions for ${value.name}`)
  }

  // The bays, and the shelf for what goes back.

  renderBays() {
    const view = this.bays
    if (!view) return
    if (view.refused) return this.refuse("bays", view.refused)
    const rows = view.rows.sorted().filter(({ value }) => value.status === "ready")
    arrange(this.part("bays").querySelector(".tiles"), rows.map(({ value }) => {
      const node = make("a", `tile${value.overdue ? " is-late" : ""}`)
      node.href = `/depot/${value.orderId}${this.query}`
      node.dataset.order = value.orderId
      const since = document.createElement("since-time")
      since.since = value.readySince
      since.className = "faint numeric"
      node.append(make("strong", "tile-bay", value.bay ?? "No bay"), make("span", "tile-name", value.customerName),
        make("span", "faint numeric", `Order ${value.number} · ${plural(value.items ?? 0, "unit")}`), since)
      return node
    }))
    this.badge("bays", rows.length)
    this.ends("bays", { rows: { size: rows.length }, complete: view.complete },
      ["All bays are empty", "Goods wait here from the check-in until they are handed over."])
  }

  renderReturns() {
    const view = this.returns
    if (!view) return
    if (view.refused) return this.refuse("returns", view.refused)
    arrange(this.part("returns").querySelector(".tiles"), view.rows.sorted().map((row) => {
      const { value } = row
      const node = make("div", "tile tile-wide")
      node.dataset.key = row.key
      node.row = row
      const link = make("a", "row-link", `Order ${listName(value)}`)
      link.href = `/depot/${value.orderId}${this.query}`
      node.append(link, make("span", "tile-note", value.reason ?? "Canceled"))
      const goods = (value.stops ?? []).flatMap((stop) => stop.lines.filter((line) => line.picked > 0)
        .map((line) => `${line.picked} × ${line.productName} → ${stop.storeName}, ${stop.location}`))
      node.append(make("span", "tile-goods", goods.join("\n")))
      if (clearable(value)) {
        const button = make("button", "button button-small")
        button.type = "button"
        button.dataset.act = "cleared"
        button.append(make("span", "", "Taken back to the stores"))
        node.append(button)
      }
      return node
    }))
    this.badge("returns", view.total)
    this.ends("returns", view,
      ["The returns shelf is empty", "Goods of canceled orders wait here to go back to their stores."])
  }

  // What all parts have.

  part(name) { return this.querySelector(`[data-part=${name}]`) }

  badge(name, total) {
    const badge = this.querySelector(`.chip[data-show=${name}] .chip-count`)
    badge.hidden = !total
    text(badge, count(total ?? 0))
  }

  ends(name, { rows, complete }, [title, words]) {
    const empty = this.part(name).querySelector(".empty")
    empty.hidden = rows.size > 0 || !complete
    this.part(name).querySelector(".bones").hidden = rows.size > 0 || complete
    if (!empty.hidden) fill(empty, { title, text: words })
  }

  refuse(name, { code, message }) {
    const forbidden = code === "forbidden"
    this.part(name).querySelector(".bones").hidden = true
    const empty = this.part(name).querySelector(".empty")
    empty.hidden = false
    fill(empty, { title: forbidden ? "You may not see this" : "This can not be shown",
      text: forbidden ? "Your role has no access to it." : message })
  }

  /** Nothing to show and nobody to ask: bones that promise rows would be a lie. */
  away() {
    const away = live.status.state !== "open" && live.status.attempt > 0
    for (const name of SHOWS) {
      const view = { lists: this.lists, robots: this.fleet, bays: this.bays, returns: this.returns }[name]
      if (!away || view.complete || view.refused || view.rows.size > 0) continue
      this.part(name).querySelector(".bones").hidden = true
      const empty = this.part(name).querySelector(".empty")
      empty.hidden = false
      fill(empty, { title: "Not connected", text: "This is loaded as soon as the server can be reached again." })
    }
  }

  clicked(event) {
    const { target } = event
    const show = target.closest(".chip[data-show]")?.dataset.show
    if (show) return this.ask({ show })
    const button = target.closest("[data-act]")
    const act = button?.dataset.act
    if (act === "register") return registerRobot()
    if (act === "robot-menu") return this.robotMenu(button)
    const node = target.closest("[data-key]")
    const row = node?.row
    if (!row || !node.closest("[data-part=lists], [data-part=returns]")) return
    if (act === "cleared") return clearReturns(button, row.value)
    if (act === "menu") return this.menu(button)
    const now = () => this.lists.rows.get(row.key)
    if (act === "next") return countsIn(row.value) ? askCheckIn(row.value, now) : askAssign(row.value, now)
    if (target.closest("a") || !getSelection().isCollapsed) return
    go(`/depot/${row.value.orderId}${this.query}`)
  }

  menu(button = document.activeElement?.closest?.("[data-key]")?.querySelector("[data-act=menu]")) {
    const row = button?.closest("[data-key]")?.row
    if (!row) return
    const open = { label: "Open", act: () => go(`/depot/${row.value.orderId}${this.query}`) }
    openMenu(button, { title: `List ${listName(row.value)}`,
      items: [open, ...listCommands(row.value, () => this.lists.rows.get(row.key))] })
  }

  robotMenu(button) {
    const { value } = button.closest("[data-key]").row
    openMenu(button, { title: value.name, items: botCommands(value) })
  }

  move(by) {
    const links = [...this.part(this.showing).querySelectorAll(".row-link, a.tile")].filter((link) => link.offsetParent)
    const here = document.activeElement
    const at = links.indexOf(here?.closest("[data-key]")?.querySelector(".row-link") ?? here)
    links[Math.max(0, Math.min(links.length - 1, at < 0 ? 0 : at + by))]?.focus()
  }

  top() { this.querySelector(".depot").scrollTo({ top: 0 }) }
  search() {
    if (this.showing !== "lists") this.ask({ show: "lists" })
    this.input.focus()
    this.input.select()
  }

  dismiss() {
    const { id } = place()
    if (!id) return
    go(`/depot${this.query}`)
    this.querySelector(`[data-order="${id}"] .row-link`)?.focus()
  }
})
