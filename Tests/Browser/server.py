"""A real server with a private PostgreSQL in a folder of its own: started, stopped, killed, backed up and restored.

It ends only processes it started, or that those left behind in its folder, each by its number.
"""

import os
import queue
import re
import shutil
import signal
import subprocess
import tempfile
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path

from browser import Failed, eventually

PROJECT = Path(__file__).resolve().parents[2]
# A first start makes the database; one after a kill may have to wait for what was left behind.
SECONDS_TO_START = 90.0
SECONDS_TO_STOP = 30.0
SECONDS_TO_COPY = 60.0
LOG_LINES_SHOWN = 40


class Server:
    """`mallbots serve` on a port that the kernel chose once and that it keeps over restarts."""

    def __init__(self, binary, *options):
        self.binary = Path(binary).resolve()
        self.options = list(options)
        # Another server's, to be shared with it, instead of a private one.
        self.database = None
        self.folder = Path(tempfile.mkdtemp(prefix="mallbots-journey-"))
        # PostgreSQL may run as another user, who has to get to what is his.
        self.folder.chmod(0o711)
        self.data = self.folder / "data"
        self.log = self.folder / "server.log"
        self.port = 0
        self.user = self.password = self.token = None
        self.process = None

    @property
    def base(self):
        return f"http://127.0.0.1:{self.port}"

    def start(self):
        """Returns when it serves. What is printed once, at the first start, is kept."""
        environment = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
        if self.database:
            environment["DATABASE_URL"] = self.database
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [self.binary, "serve", "--port", str(self.port), "--data", self.data, "--public", PROJECT / "Public",
                 *self.options],
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log, text=True, env=environment)
        lines = queue.SimpleQueue()
        threading.Thread(target=self._read, args=(self.process.stdout, lines), daemon=True).start()
        end = time.monotonic() + SECONDS_TO_START
        while True:
            try:
                line = lines.get(timeout=max(0.0, end - time.monotonic()))
            except queue.Empty:
                raise Failed(f"the server did not serve within {SECONDS_TO_START:g} s") from None
            if line is None:
                raise Failed(f"the server ended with {self.process.wait()} instead of serving")
            if found := re.fullmatch(r"administrator: (\S+) / (\S+)", line):
                self.user, self.password = found.groups()
            elif found := re.fullmatch(r"kiosk token: (\S+)", line):
                self.token = found[1]
            elif found := re.fullmatch(r"serving on http://\S+:(\d+)", line):
                self.port = int(found[1])
                return

    @staticmethod
    def _read(stream, lines):
        with stream:
            for line in stream:
                lines.put(line.rstrip("\n"))
        lines.put(None)

    def stop(self):
        """As Ctrl-C or a service manager ends it. Returns when nothing of it runs any more."""
        self._end(signal.SIGTERM, SECONDS_TO_STOP)
        if self.process.returncode != 0:
            raise Failed(f"the server ended with {self.process.returncode}, not 0")
        if left := self.left_behind():
            raise Failed(f"the server left processes behind: {left}")

    def kill(self):
        """As a crash ends it: PostgreSQL runs on, and the next start finds it."""
        self._end(signal.SIGKILL, SECONDS_TO_STOP)

    def _end(self, number, within):
        self.process.send_signal(number)
        try:
            self.process.wait(within)
        except subprocess.TimeoutExpired:
            raise Failed(f"the server did not end within {within:g} s of {number.name}") from None

    def postgres(self):
        """The number of PostgreSQL's first process."""
        return int((self.data / "data" / "postmaster.pid").read_text().split()[0])

    def kill_postgres(self):
        """Returns when the server has noticed and another runs."""
        killed = self.postgres()
        os.kill(killed, signal.SIGKILL)
        eventually("another PostgreSQL runs", lambda: self.postgres() != killed, SECONDS_TO_START)
        self.wait_until_ready()

    def wait_until_ready(self):
        def asks():
            try:
                with urllib.request.urlopen(self.base + "/readyz", timeout=5) as answer:
                    return answer.status == 200
            except (urllib.error.URLError, OSError):
                return False

        eventually("the server is ready", asks, SECONDS_TO_START)

    def back_up(self, file):
        self._script("backup", file)

    def restore(self, file):
        self._script("restore", file)

    def _script(self, name, file):
        environment = {key: value for key, value in os.environ.items() if key != "DATABASE_URL"}
        done = subprocess.run(
            [PROJECT / "script" / name, "--data", self.data, file], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, timeout=SECONDS_TO_COPY, env=environment)
        if done.returncode != 0:
            raise Failed(f"script/{name} ended with {done.returncode}: {done.stdout.strip()}")

    def left_behind(self):
        """The numbers of the processes whose working folder is the database's."""
        found = []
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit():
                try:
                    if Path(os.readlink(entry / "cwd")) == self.data / "data" and not self._is_dead(entry):
                        found.append(int(entry.name))
                except OSError:
                    continue
        return found

    @staticmethod
    def _is_dead(entry):
        return (entry / "stat").read_text().rpartition(")")[2].split()[0] == "Z"

    def last_words(self):
        lines = self.log.read_text(errors="replace").splitlines() if self.log.exists() else []
        return "\n".join(lines[-LOG_LINES_SHOWN:])

    def remove(self):
        """Whatever happened: afterwards nothing of it runs and its folder is gone."""
        if self.process and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(SECONDS_TO_STOP)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        for number in (signal.SIGQUIT, signal.SIGKILL):
            for process in self.left_behind():
                try:
                    os.kill(process, number)
                except ProcessLookupError:
                    continue
            try:
                eventually("nothing runs in the folder", lambda: not self.left_behind(), 5.0)
                break
            except Failed:
                continue
        shutil.rmtree(self.folder, ignore_errors=True)
