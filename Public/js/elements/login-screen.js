// Signing in. The address is not touched, so whoever comes back is where they were.

import { clearError, sentence, showError } from "../dialog.js"
import { stamp, text } from "../dom.js"
import { Refusal, send } from "../send.js"
import { store } from "../store.js"

customElements.define("login-screen", class extends HTMLElement {
  connectedCallback() {
    this.replaceChildren(stamp("login"))
    this.form = this.querySelector("form")
    this.error = this.querySelector(".form-error")
    if (this.message) text(this.querySelector("[data-slot=lead]"), this.message)
    this.form.addEventListener("submit", (event) => {
      event.preventDefault()
      this.submit()
    })
    this.form.addEventListener("input", ({ target }) => clearError(target, this.place(target)))
    this.form.elements.user.focus()
    document.title = "Sign in · MallBots"
  }

  place(input) { return input.closest(".field").querySelector(".field-error") }

  async submit() {
    const { user, password } = this.form.elements
    const button = this.querySelector("[type=submit]")
    this.error.hidden = true
    const empty = [user, password].filter((input) => input.value === "")
    for (const input of empty) {
      showError(input, this.place(input), `Enter your ${input === user ? "user name" : "password"}.`)
    }
    if (empty.length > 0) return empty[0].focus()
    if (button.disabled) return
    button.disabled = true
    button.classList.add("is-busy")
    try {
      store.session = await send("POST", "/admin/api/session", { user: user.value.trim(), password: password.value })
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
      const wrong = error.status === 401
      text(this.error, wrong ? "User or password is wrong." : sentence(error.message))
      this.error.hidden = false
      if (wrong) {
        password.focus()
        password.select()
      }
    } finally {
      button.disabled = false
      button.classList.remove("is-busy")
    }
  }
})
