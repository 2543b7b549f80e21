"""One order from the kiosk to a cancelled row on two screens, against a real server.

MALLBOTS_URL, MALLBOTS_USER, MALLBOTS_PASSWORD, MALLBOTS_KIOSK_TOKEN say where and who;
MALLBOTS_SCREENSHOTS, if set, is the folder screenshots are saved to. Exits 0, or 1 with a sentence.

The steps are functions over a `Journey`. Whoever can stop and start the server calls `main(stop, start)`, or `run` with
a journey that has the two; without them the restart is left out, and said so.
"""

import os
import random
import sys
import time
import traceback
from pathlib import Path

from browser import Failed, browser, desk, eventually
from mall import Kiosk, Staff

SECONDS_TO_APPEAR = 5.0
SECONDS_TO_RETURN = 45.0
LIVE_STATES = ("pending", "approved", "in-progress", "ready")
PRICE_MINOR = 1205


class Journey:
    """What the steps share. Names are new each time, so that a journey can be made twice on one server."""

    def __init__(self, chromium, base, user, password, token, shots=None, stop=None, start=None):
        self.chromium, self.base, self.user, self.password, self.shots = chromium, base, user, password, shots
        self.mark = f"{random.SystemRandom().randrange(16**6):06x}"
        self.staff = Staff(base)
        self.kiosk = Kiosk(base, token)
        self.desks = []
        self.stop, self.start = stop, start

    def sit_down(self, name, path):
        """Somebody opens a browser of their own and logs in."""
        made = desk(self.chromium, self.base, name, self.shots)
        self.desks.append(made)
        made.open(path)
        made.log_in(self.user, self.password)
        made.wait_until_live()
        return made


def expect(what, true):
    if not true:
        raise Failed(f"expected: {what}")


def open_a_store(journey):
    journey.staff.log_in(journey.user, journey.password)
    journey.store_name = f"Journey Goods {journey.mark}"
    journey.product_name = f"Walnut Lamp {journey.mark}"
    journey.store = journey.staff.create_store(journey.store_name, "Level 1, unit 7")
    journey.product = journey.staff.add_product(journey.store, journey.product_name, PRICE_MINOR, f"J-{journey.mark}")
    journey.staff.participate(journey.store)


def watch_the_orders(journey):
    journey.anna = journey.sit_down("anna", "/orders")
    eventually("an exact count", lambda: journey.anna.count() is not None)
    journey.count_before = journey.anna.count()
    journey.anna.shoot("before")


def order_at_the_kiosk(journey):
    journey.customer_name = f"Mira Quandt{journey.mark}"
    number = f"+4915{random.SystemRandom().randrange(10**8):08}"
    journey.customer = journey.kiosk.register(journey.customer_name, number)
    journey.order = journey.kiosk.check_out(journey.customer, [(journey.product, 3)])
    journey.ordered_at = time.monotonic()


def see_it_arrive(journey):
    """The order comes by itself: nothing is loaded again, and the row says what was bought."""
    row = journey.anna.wait_for_row(journey.order, SECONDS_TO_APPEAR)
    journey.seconds_to_appear = time.monotonic() - journey.ordered_at
    text = row.inner_text()
    for part in (journey.customer_name, journey.product_name, "36.15"):
        expect(f"the row names {part}; it says {text!r}", part in text)
    journey.anna.shoot("arrived")


def filter_and_count(journey):
    anna = journey.anna
    anna.search(journey.customer_name)
    anna.wait_for_count(1)
    anna.wait_for_row(journey.order)
    # Where there is one order the count says nothing; and an address read without waiting is the one known last.
    anna.page.wait_for_url(lambda url: "q=" in url)
    anna.shoot("found")
    anna.search("")
    eventually("the count of all orders", lambda: (anna.count() or 0) >= journey.count_before + 1)
    anna.open(f"/orders?store={journey.store}")
    anna.wait_for_row(journey.order)
    anna.wait_for_count(1)
    eventually("the filter names the store", lambda: journey.store_name in anna.page.inner_text("[data-filter=store]"))
    anna.toggle_status("canceled")
    anna.wait_for_no_row(journey.order)
    anna.wait_for_count(0)
    anna.shoot("nothing")
    anna.clear_filters()
    anna.wait_for_row(journey.order)
    anna.open("/orders?min=3616&max=3617&q=" + journey.mark)
    anna.wait_for_count(0)
    anna.open("/orders?min=3615&max=3615&q=" + journey.mark)
    anna.wait_for_count(1)
    anna.open("/orders")
    anna.wait_for_row(journey.order)


def read_its_timeline(journey):
    journey.anna.open_order(journey.order)
    eventually("a timeline that begins with the order", lambda: "Order placed" in journey.anna.timeline())
    expect("the panel shows the total", "36.15" in journey.anna.page.inner_text("order-panel .lines-total"))
    journey.anna.shoot("order")


