"""Holds the transport against what peers, proxies and restarts do to it: run.py ECHO MALLBOTS [words of a test's name].

`ECHO` serves for most tests, `MALLBOTS` behind nginx. Its last line is "N passed, N failed".
"""

import sys
import time
import traceback

import abuse
import cases
import handover
import proxy
from wire import Program, free_port


def main(echo, mallbots, words=""):
    passed = failed = 0

    def run(test, *arguments):
        nonlocal passed, failed
        name = test.__name__.replace("_", " ")
        if words not in name:
            return
        started = time.monotonic()
        try:
            test(*arguments)
            passed += 1
            print(f"ok {name}, {time.monotonic() - started:.1f} s", flush=True)
        except Exception:
            failed += 1
            print(f"failed {name}, {time.monotonic() - started:.1f} s\n{traceback.format_exc()}", flush=True)

    with Program([echo, "--port", port := free_port()], port) as server:
        for test in cases.TESTS:
            run(test, server)
    with Program([echo, "--port", port := free_port(), "--haste", "10"], port) as server:
        for test in abuse.TESTS:
            run(test, server)
    for test in [*abuse.OWN, *handover.OWN]:
        run(test, [echo])
    for test in proxy.TESTS:
        run(test, echo, mallbots)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    sys.exit(main(*sys.argv[1:]))
