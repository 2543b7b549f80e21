"""One server for all scenarios, with a private PostgreSQL; each scenario has customers, stores and robots of its own."""

import sys
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parents[1] / "Browser"), str(Path(__file__).resolve().parent)]

from server import Server  # noqa: E402

from people import Caller, Control, World  # noqa: E402


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
    context.world = World(context.server, scenario.name.split()[0])
    context.undo = []


def after_scenario(context, scenario):
    for undo in reversed(context.undo):
        undo()
    if scenario.status == "failed":
        print(f"the server's last words:\n{context.server.last_words()}", file=sys.stderr)
    context.world.tidy_up()


def after_all(context):
    context.server.remove()