def bring_a_second_pair_of_eyes(journey):
    journey.boris = journey.sit_down("boris", f"/orders?q={journey.mark}")
    journey.boris.wait_for_row(journey.order)
    journey.boris.wait_for_status(journey.order, *LIVE_STATES)


def cancel_with_a_reason(journey):
    journey.reason = f"Customer called the desk ({journey.mark})"
    journey.anna.cancel_order(journey.reason)
    journey.canceled_at = time.monotonic()
    journey.anna.wait_for_status(journey.order, "canceled", within=SECONDS_TO_APPEAR)
    eventually("the timeline says canceled", lambda: "Canceled" in journey.anna.timeline())
    eventually("the panel gives the reason", lambda: journey.reason in journey.anna.page.inner_text("order-panel"))
    expect("a canceled order can not be canceled again",
           not journey.anna.page.locator("order-panel [data-act=cancel]").is_visible())
    journey.anna.shoot("canceled")


def see_it_on_the_second_screen(journey):
    journey.boris.wait_for_status(journey.order, "canceled", within=SECONDS_TO_APPEAR)
    journey.seconds_to_second_screen = time.monotonic() - journey.canceled_at
    journey.boris.shoot("canceled")
    answer = journey.staff.order(journey.order)
    expect(f"the server agrees that it is canceled: {answer.get('status')}", answer.get("status") == "canceled")


def survive_a_restart(journey):
    """While the server is away no page says live; when it is back each catches up with what it missed."""
    journey.stop()
    for each in (journey.anna, journey.boris):
        eventually(f"{each.name} admits that it is disconnected",
                   lambda each=each: each.freshness() == "down", SECONDS_TO_RETURN)
        expect(f"{each.name} keeps the rows it has", each.row(journey.order).count() == 1)
    journey.anna.shoot("down")
    journey.start()
    journey.late_order = journey.kiosk.check_out(journey.customer, [(journey.product, 1)])
    for each in (journey.anna, journey.boris):
        each.wait_until_live(SECONDS_TO_RETURN)
        each.wait_for_row(journey.late_order)
    journey.anna.shoot("back")


def lose_the_session(journey):
    journey.boris.page.click("[data-act=user]")
    journey.boris.page.get_by_text("Sign out").click()
    journey.boris.page.wait_for_selector("login-screen")
    expect("nothing of the orders is left on the screen", journey.mark not in journey.boris.page.inner_text("body"))


def nobody_complained(journey):
    complaints = [line for each in journey.desks for line in each.complaints]
    expect(f"no errors in the browsers' consoles: {complaints}", not complaints)


STEPS = [
    open_a_store, watch_the_orders, order_at_the_kiosk, see_it_arrive, filter_and_count, read_its_timeline,
    bring_a_second_pair_of_eyes, cancel_with_a_reason, see_it_on_the_second_screen, survive_a_restart,
    lose_the_session, nobody_complained,
]


def run(journey):
    """Makes the journey, a line a step. `stop()` returns when the server is down, `start()` when it is ready again."""
    for step in STEPS:
        name = step.__name__.replace("_", " ")
        if step is survive_a_restart and not (journey.stop and journey.start):
            print(f"left out: {name} (nobody here can stop and start the server)")
            continue
        begun = time.monotonic()
        step(journey)
        print(f"ok {name} ({time.monotonic() - begun:.1f} s)", flush=True)
    print(f"order on screen after {journey.seconds_to_appear:.2f} s, "
          f"cancel on the second screen after {journey.seconds_to_second_screen:.2f} s")


def main(stop=None, start=None):
    try:
        base, user, password, token = (
            os.environ[name] for name in ("MALLBOTS_URL", "MALLBOTS_USER", "MALLBOTS_PASSWORD", "MALLBOTS_KIOSK_TOKEN"))
    except KeyError as missing:
        print(f"set {missing} first", file=sys.stderr)
        return 2
    shots = os.environ.get("MALLBOTS_SCREENSHOTS")
    shots = Path(shots) if shots else None
    if shots:
        shots.mkdir(parents=True, exist_ok=True)
    with browser() as chromium:
        journey = Journey(chromium, base, user, password, token, shots, stop, start)
        try:
            run(journey)
            return 0
        except Exception as error:
            for each in journey.desks:
                try:
                    each.shoot("failed")
                except Exception as broken:
                    print(f"no screenshot of {each.name}: {broken}", file=sys.stderr)
            if not isinstance(error, Failed):
                traceback.print_exc()
            print(f"failed: {error}", file=sys.stderr)
            return 1


if __name__ == "__main__":
    sys.exit(main())
