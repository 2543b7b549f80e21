// What can be done with a store and its catalogue.

import { openDialog } from "./dialog.js"
import { money } from "./format.js"
import { may } from "./store.js"

const at = (id) => `/admin/api/stores/${id}`

/** How a store stands to the service: tone and words of its pill. */
export function standing({ participating, request, denied }) {
  if (participating) return ["in", "Taking part"]
  if (request) return ["ask", "Wants to take part"]
  if (denied) return ["rejected", "Denied"]
  return ["out", "Not taking part"]
}

export function createStore(created) {
  openDialog({
    title: "New store",
    fields: [
      { name: "name", label: "Name", required: true },
      { name: "location", label: "Location", required: true,
        hint: "Where robots find it, such as “Level 1, unit 103”." },
    ],
    submit: "Create store",
    done: "Store created",
    send: async (values, attempt) => {
      const answer = await attempt.send("POST", "/admin/api/stores", values)
      created?.(answer.id)
      return answer
    },
  })
}

export function renameStore(store) {
  openDialog({
    title: "Rename store",
    fields: [{ name: "name", label: "Name", required: true, value: store.name }],
    submit: "Rename",
    done: "Store renamed",
    send: ({ name }, attempt) => name === store.name
      ? null
      : attempt.send("PUT", `${at(store.storeId)}/rebrand`, { name }),
  })
}

export function takePart(store) {
  openDialog({
    title: store.request ? `Approve ${store.name}?` : `Let ${store.name} take part?`,
    text: "Its products can be ordered at the kiosks at once.",
    submit: store.request ? "Approve" : "Take part",
    done: `${store.name} takes part`,
    send: (_, attempt) => attempt.send("PUT", `${at(store.storeId)}/participating`),
  })
}

export function leave(store) {
  openDialog({
    title: `Take ${store.name} out of the service?`,
    text: "Its products can no longer be ordered. Orders already placed are still collected.",
    submit: "Leave the service",
    danger: true,
    done: `${store.name} no longer takes part`,
    send: (_, attempt) => attempt.send("DELETE", `${at(store.storeId)}/participating`),
  })
}

export function askParticipation(store) {
  openDialog({
    title: "Ask to take part",
    fields: [{ name: "note", label: "Note to the administrator", kind: "long", required: true, max: 500 }],
    submit: "Send request",
    done: "Request sent",
    send: ({ note }, attempt) => attempt.send("POST", `${at(store.storeId)}/participation-request`, { note }),
  })
}

export function deny(store) {
  openDialog({
    title: `Deny ${store.name}'s request?`,
    fields: [{ name: "note", label: "What the store should know", kind: "long", required: true, max: 500 }],
    submit: "Deny request",
    danger: true,
    done: "Request denied",
    send: ({ note }, attempt) => attempt.send("DELETE", `${at(store.storeId)}/participation-request`, { note }),
  })
}

const changer = (row) => row?.cause?.actor ?? "Somebody"

export function addProduct(storeId) {
  openDialog({
    title: "Add product",
    fields: [
      { name: "name", label: "Name", required: true },
      { name: "description", label: "Description", kind: "long", max: 1000 },
      { name: "sku", label: "SKU", max: 64 },
      { name: "priceMinor", label: "Price", kind: "money", required: true },
    ],
    submit: "Add product",
    done: "Product added",
    send: (values, attempt) => attempt.send("POST", `${at(storeId)}/products`, values),
  })
}

/** `now()` answers the product's row as it is shown, which others may have changed since. */
export function editProduct(product, now) {
  const latest = () => now()?.value ?? product
  openDialog({
    title: "Edit product",
    fields: [
      { name: "name", label: "Name", required: true, value: product.name },
      { name: "description", label: "Description", kind: "long", max: 1000, value: product.description },
    ],
    submit: "Save",
    done: "Product saved",
    meanwhile: () => {
      const { name, description } = latest()
      if (name === product.name && description === product.description) return null
      return `${changer(now())} has changed this meanwhile: ${[name, description].filter(Boolean).join(" · ")}`
    },
    send: ({ name, description }, attempt) => {
      if (name === product.name && description === product.description) return null
      // What one has not touched stays as the others have made it.
      const saved = latest()
      return attempt.send("PUT", `/admin/api/stores/products/${product.productId}/rebrand`, {
        name: name === product.name ? saved.name : name,
        description: description === product.description ? saved.description : description,
      })
    },
  })
}

/** One price for the person; raising and lowering are two commands for the server. */
export function changePrice(product, now) {
  const latest = () => now()?.value.priceMinor ?? product.priceMinor
  openDialog({
    title: `Price of ${product.name}`,
    fields: [{ name: "priceMinor", label: "New price", kind: "money", required: true, value: product.priceMinor }],
    submit: "Change price",
    done: "Price changed",
    meanwhile: () => latest() === product.priceMinor
      ? null
      : `${changer(now())} has changed the price meanwhile: ${money(latest())}.`,
    send: ({ priceMinor }, attempt) => {
      if (priceMinor === latest()) return null
      const command = priceMinor > latest() ? "increasePrice" : "decreasePrice"
      return attempt.send("PUT", `/admin/api/stores/products/${product.productId}/${command}`, { priceMinor })
    },
  })
}

export function removeProduct(product) {
  openDialog({
    title: `Remove ${product.name}?`,
    text: "It leaves the catalogue for good. Orders that contain it are not touched.",
    submit: "Remove product",
    dismiss: "Keep product",
    danger: true,
    done: "Product removed",
    send: (_, attempt) => attempt.send("DELETE", `/admin/api/stores/products/${product.productId}`),
  })
}

/** The commands a person may give a store, for menus and headers. */
export function storeCommands(store) {
  const commands = []
  if (may("edit-store")) commands.push({ label: "Rename…", act: () => renameStore(store) })
  if (!store.participating && may("decide-participation")) {
    commands.push({ label: store.request ? "Approve request…" : "Take part…", act: () => takePart(store) })
  }
  if (store.request && may("decide-participation")) {
    commands.push({ label: "Deny request…", act: () => deny(store), danger: true })
  }
  if (!store.participating && !store.request && may("ask-participation")) {
    commands.push({ label: "Ask to take part…", act: () => askParticipation(store) })
  }
  if (store.participating && may("leave")) {
    commands.push({ label: "Leave the service…", act: () => leave(store), danger: true })
  }
  return commands
}
