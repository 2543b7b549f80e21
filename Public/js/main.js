// Where the parts meet: the session decides between login and the shell, the address which screen the shell shows.

import { fill, slot, stamp } from "./dom.js"
import { holdWhileBusy } from "./hold.js"
import { listenToKeys, showKeys } from "./keys.js"
import { live } from "./live.js"
import { openMenu } from "./menu.js"
import { home, sees } from "./rights.js"
import { go, onMove, place, startRouter } from "./router.js"
import { Refusal, ask, send, session } from "./send.js"
import { store } from "./store.js"
import "./elements/audit-screen.js"
import "./elements/customers-screen.js"
import "./elements/depot-screen.js"
import "./elements/fresh-badge.js"
import "./elements/list-panel.js"
import "./elements/login-screen.js"
import "./elements/messages-screen.js"
import "./elements/order-filters.js"
import "./elements/order-panel.js"
import "./elements/order-table.js"
import "./elements/orders-screen.js"
import "./elements/payments-screen.js"
import "./elements/pickup-screen.js"
import "./elements/price-history.js"
import "./elements/sagas-screen.js"
import "./elements/since-time.js"
import "./elements/staff-screen.js"
import "./elements/store-screen.js"
import "./elements/stores-screen.js"
import "./elements/toast-list.js"

const RETRY_MS = 4_000
const PATIENCE_MS = 2_000
const OVER = "Your session is over. Sign in to go on where you were."
const root = document.querySelector(".root")
let shell = null

startRouter()
holdWhileBusy()
listenToKeys(() => shell?.querySelector(".main").firstElementChild)
onMove(show)
store.watch(enter)
session.addEventListener("over", () => leave(OVER))
document.addEventListener("visibilitychange", () => { if (!document.hidden) live.wake() })
for (const act of ["pointerdown", "keydown"]) addEventListener(act, hurry, { passive: true })
live.onStatus(watchSession)
start()

async function start() {
  try {
    store.session = await ask("/admin/api/session")
  } catch (error) {
    if (error instanceof Refusal && error.status === 401) return leave()
    const state = stamp("state")
    const message = error.code === "offline" ? "It will be tried again in a moment." : error.message
    fill(state, { title: "MallBots can not be reached", text: message })
    slot(state, "title").ariaLevel = "1"
    root.replaceChildren(state)
    setTimeout(start, RETRY_MS)
  }
}

/** Somebody is logged in, or has come back: the address still says where they were. */
function enter(person) {
  if (!person) return
  shell = stamp("shell")
  const initials = person.name.split(/\s+/).map((word) => word[0]).slice(0, 2).join("").toUpperCase()
  fill(shell, { name: person.name, initials })
  shell.querySelector("[data-act=keys]").addEventListener("click", showKeys)
  const user = shell.querySelector("[data-act=user]")
  user.setAttribute("aria-label", `${person.name}, account and appearance`)
  user.addEventListener("click", () => openMenu(user, { title: `${person.name} (${person.user})`, items: userItems() }))
  for (const link of shell.querySelectorAll(".side-link[data-screen]")) {
    link.hidden = !sees(link.dataset.screen, person.roles)
  }
  root.replaceChildren(shell)
  live.connect()
  show(place())
}

function leave(message) {
  if (root.querySelector("login-screen")) return
  for (const dialog of document.querySelectorAll("dialog[open]")) dialog.close()
  for (const pop of document.querySelectorAll(":popover-open")) pop.hidePopover()
  live.disconnect()
  shell = null
  store.session = null
  const login = document.createElement("login-screen")
  login.message = message
  root.replaceChildren(login)
  document.title = "Sign in · MallBots"
}

const SCREENS = {
  audit: "audit-screen", customers: "customers-screen", depot: "depot-screen", messages: "messages-screen",
  orders: "orders-screen", payments: "payments-screen", pickup: "pickup-screen", sagas: "sagas-screen",
  staff: "staff-screen", stores: "stores-screen", store: "store-screen",
}

function show(here) {
  if (!shell) return
  const { roles } = store.session
  if (!here.screen) return go(`/${home(roles)}`, { replace: true })
  const main = shell.querySelector(".main")
  const name = here.screen === "stores" && here.id ? "store" : here.screen
  for (const link of shell.querySelectorAll(".side-link[data-screen]")) {
    if (link.dataset.screen === here.screen) {
      link.setAttribute("aria-current", "page")
      link.scrollIntoView({ block: "nearest", inline: "center" })
    } else link.removeAttribute("aria-current")
  }
  const tag = SCREENS[name]
  if (!tag || !sees(here.screen, roles)) {
    const state = stamp("state")
    const words = tag ? "Your role has no access to this screen. An administrator can grant it."
      : "This address belongs to no screen."
    const title = tag ? "You may not see this" : "There is nothing here"
    fill(state, { title, text: words, link: "Go to where you begin" })
    if (tag) slot(state, "icon").setAttribute("href", "/icons.svg#lock")
    slot(state, "link").href = `/${home(roles)}`
    slot(state, "link").hidden = false
    slot(state, "title").ariaLevel = "1"
    document.title = `${tag ? "No access" : "Not found"} · MallBots`
    return main.replaceChildren(state)
  }
  const current = main.firstElementChild
  // A screen that is already shown moves within itself; another store is another screen.
  if (current?.localName === tag && (name !== "store" || current.store === here.id)) return current.place(here)
  const screen = document.createElement(tag)
  screen.here = here
  main.replaceChildren(screen)
}

/** A handshake refused for want of a session looks like a dead network to a socket. HTTP can tell them apart. */
let asking = false
async function watchSession() {
  const { state, attempt, withdrawn, greeted } = live.status
  if (!store.session) {
    // Another tab has logged in again, on the socket this one shares.
    if (state !== "open" || asking) return
    asking = true
    await start()
    asking = false
    return
  }
  if (state === "over") return leave(OVER)
  if (asking || state !== "waiting" || !(withdrawn || (!greeted && attempt > 0))) return
  asking = true
  try {
    const now = await ask("/admin/api/session")
    if (JSON.stringify(now) !== JSON.stringify(store.session)) store.session = now
  } catch (error) {
    if (error instanceof Refusal && error.status === 401) leave(OVER)
  } finally {
    asking = false
  }
}

/** Somebody is working with the page: it does not wait long for its next try. */
function hurry() {
  const { state, retryAt } = live.status
  if (state === "waiting" && retryAt - Date.now() > PATIENCE_MS) live.wake()
}

function userItems() {
  const chosen = document.documentElement.dataset.theme
  const theme = (name, label) => ({ label, checked: chosen === name, act: () => useTheme(name) })
  return [
    theme(undefined, "Match the system"), theme("light", "Light"), theme("dark", "Dark"), null,
    { label: "Keyboard shortcuts", act: showKeys },
    { label: "Sign out", act: signOut },
  ]
}

function useTheme(name) {
  if (name) {
    document.documentElement.dataset.theme = name
    localStorage.setItem("theme", name)
  } else {
    delete document.documentElement.dataset.theme
    localStorage.removeItem("theme")
  }
}

async function signOut() {
  try {
    await send("DELETE", "/admin/api/session")
  } finally {
    leave()
  }
}
