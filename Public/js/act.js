// A command that needs no dialog: the button is busy until the page shows what it did; a refusal is said in words.

import { sentence } from "./dialog.js"
import { live } from "./live.js"
import { Attempt, Refusal } from "./send.js"
import { toast } from "./elements/toast-list.js"

const busy = new WeakSet()

/** Sends `command(attempt)` for a button. Pressed again while it is busy it does nothing. */
export async function act(button, command, done) {
  if (busy.has(button)) return
  busy.add(button)
  button.classList.add("is-busy")
  button.setAttribute("aria-busy", "true")
  try {
    const answer = await command(new Attempt())
    const seen = answer?.position === undefined || await live.reached(answer.position)
    toast(seen ? done : `${done}. The page will show it when it has caught up.`)
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    toast(sentence(error.message), { bad: true })
  } finally {
    busy.delete(button)
    button.classList.remove("is-busy")
    button.removeAttribute("aria-busy")
  }
}
