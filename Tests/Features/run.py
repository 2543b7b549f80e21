"""Runs the acceptance features against the real server, and says in its last line how many scenarios passed and failed.

The features are dealt out to as many servers as run side by side; each has all of its server to itself.
"""

import re
import subprocess
import sys
import threading
from pathlib import Path

HERE = Path(__file__).resolve().parent
SUMMARY = re.compile(r"^(\d+) scenarios? passed, (\d+) failed(?:, (\d+) error)?")
SERVERS = 2


def deal(features):
    """The longest first, each to whoever has least: a scenario's lines say about how long it takes."""
    hands = [[0, []] for _ in range(SERVERS)]
    for feature in sorted(features, key=lambda path: -path.stat().st_size):
        least = min(hands, key=lambda hand: hand[0])
        least[0] += feature.stat().st_size
        least[1].append(feature)
    return [hand for _, hand in hands if hand]


class Run:
    """One behave with a server of its own, told in one piece when it has ended."""

    turns = threading.Lock()

    def __init__(self, binary, features, more):
        self.command = [
            sys.executable, "-m", "behave", *features, *more, "--define", f"binary={Path(binary).resolve()}",
            "--format", "progress3", "--no-capture", "--no-color", "--no-timings"]
        self.passed = self.failed = 0

    def __call__(self):
        process = subprocess.run(self.command, cwd=HERE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        with self.turns:
            print(process.stdout, flush=True)
        for line in process.stdout.splitlines():
            if found := SUMMARY.match(line):
                self.passed, self.failed = int(found[1]), int(found[2]) + int(found[3] or 0)
        # A run that broke off before its summary has not passed.
        if process.returncode != 0 and self.failed == 0:
            self.failed = 1


def main(binary, *more):
    named = [each for each in more if ".feature" in each]
    hands = [named] if named else deal(HERE.glob("*.feature"))
    runs = [Run(binary, hand, [each for each in more if each not in named]) for hand in hands]
    threads = [threading.Thread(target=run) for run in runs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    passed, failed = sum(run.passed for run in runs), sum(run.failed for run in runs)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit("run.py BINARY [what behave is to be told, as --name 25]")
    sys.exit(main(*sys.argv[1:]))
