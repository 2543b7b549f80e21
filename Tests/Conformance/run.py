"""Runs the cases of the Autobahn test suite against an echo server it starts.

    run.py ECHO REPORT [--short] [--case GLOB] [--compression shared|own]

A case has passed if the suite finds its behaviour and its close as they must be, or finds nothing to judge. What it calls
non-strict, unclean or a wrong code has failed. The last line is "N passed, N failed"; REPORT tells of each case.
"""

import argparse
import asyncio
import fnmatch
import json
import signal
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from fuzzer import Connection  # noqa: E402
from suite import Cases, find, identifier  # noqa: E402

# The large and the long ones.
LEFT_OUT_WHEN_SHORT = {"9", "12", "13"}
# How many run at once of those that mostly wait, and of those that keep a processor busy.
WAITING, BUSY = 16, 2
PASSED = {"OK", "INFORMATIONAL"}
PATH = "/ws"


async def run(case, port):
    """What the suite says of one case."""
    started = time.monotonic()
    connection = None

    def make():
        nonlocal connection
        connection = Connection(case, PATH, f"127.0.0.1:{port}")
        return connection

    await asyncio.get_running_loop().create_connection(make, "127.0.0.1", port)
    await connection.done
    said = connection.runCase
    return {
        "id": identifier(case), "behavior": said.behavior, "close": said.behaviorClose, "result": said.result,
        "resultClose": said.resultClose, "milliseconds": round((time.monotonic() - started) * 1000),
        "passed": said.behavior in PASSED and said.behaviorClose in PASSED,
        "closeCode": connection.remoteCloseCode, "description": " ".join(case.DESCRIPTION.split()),
        "expectation": " ".join(case.EXPECTATION.split()), "log": connection.log[-40:],
    }


async def run_all(cases, port):
    results = []

    async def work(queue):
        while queue:
            result = await run(queue.pop(0), port)
            results.append(result)
            if not result["passed"]:
                print(f"{result['id']}: {result['behavior']}, {result['close']}: {result['result']} "
                      f"{result['resultClose']}", flush=True)

    def is_busy(case):
        return section(identifier(case)) in LEFT_OUT_WHEN_SHORT

    for at_once, queue in ((WAITING, [case for case in cases if not is_busy(case)]),
                           (BUSY, [case for case in cases if is_busy(case)])):
        await asyncio.gather(*(work(queue) for _ in range(at_once)))
    order = {identifier(case): index for index, case in enumerate(cases)}
    return sorted(results, key=lambda result: order[result["id"]])


def section(name):
    return name.split(".")[0]


def print_table(results, categories):
    print(f"{'':4}{'section':48}{'cases':>6}{'passed':>8}{'seconds':>9}")
    for name in dict.fromkeys(section(result["id"]) for result in results):
        own = [result for result in results if section(result["id"]) == name]
        seconds = sum(result["milliseconds"] for result in own) / 1000
        passed = sum(result["passed"] for result in own)
        print(f"{name:4}{categories[name]:48}{len(own):>6}{passed:>8}{seconds:>9.1f}")


def start(echo, compression):
    """The server, and the port that it was given."""
    server = subprocess.Popen(
        [echo, "--port", "0", "--compression", compression], stderr=subprocess.PIPE, text=True)
    for line in server.stderr:
        if "listening" in line:
            return server, int(line.split("address=")[1].split()[0].rstrip(",").rsplit(":", 1)[1])
    sys.exit(f"{echo} did not start")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("echo")
    parser.add_argument("report", type=Path)
    parser.add_argument("--short", action="store_true")
    parser.add_argument("--case", default="*")
    parser.add_argument("--compression", default="own")
    options = parser.parse_args()

    cases, categories = Cases(find()).load()
    cases = [case for case in cases if fnmatch.fnmatch(identifier(case), options.case)]
    if options.short:
        cases = [case for case in cases if section(identifier(case)) not in LEFT_OUT_WHEN_SHORT]
    if not cases:
        sys.exit(f"no case is called {options.case}")
    # Told to end, it still ends what it has started.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("told to end"))
    server, port = start(options.echo, options.compression)
    try:
        results = asyncio.run(run_all(cases, port))
        if server.poll() is not None:
            sys.exit(f"the server ended with {server.returncode}")
    finally:
        server.terminate()
        server.wait()

    options.report.parent.mkdir(parents=True, exist_ok=True)
    options.report.write_text(json.dumps(results, indent=1) + "\n")
    print_table(results, categories)
    failed = sum(not result["passed"] for result in results)
    print(f"{len(results) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
