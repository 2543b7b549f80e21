"""Runs the acceptance features against the real server, and says in its last line how many scenarios passed and failed."""

import re
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
SUMMARY = re.compile(r"^(\d+) scenarios? passed, (\d+) failed(?:, (\d+) error)?")


def main(binary, *more):
    features = [each for each in more if each.endswith(".feature")] or [str(HERE)]
    command = [
        sys.executable, "-m", "behave", *features, *[each for each in more if not each.endswith(".feature")],
        "--define", f"binary={Path(binary).resolve()}", "--format", "progress3", "--no-capture", "--no-color", "--no-timings"]
    passed = failed = 0
    process = subprocess.Popen(command, cwd=HERE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    for line in process.stdout:
        print(line, end="", flush=True)
        if found := SUMMARY.match(line):
            passed, failed = int(found[1]), int(found[2]) + int(found[3] or 0)
    status = process.wait()
    # A run that broke off before its summary has not passed.
    if status != 0 and failed == 0:
        failed = 1
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit("run.py BINARY [what behave is to be told, as --name 25]")
    sys.exit(main(*sys.argv[1:]))
