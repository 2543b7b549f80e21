"""The whole journey on a server of its own: Tests/Browser/run.py BINARY [SCREENSHOTS].

To the journey's steps it adds what only the one who starts the server can do to it. The steps build on one another: after
one that failed the rest is not tried, and counts as failed.
"""

import os
import re
import signal
import subprocess
import sys
import time
import traceback
from pathlib import Path

import days
import journey as story
from browser import Desk, Failed, browser, eventually
from frames import Recorder
from mall import Refused
from server import PROJECT, Server


def order_one_more(journey):
    """A customer orders, as soon as the mall can take it."""

    def try_it():
        try:
            return journey.kiosk.check_out(journey.customer, [(journey.product, 1)])
        except Refused as refused:
            if refused.status < 500:
                raise
        except Failed:
            return None

    return eventually("an order is taken", try_it, story.SECONDS_TO_RETURN)


def see_one_more(journey):
    """Every open page is live, and an order that is placed now comes to each."""
    order = order_one_more(journey)
    for each in (journey.anna, journey.boris):
        each.wait_until_live(story.SECONDS_TO_RETURN)
        each.wait_for_row(order)
    return order


def follow_the_readme(journey):
    """The commands that the README offers for copying do what it says."""
    readme = (PROJECT / "README.md").read_text()
    blocks = [block for block in re.findall(r"```sh\n(.*?)```", readme, re.S) if "() { curl" in block]
    commands = "".join(f"{block}echo\necho $ORDER\n" for block in blocks)
    server = journey.server
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", commands], cwd=server.folder, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=60,
        env={**os.environ, "URL": server.base, "PASSWORD": server.password, "TOKEN": server.token})
    story.expect(f"the README's commands succeed; they said {done.stdout!r}", done.returncode == 0)
    lines = done.stdout.split("\n")
    for status in ("canceled", "completed"):
        answer = next((line for line in lines if f'"status":"{status}"' in line), "")
        order = lines[lines.index(answer) + 1] if answer else None
        story.expect(f"an answer is a {status} order: {done.stdout!r}", order)
        journey.anna.wait_for_status(order, status)


def speak_as_the_catalogue_says(journey):
    """Every frame between a working page and the server is in the catalogue of the live protocol."""
    context = journey.chromium.new_context(viewport={"width": 1440, "height": 900}, locale="en-GB")
    recorder = Recorder(context)
    carla = Desk(context, journey.base, "carla", journey.shots)
    carla.open("/orders")
    carla.log_in(journey.user, journey.password)
    carla.wait_until_live()
    order = order_one_more(journey)
    carla.wait_for_row(order)
    carla.open_order(order)
    journey.staff.cancel(order, "seen on every screen")
    carla.wait_for_status(order, "canceled")
    carla.close_order()
    carla.search(journey.customer_name)
    carla.wait_for_row(order)
    for screen in ("stores", "depot", "pickup", "payments", "customers", "messages", "sagas", "audit", "staff"):
        carla.open(f"/{screen}")
        carla.wait_until_live()
    frames = recorder.check()
    context.close()
    story.expect(f"many frames were seen: {frames}", frames > 10)


def survive_a_kill_of_the_server(journey):
    journey.server.kill()
    for each in (journey.anna, journey.boris):
        eventually(f"{each.name} admits that it is disconnected", lambda each=each: each.freshness() == "down", story.SECONDS_TO_RETURN)
    journey.server.start()
    see_one_more(journey)


def survive_a_kill_of_postgresql(journey):
    journey.server.kill_postgres()
    see_one_more(journey)


def restore_a_backup_under_open_pages(journey):
    """What came after the backup goes from every page, what was there stays, and life goes on."""
    kept = see_one_more(journey)
    file = journey.server.folder / "backup"
    journey.server.back_up(file)
    lost = see_one_more(journey)
    journey.server.restore(file)
    for each in (journey.anna, journey.boris):
        each.wait_for_no_row(lost)
        each.wait_for_row(kept)
    status = None
    try:
        journey.staff.order(lost)
    except Refused as refused:
        status = refused.status
    story.expect(f"the server knows the order no more: {status}", status == 404)
    # The number of the order that is gone is given again, and its new bearer is shown.
    see_one_more(journey)
    journey.anna.shoot("restored")


def stop_and_leave_nothing(journey):
    journey.server.stop()


def steps():
    after = story.STEPS.index(story.survive_a_restart) + 1
    return [
        *story.STEPS[:after], *days.STEPS, follow_the_readme, speak_as_the_catalogue_says, survive_a_kill_of_the_server,
        survive_a_kill_of_postgresql, restore_a_backup_under_open_pages, *story.STEPS[after:], stop_and_leave_nothing,
    ]


def make(journey, steps):
    """Makes the steps in their order, a line each, and returns how many went well."""
    for done, step in enumerate(steps):
        name = step.__name__.replace("_", " ")
        begun = time.monotonic()
        try:
            step(journey)
        except Exception as error:
            if not isinstance(error, Failed):
                traceback.print_exc()
            for each in journey.desks:
                try:
                    each.shoot("failed")
                except Exception as broken:
                    print(f"no screenshot of {each.name}: {broken}", file=sys.stderr)
            print(f"failed: {name}: {error}", flush=True)
            print(f"the server's last words:\n{journey.server.last_words()}", file=sys.stderr)
            return done
        print(f"ok {name} ({time.monotonic() - begun:.1f} s)", flush=True)
    print(f"order on screen after {journey.seconds_to_appear:.2f} s, "
          f"cancel on the second screen after {journey.seconds_to_second_screen:.2f} s")
    return len(steps)


def main(binary, shots=None):
    shots = Path(shots).resolve() if shots else None
    if shots:
        shots.mkdir(parents=True, exist_ok=True)
    # Ended from outside it leaves as it does by itself: the server stopped, the folder gone.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    planned = steps()
    passed = 0
    server = Server(binary)
    try:
        server.start()
        with browser() as chromium:
            journey = story.Journey(
                chromium, server.base, server.user, server.password, server.token, shots, server.stop, server.start)
            journey.server = server
            passed = make(journey, planned)
    except Exception as error:
        traceback.print_exc()
        print(f"failed: {error}\nthe server's last words:\n{server.last_words()}", file=sys.stderr)
    finally:
        server.remove()
    print(f"{passed} passed, {len(planned) - passed} failed")
    return 0 if passed == len(planned) else 1


if __name__ == "__main__":
    if len(sys.argv) not in (2, 3):
        sys.exit("run.py BINARY [SCREENSHOTS]")
    sys.exit(main(*sys.argv[1:]))
