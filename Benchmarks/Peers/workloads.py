"""What is measured. A workload is one run of the load generator against one server; it may give several figures."""

import random
from dataclasses import dataclass

CONNECTIONS = (100, 1_000, 10_000)
SIZES = (200, 16_384)
STATIC = {"1k.bin": 1_024, "1m.bin": 1 << 20}
BODIES = {"/plaintext": "Hello, World!", "/json": '{"message":"Hello, World!"}'}
PIPELINE = 16
# Long enough for thousands of operations, and for what compiles while it runs to have done so.
TIMES = ("--warm-up", "0.5", "--seconds", "0.5")
# Of many connections each has to have its answer before and within a stretch, which takes longer than this.
TIMES_OF_MANY = ("--warm-up", "0.2", "--seconds", "0.5")


@dataclass(frozen=True)
class Workload:
    table: str
    name: str
    # Of each figure in turn, the row of the table.
    rows: tuple
    needs: str
    arguments: tuple
    compressed: bool = False
    descriptors: int = 0
    # It takes a third of a round, and is nearly all libz: measured once.
    is_long: bool = False


def all_workloads(folder):
    for kind, path, unit in (("echo", "/ws", "message"), ("broadcast", "/broadcast", "delivery")):
        for compressed in (False, True):
            mode = "compressed" if compressed else "plain"
            for count in CONNECTIONS:
                times = TIMES if count < CONNECTIONS[1] else TIMES_OF_MANY
                is_long = compressed and count == CONNECTIONS[-1]
                once = " (one round)" if is_long else ""
                yield Workload(
                    f"WebSocket {kind}, {mode}: µs of server CPU per {unit}", f"{kind} {mode} {count}",
                    tuple(f"{count:,} connections, {text_of(size)}{once}" for size in SIZES), "ws",
                    (kind, "--path", path, "--connections", str(count), "--size", *map(str, SIZES), *times)
                    + (("--compressed",) if compressed else ()),
                    compressed, count, is_long)
    for path, pipeline in ((path, pipeline) for path in BODIES for pipeline in (1, PIPELINE)):
        deep = f", {pipeline} requests at once" if pipeline > 1 else ""
        yield Workload(
            "HTTP: µs of server CPU per request, 100 connections", f"http {path[1:]} {pipeline}",
            (f"{path}{deep}",), "http",
            ("http", "--path", path, "--connections", "100", "--pipeline", str(pipeline), *TIMES)
            + ("--expect", str(folder / "bodies" / path[1:])))
    for name, size in STATIC.items():
        yield Workload(
            "Static files: µs of server CPU per request, 100 connections", f"static {name}",
            (text_of(size),), "static",
            ("http", "--path", f"/static/{name}", "--connections", "100", *TIMES)
            + ("--expect", str(folder / "files/static" / name)))
    yield Workload(
        "Set-up: µs of server CPU per connection that is opened, upgraded and closed", "connect",
        ("100 at a time",), "ws", ("connect", "--path", "/ws", "--connections", "100", *TIMES))
    yield Workload(
        "Idle: bytes of resident memory per connection", "idle", ("10,000 connections",), "ws",
        ("idle", "--path", "/ws", "--connections", "10000", "--warm-up", "0.2", "--seconds", "0.1"), descriptors=10_000)


def write_files(folder):
    """What is served, and what the answers must be; the files are random, and the same each time."""
    (folder / "files/static").mkdir(parents=True)
    (folder / "bodies").mkdir()
    (folder / "state").mkdir()
    for path, body in BODIES.items():
        (folder / "bodies" / path[1:]).write_text(body)
    for name, size in STATIC.items():
        (folder / "files/static" / name).write_bytes(random.Random(size).randbytes(size))


def text_of(size):
    if size < 1_024:
        return f"{size} B"
    return f"{size >> 10} KiB" if size < 1 << 20 else f"{size >> 20} MiB"
