"""One server for all scenarios, with a private PostgreSQL; each scenario has customers, stores and robots of its own."""

import sys
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parents[1] / "Browser"), str(Path(__file__).resolve().parent)]

from server import Server  # noqa: E402

from people import Caller, Control, World  # noqa: E402

LAST_WORDS = 2_000


def before_all(context):
    server = Server(context.config.userdata["binary"], "--test-control")
    context.server = server
    server.options.append(server.folder / "control")
    server.start()
    server.control = Control(server.folder / "control")
    server.administrator = Caller(server, user=server.user, password=server.password)
    server.administrator.log_in().must_be_done()
    server.kiosk = Caller(server, server.token)


def before_scenario(context, scenario):
    context.world = World(context.server)
    context.undo = []
    context.logged = context.server.log.stat().st_size


def after_scenario(context, scenario):
    for undo in reversed(context.undo):
        undo()
    if scenario.status in ("failed", "error"):
        with context.server.log.open("rb") as log:
            log.seek(context.logged)
            print(f"what the server said:\n{log.read().decode('utf-8', 'replace')[-LAST_WORDS:]}")
    context.world.tidy_up()


def after_all(context):
    context.server.remove()
