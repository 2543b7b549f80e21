// The shared worker: one socket for every tab of this browser.

import { Hub } from "./hub.js"

const hub = new Hub(new URL("/admin/live", location.href).href.replace(/^http/, "ws"))

addEventListener("connect", ({ ports: [port] }) => {
  if (hub.full) {
    port.postMessage({ type: "full" })
    return port.close()
  }
  const ask = hub.join((message) => port.postMessage(message))
  let gone = false
  const leave = () => {
    if (gone) return
    gone = true
    ask({ type: "bye" })
    port.close()
  }
  port.onmessage = ({ data }) => {
    if (data.type === "bye") return leave()
    // A tab holds a lock while it lives. Getting it means that the tab is gone, even if it crashed.
    if (data.type === "lock") return navigator.locks?.request(data.name, leave)
    ask(data)
  }
})
