"""Medians as tables, for a reader and for docs/benchmarks.md."""

import datetime
import os
import platform
import re
from pathlib import Path
from statistics import median

from servers import OURS, versions

BEGIN, END = "<!-- figures of script/bench peers -->", "<!-- end of figures -->"
# A generator that used this much of its core, beside a server with time to spare, has set the pace.
BUSY, IDLE = 0.95, 0.9


def value(figure):
    """CPU time of the server in µs per operation, or bytes per connection."""
    return figure["memory"] if "memory" in figure else figure["serverCPU"] * 1e6 / figure["count"]


def is_held_back(figure):
    return "loadCPU" in figure and figure["loadCPU"] / figure["seconds"] > BUSY \
        and figure["serverCPU"] / figure["seconds"] < IDLE


def line(figure):
    """One measurement in a line, as it comes in."""
    if "memory" in figure:
        return f"{value(figure):.0f} B a connection"
    seconds = figure["seconds"]
    return (
        f"{value(figure):.2f} µs · {figure['count'] / seconds:,.0f}/s · p50 {figure['p50']:.2f} ms, p99 {figure['p99']:.2f} ms"
        f" · server {figure['serverCPU'] / seconds:.0%}, load {figure['loadCPU'] / seconds:.0%} of a core")


class Report:
    def __init__(self, peers, rounds):
        self.peers, self.rounds = peers, rounds
        # By table, row and peer: the figures of the rounds.
        self.figures = {}
        self.unusable = {}

    def note(self, table, row, peer, figure):
        self.figures.setdefault(table, {}).setdefault(row, {}).setdefault(peer, []).append(figure)

    def note_unusable(self, workload, peer, reason):
        self.unusable[(workload, peer)] = reason

    def markdown(self):
        date = datetime.date.today().isoformat()
        lines = [
            f"{date} · {processor()}, {os.cpu_count()} cores, Linux {platform.release()} · "
            f"medians of {self.rounds} alternating rounds · in brackets the ratio to ours, below 1 where the peer is cheaper",
            "", *(f"- {version}" for version in versions())]
        for table, rows in self.figures.items():
            names = [name for name in self.peers if any(name in row for row in rows.values())]
            lines += ["", f"### {table}", "", "| | " + " | ".join(names) + " |", "|---" * (len(names) + 1) + "|"]
            for row, by_peer in rows.items():
                cells = [self.cell(by_peer, name) for name in names]
                lines.append(f"| {row} | " + " | ".join(cells) + " |")
        if any(is_held_back(one) for figure in self.all() for one in figure):
            lines += ["", "°: the load generator was busier than the server; the server had time to spare."]
        for (workload, peer), reason in self.unusable.items():
            lines += ["", f"{peer} could not do “{workload}”: {' '.join(reason.split())}"]
        return "\n".join(lines) + "\n"

    def all(self):
        return (figure for rows in self.figures.values() for row in rows.values() for figure in row.values())

    @staticmethod
    def cell(by_peer, name):
        if name not in by_peer:
            return "—"
        amount = median(map(value, by_peer[name]))
        held_back = "°" if any(map(is_held_back, by_peer[name])) else ""
        text = f"{amount:,.0f}" if amount >= 1_000 else f"{amount:.3g}"
        if name == OURS:
            return f"**{text}**{held_back}"
        ours = median(map(value, by_peer[OURS])) if OURS in by_peer else 0
        return f"{text}{held_back} ({amount / ours:.2f})" if ours > 0 else text + held_back

    def keep(self, path):
        """Writes the tables to a file, or, where it has a place for them, there and nowhere else."""
        path = Path(path)
        text = path.read_text() if path.exists() else ""
        place = re.compile(f"{BEGIN}.*?{END}", re.S)
        if place.search(text):
            whole = f"{BEGIN}\n{self.markdown()}{END}"
            path.write_text(place.sub(lambda _: whole, text))
        else:
            path.write_text(self.markdown())


def processor():
    found = re.search(r"^model name\s*: (.+)$", Path("/proc/cpuinfo").read_text(), re.M)
    return found[1] if found else platform.machine()
