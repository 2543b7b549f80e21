"""Compares the bare server with others: `script/bench peers`, which builds first what is measured.

Each run has a server process of its own on one core and the load generator on another. In a round every workload meets
every peer, one after the other, each round in the opposite order; what is reported are medians over the rounds.
"""

import argparse
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from report import Report, line
from servers import OURS, Unusable, all_peers, build_uws, raise_descriptors, running
from workloads import all_workloads, write_files

RUN_WITHIN = 150
SPARE_DESCRIPTORS = 100


class WrongAnswer(Exception):
    pass


def main():
    arguments = read_arguments()
    # So that what was started ends with this.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended"))
    peers = all_peers(arguments.programs)
    if arguments.peers:
        peers = chosen(peers, arguments.peers)
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) < 2:
        sys.exit("expected two cores, one for the server and one for the load")
    descriptors = raise_descriptors()
    if any(peer.name == "uWebSockets" for peer in peers):
        build_uws()

    report = Report([peer.name for peer in peers], arguments.rounds)
    begin = time.monotonic()
    # A server that drops its rights must be able to read what it serves.
    with tempfile.TemporaryDirectory(prefix="peers.") as name:
        folder = Path(name)
        folder.chmod(0o755)
        write_files(folder)
        workloads = [each for each in all_workloads(folder) if re.search(arguments.only, each.name)]
        if not workloads:
            names = ", ".join(each.name for each in all_workloads(folder))
            sys.exit(f"expected --only to match one of: {names}")
        for each in workloads:
            if each.descriptors + SPARE_DESCRIPTORS > descriptors:
                sys.exit(f"expected {each.descriptors + SPARE_DESCRIPTORS} descriptors (ulimit -Hn), got {descriptors}")
        for number in range(arguments.rounds):
            for workload in workloads:
                if workload.is_long and number > 0:
                    continue
                able = [peer for peer in peers if workload.needs in peer.does and (
                    peer.compresses or not workload.compressed)]
                for peer in able if number % 2 == 0 else reversed(able):
                    try:
                        measure(peer, workload, folder, cores, arguments.load, report, number)
                    except WrongAnswer as wrong:
                        sys.exit(f"{peer.name}, {workload.name}: {wrong}")
    print(report.markdown())
    if arguments.keep:
        report.keep(arguments.keep)
    print(f"{time.monotonic() - begin:.0f} s", file=sys.stderr)
    if any(name == OURS for _, name in report.unusable):
        sys.exit("ours could not do everything")


def read_arguments():
    parser = argparse.ArgumentParser(prog="script/bench peers", description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3, help="how often each is measured; 3")
    parser.add_argument("--only", default="", metavar="PATTERN", help="the workloads whose names match")
    parser.add_argument("--peers", metavar="a,b,…", help="the peers whose names begin so; ours is always measured")
    parser.add_argument("--keep", metavar="FILE", help="write the tables there; docs/benchmarks.md has a place for them")
    parser.add_argument("--load", type=Path, required=True, help=argparse.SUPPRESS)
    parser.add_argument("--programs", type=Path, required=True, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if not 1 <= arguments.rounds <= 100:
        parser.error(f"expected 1 to 100 rounds, got {arguments.rounds}")
    return arguments


def chosen(peers, names):
    wanted = [name.strip().lower() for name in names.split(",")]
    for name in wanted:
        if not any(peer.name.lower().startswith(name) for peer in peers):
            sys.exit(f"expected a peer among {', '.join(peer.name for peer in peers)}, got {name}")
    return [peer for peer in peers if peer.name == OURS or any(peer.name.lower().startswith(name) for name in wanted)]


def measure(peer, workload, folder, cores, load, report, number):
    try:
        with running(peer, folder, cores[0], workload.compressed) as (process, port):
            figures = generate(load, workload, port, process.pid, cores[-1])
    except Unusable as reason:
        print(f"round {number + 1} · {workload.name} · {peer.name} · {reason}", file=sys.stderr)
        return report.note_unusable(workload.name, peer.name, str(reason))
    for row, figure in zip(workload.rows, figures, strict=True):
        report.note(workload.table, row, peer.name, figure)
        print(f"round {number + 1} · {workload.name} · {row} · {peer.name} · {line(figure)}", file=sys.stderr)


def generate(load, workload, port, pid, core):
    command = [str(load), *workload.arguments, "--port", str(port), "--pid", str(pid), "--json"]
    try:
        result = subprocess.run(
            command, capture_output=True, text=True, timeout=RUN_WITHIN,
            preexec_fn=lambda: os.sched_setaffinity(0, {core}))
    except subprocess.TimeoutExpired:
        raise Unusable(f"was not measured within {RUN_WITHIN} s") from None
    if "wrong answer" in result.stderr:
        raise WrongAnswer(result.stderr.strip())
    if result.returncode != 0:
        raise Unusable(result.stderr.strip().removeprefix("Error: ")[-300:] or f"load ended with {result.returncode}")
    return [json.loads(text) for text in result.stdout.splitlines()]


if __name__ == "__main__":
    main()
