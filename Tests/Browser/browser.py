"""Drives the page as a person would: a headless Chromium, and verbs for what staff do.

The page forbids `eval`, so waiting is done from outside, by asking again, and the policy itself is under test.
"""

import os
import time
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Error, sync_playwright

PATIENCE = 15.0
PAUSE = 0.05


class Failed(Exception):
    """An expectation that did not come true; its text says what was expected and what was seen."""


def eventually(what, look, within=PATIENCE):
    """Asks `look` until it answers something true, and fails with what it was waiting for."""
    end = time.monotonic() + within
    seen = None
    while True:
        try:
            seen = look()
        except Error as error:
            seen = None
            last = error
        else:
            last = None
        if seen:
            return seen
        if time.monotonic() > end:
            raise Failed(f"expected within {within:g} s: {what}; last seen: {last or seen!r}")
        time.sleep(PAUSE)


class Desk:
    """One browser context: somebody's browser, with its own session and its own tabs."""

    def __init__(self, context, base, name, shots):
        self.context, self.base, self.name, self.shots = context, base.rstrip("/"), name, shots
        self.complaints = []
        self.taken = 0
        self.page = self.tab()

    def tab(self):
        page = self.context.new_page()
        page.on("pageerror", lambda error: self.complaints.append(f"{self.name}: {error}"))
        page.on("console", self._heard)
        return page

    def _heard(self, message):
        # A refused request is logged by the browser itself and is no fault of the page.
        if message.type == "error" and "Failed to load resource" not in message.text \
                and "WebSocket" not in message.text:
            self.complaints.append(f"{self.name}: {message.text}")

    def open(self, path):
        self.page.goto(self.base + path)

    def log_in(self, user, password):
        self.page.wait_for_selector("login-screen")
        self.page.fill("[name=user]", user)
        self.page.fill("[name=password]", password)
        self.page.keyboard.press("Enter")
        self.page.wait_for_selector(".app")

    def freshness(self):
        return self.page.locator(".fresh").first.get_attribute("data-level")

    def wait_until_live(self, within=PATIENCE):
        eventually(f"{self.name} says live", lambda: self.freshness() == "live", within)

    def row(self, key):
        return self.page.locator(f".table-body > [data-key='{key}']")

    def wait_for_row(self, key, within=PATIENCE):
        eventually(f"{self.name} shows a row for {key}", lambda: self.row(key).count() == 1, within)
        return self.row(key)

    def wait_for_no_row(self, key, within=PATIENCE):
        eventually(f"{self.name} no longer shows {key}", lambda: self.row(key).count() == 0, within)

    def status(self, key):
        return self.row(key).locator(".pill").get_attribute("data-tone")

    def wait_for_status(self, key, *wanted, within=PATIENCE):
        eventually(
            f"{self.name} shows {key} as {' or '.join(wanted)}",
            lambda: self.row(key).count() == 1 and self.status(key) in wanted,
            within,
        )

    def count(self):
        """The exact number the page claims, or None while it makes no claim."""
        text = self.page.locator(".pane .head-count").first.inner_text()
        digits = "".join(letter for letter in text if letter.isdigit())
        return int(digits) if digits else None

    def wait_for_count(self, wanted, within=PATIENCE):
        eventually(f"{self.name} counts {wanted}", lambda: self.count() == wanted, within)

    def search(self, words):
        self.page.fill(".search-input", words)

    def toggle_status(self, status):
        self.page.click(f"[data-status='{status}']")

    def clear_filters(self):
        self.page.click(".filters [data-act=clear]")

    def open_order(self, key):
        self.row(key).locator(".row-link").click()
        self.page.wait_for_selector("order-panel .moment")

    def close_order(self):
        self.page.keyboard.press("Escape")
        eventually("the order is closed", lambda: not self.page.locator("order-panel").is_visible())

    def timeline(self):
        return [text.strip() for text in self.page.locator("order-panel .moment-what").all_inner_texts()]

    def cancel_order(self, reason):
        self.page.click("order-panel [data-act=cancel]")
        self.page.wait_for_selector("dialog[open]")
        self.page.click("dialog [type=submit]")
        eventually("a cancel without a reason is refused",
                   lambda: self.page.locator("dialog .field-error:visible").count() == 1)
        self.page.fill("dialog textarea", reason)
        self.page.click("dialog [type=submit]")
        self.page.wait_for_selector("dialog", state="detached")

    def shoot(self, what):
        if self.shots:
            self.taken += 1
            self.page.screenshot(path=str(self.shots / f"{self.name}-{self.taken:02}-{what}.png"))


@contextmanager
def browser():
    """A headless Chromium: the system's if there is one, else the one playwright brings."""
    with sync_playwright() as playwright:
        path = os.environ.get("MALLBOTS_CHROMIUM", "/usr/bin/chromium")
        options = {"executable_path": path} if Path(path).exists() else {}
        chromium = playwright.chromium.launch(args=["--no-sandbox"], **options)
        try:
            yield chromium
        finally:
            chromium.close()


def desk(chromium, base, name, shots=None, **options):
    options = {"viewport": {"width": 1440, "height": 900}, "locale": "en-GB", **options}
    return Desk(chromium.new_context(**options), base, name, shots)
