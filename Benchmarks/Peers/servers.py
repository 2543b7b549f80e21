"""The servers that are compared: how each is started. All have the routes of `script/echo`, as far as they can."""

import contextlib
import os
import re
import resource
import signal
import socket
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
BUILT = HERE / ".build"
VENV = HERE / ".venv"
NODE_WS = Path("/usr/share/nodejs/ws/package.json")
OURS = "ours"

STARTS_WITHIN = 20
STOPS_WITHIN = 15
LOOK = 0.01
DESCRIPTORS = 20_000


class Unusable(Exception):
    """A peer that cannot do what is asked; the others go on."""


@dataclass(frozen=True)
class Peer:
    name: str
    command: tuple
    does: frozenset
    compresses: bool = False


def all_peers(programs):
    """`programs` is the folder of our release build."""
    websocket, http, static = {"ws"}, {"http"}, {"static"}
    python = str(VENV / "bin/python")
    swift = BUILT / "release"

    def peer(name, does, *command, compresses=False):
        return Peer(name, tuple(map(str, command)), frozenset(does), compresses)

    return [
        peer(OURS, websocket | http | static, programs / "echo", compresses=True),
        peer("uWebSockets", websocket | http, BUILT / "uws", compresses=True),
        peer("picows", websocket, python, HERE / "servers/picows_server.py"),
        peer("node ws", websocket | http, "/usr/bin/node", HERE / "servers/node.js", compresses=True),
        peer("websockets", websocket, python, HERE / "servers/websockets_server.py", compresses=True),
        peer("FlyingFox", websocket | http | static, swift / "FlyingFoxPeer"),
        peer("Hummingbird", http | static, swift / "HummingbirdPeer"),
        peer("nginx", http | static, "/usr/sbin/nginx"),
    ]


def raise_descriptors():
    """Servers and load inherit it; a process with 10,000 connections needs as many descriptors and some."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard < DESCRIPTORS and os.geteuid() == 0:
        hard = DESCRIPTORS
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard


def build_uws():
    """Built against the library that socketify brings; compiled anew each time, it takes a second."""
    [library] = VENV.glob("lib/python3*/site-packages/socketify/libsocketify_linux_amd64.so")
    BUILT.mkdir(exist_ok=True)
    subprocess.run(
        ["cc", "-O2", "-o", BUILT / "uws", HERE / "servers/uws.c", library, f"-Wl,-rpath,{library.parent}"], check=True)


@contextlib.contextmanager
def running(peer, folder, core, compressed):
    """Starts a server of its own and gives its process and port; it has ended when this ends."""
    state = folder / "state"
    port = 0 if peer.name == OURS else free_port()
    command = list(peer.command)
    if peer.name == OURS:
        command += ["--port", "0", "--folder", str(folder / "files")]
        command += ["--compression", "shared" if compressed else "off"]
    elif peer.name == "nginx":
        command += ["-p", str(state), "-e", "stderr", "-c", str(write_nginx_configuration(port, folder))]
    else:
        command += [str(port), str(folder / "files")]
        command += ["--compressed"] if compressed else []
    with open(folder / "log", "w+") as log:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            preexec_fn=lambda: os.sched_setaffinity(0, {core}))
        try:
            yield process, wait_until_it_serves(peer, process, port, folder / "log")
        finally:
            stop(process)


def wait_until_it_serves(peer, process, port, log):
    deadline = time.monotonic() + STARTS_WITHIN
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise Unusable(f"ended with {process.returncode}: {log.read_text().strip()[-300:]}")
        if not port:
            said = re.search(r"127\.0\.0\.1:(\d+)", log.read_text())
            port = int(said[1]) if said else 0
        if port:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    return port
        time.sleep(LOOK)
    raise Unusable(f"did not serve within {STARTS_WITHIN} s: {log.read_text().strip()[-300:]}")


def stop(process):
    # A server that waits for its clients to leave has none left; one that does not end is ended.
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(STOPS_WITHIN)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def write_nginx_configuration(port, folder):
    text = (HERE / "servers/nginx.conf").read_text()
    # Only root may name another user, and without one its worker could not read the folder.
    user = "user root;" if os.geteuid() == 0 else ""
    for name, value in {"PORT": port, "FOLDER": folder / "files", "STATE": folder / "state", "USER": user}.items():
        text = text.replace(f"@{name}@", str(value))
    path = folder / "state/nginx.conf"
    path.write_text(text)
    return path


def versions():
    """What is compared, as text."""
    def said(*command, pattern=r"\d+(?:\.\d+)+"):
        result = subprocess.run(command, capture_output=True, text=True)
        found = re.search(pattern, result.stdout + result.stderr)
        return found[0] if found else "?"

    python = VENV / "bin/python"
    installed = subprocess.run(
        [python, "-m", "pip", "list", "--format=freeze", "--disable-pip-version-check"], capture_output=True, text=True,
    ).stdout
    packages = dict(line.split("==") for line in installed.split())
    resolved = (HERE / "Package.resolved")
    pins = dict(re.findall(r'"identity" : "([^"]+)".*?"version" : "([^"]+)"', resolved.read_text(), re.S)) \
        if resolved.exists() else {}
    return [
        f"uWebSockets as in socketify {packages.get('socketify')}, through its C interface, on libuv",
        f"picows {packages.get('picows')} and websockets {packages.get('websockets')} on uvloop {packages.get('uvloop')}, "
        f"Python {said('/usr/bin/python3', '--version')}",
        f"node {said('/usr/bin/node', '--version')} with ws {said('cat', str(NODE_WS), pattern=r'(?<=version.: .)[0-9.]+')}",
        f"FlyingFox {pins.get('flyingfox')}, Hummingbird {pins.get('hummingbird')} on SwiftNIO {pins.get('swift-nio')}",
        f"nginx {said('/usr/sbin/nginx', '-v')}",
    ]
