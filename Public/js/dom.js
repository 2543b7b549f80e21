// The few verbs this page needs on top of the DOM. Text always goes in as text.

/** A copy of a template of index.html. Imported and not cloned, or the elements in it would not be upgraded yet. */
export function stamp(name) {
  const template = document.querySelector(`template[data-name="${name}"]`)
  return document.importNode(template.content, true).firstElementChild
}

export function slot(root, name) {
  return root.matches?.(`[data-slot="${name}"]`) ? root : root.querySelector(`[data-slot="${name}"]`)
}

/** Writes text where it differs: an untouched node keeps the reader's selection. */
export function text(node, value) {
  if (node && node.textContent !== value) node.textContent = value
}

export function fill(root, values) {
  for (const [name, value] of Object.entries(values)) text(slot(root, name), value)
  return root
}

export function make(tag, className, value) {
  const node = document.createElement(tag)
  if (className) node.className = className
  if (value !== undefined) node.textContent = value
  return node
}

const SVG = "http://www.w3.org/2000/svg"

export function icon(name) {
  const svg = document.createElementNS(SVG, "svg")
  svg.setAttribute("class", "icon")
  svg.setAttribute("aria-hidden", "true")
  const use = document.createElementNS(SVG, "use")
  use.setAttribute("href", `/icons.svg#${name}`)
  svg.append(use)
  return svg
}

/** Puts keyed nodes in order. Nodes already in place are not touched, so focus and selection survive. */
export function arrange(parent, nodes) {
  const stay = new Set(nodes)
  for (const node of [...parent.children]) if (!stay.has(node)) node.remove()
  let next = parent.firstElementChild
  for (const node of nodes) {
    if (node === next) next = next.nextElementSibling
    else parent.insertBefore(node, next)
  }
}

/** Whether the person is writing: then letters are text and not commands. */
export function typing(target) {
  return target instanceof Element && target.closest("input, textarea, select, [contenteditable]") !== null
}

export function debounce(wait, act) {
  let timer
  return (...given) => {
    clearTimeout(timer)
    timer = setTimeout(() => act(...given), wait)
  }
}
