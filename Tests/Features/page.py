"""A page of staff over a real WebSocket, by the text of `mallbots.live.v1` (docs/live.asyncapi.yaml): what comes is held until
a commit, and then shown at once. Standard library only."""

import base64
import hashlib
import json
import os
import select
import socket
import struct
import threading

from people import Unmet, eventually

ACCEPTED = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
CONTINUATION, TEXT, CLOSE, PING, PONG = 0, 1, 8, 9, 10
# What a socket that stops reading still takes.
SMALL_BUFFER = 4_096
SECONDS_TO_ANSWER = 10.0
REST = 0.02


class View:
    def __init__(self, topic, filter, limit):
        self.topic, self.filter, self.limit = topic, filter, limit
        self.rows, self.staged, self.shared = {}, [], None
        # Whether its rows are wholly there; whether the server has answered for them on this connection; whether they are as of
        # an earlier one until it does.
        self.is_complete = self.is_answered = self.is_resuming = False
        self.refused = None


class Page:
    """What one tab of a browser holds. It keeps its rows and its cursor when the connection ends, and asks for the
    difference when it connects again."""

    def __init__(self, who, is_slow=False):
        self.who, self.is_slow = who, is_slow
        self.views, self.cursor, self.position, self.lag = {}, None, 0, None
        self.commits = self.rows_received = 0
        self.keys_received, self.resets, self.faults = [], [], []
        self.closed = None
        # Called after each commit, before the next message is read.
        self.on_commit = lambda: None
        self.socket = None
        self.lock = threading.RLock()
        self.may_read = threading.Event()
        self.may_read.set()

    # Coming and going

    def connect(self, server=None):
        """By the session of whoever looks at it. Fails if it is not let in."""
        self.server = server or self.who.server
        cookies = "; ".join(f"{each.name}={each.value}" for each in self.who.cookies)
        connection = socket.socket()
        if self.is_slow:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SMALL_BUFFER)
        connection.settimeout(SECONDS_TO_ANSWER)
        connection.connect(("127.0.0.1", self.server.port))
        key = base64.b64encode(os.urandom(16)).decode()
        connection.sendall(
            (f"GET /admin/live HTTP/1.1\r\nHost: 127.0.0.1:{self.server.port}\r\nOrigin: {self.server.base}\r\n"
             f"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n"
             f"Sec-WebSocket-Protocol: mallbots.live.v1\r\nCookie: {cookies}\r\n\r\n").encode())
        head, rest = b"", b""
        while not rest and b"\r\n\r\n" not in head:
            part = connection.recv(4_096)
            if not part:
                raise Unmet(f"the server hung up instead of shaking hands: {head}")
            head += part
        head, _, rest = head.partition(b"\r\n\r\n")
        accepted = base64.b64encode(hashlib.sha1((key + ACCEPTED).encode()).digest())
        if not head.startswith(b"HTTP/1.1 101 ") or accepted not in head:
            connection.close()
            raise Unmet(f"the page was not let in: {head.splitlines()[0].decode()}")
        with self.lock:
            self.socket, self.closed = connection, None
            self.rows_received, self.keys_received = 0, []
            for number, view in self.views.items():
                view.staged, view.is_answered, view.shared = [], False, None
                self._ask(number)
        self.reader = threading.Thread(target=self._read, args=(connection, rest), daemon=True)
        self.reader.start()
        return self

    def disconnect(self):
        """As a broken line ends it: without a word."""
        if self.socket:
            self.may_read.set()
            connection, self.socket = self.socket, None
            # Not closed under the reader, who would wait on for ever: shut down, and closed when it has noticed.
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            self.reader.join(SECONDS_TO_ANSWER)
            connection.close()

    def stall(self, is_stalled):
        """Stops reading, so that the server's bytes stay where they are; and goes on."""
        self.may_read.clear() if is_stalled else self.may_read.set()

    # Looking

    def open(self, number, topic, limit=2_000, **filter):
        with self.lock:
            self.views[number] = View(topic, filter, limit)
            self._ask(number)
        return self

    def rows(self, number):
        with self.lock:
            return {key: row["value"] for key, row in self.views[number].rows.items()}

    def row(self, number, key):
        return self.rows(number).get(key)

    def completes(self, number):
        eventually(f"view {number} is there", lambda: self.views[number].is_complete or self._explain(number))

    def reaches(self, position):
        eventually(f"the page comes to {position}", lambda: self.position >= position or self._explain(1))

    def shows(self, number, key, condition=lambda row: True, within=SECONDS_TO_ANSWER):
        def so():
            row = self.row(number, key)
            if row is None or not condition(row):
                raise Unmet(f"the row is {json.dumps(row)[:400]}; at {self.position}, closed: {self.closed}")
            return row
        return eventually("the page shows it", so, within)

    def _explain(self, number):
        raise Unmet(f"at {self.position}, closed: {self.closed}, refused: {self.views[number].refused}, {self.faults}")

    def must_be_sound(self):
        if self.faults:
            raise Unmet(f"against the protocol: {self.faults}")

    # The protocol

    def _ask(self, number):
        view = self.views[number]
        message = {"type": "open", "view": number, "topic": view.topic, "filter": view.filter, "limit": view.limit}
        view.is_resuming = view.is_complete and self.cursor is not None
        if view.is_resuming:
            message |= {"cursor": self.cursor, "have": list(view.rows)}
        self._send(TEXT, json.dumps(message).encode())

    def _send(self, opcode, payload):
        """RFC 6455, section 5.2: a client masks what it sends."""
        mask = os.urandom(4)
        length = len(payload)
        if length < 126:
            head = struct.pack("!BB", 0x80 | opcode, 0x80 | length)
        elif length < 65_536:
            head = struct.pack("!BBH", 0x80 | opcode, 0x80 | 126, length)
        else:
            head = struct.pack("!BBQ", 0x80 | opcode, 0x80 | 127, length)
        masked = (int.from_bytes(payload) ^ int.from_bytes((mask * (length // 4 + 1))[:length])).to_bytes(length)
        if self.socket:
            self.socket.sendall(head + mask + masked)

    def _read(self, connection, bytes):
        message = b""
        while True:
            while frame := self._frame(bytes):
                is_last, opcode, payload, bytes = frame
                if opcode == PING:
                    self._send(PONG, payload)
                elif opcode == CLOSE:
                    code = struct.unpack("!H", payload[:2])[0] if len(payload) > 1 else None
                    self.closed = (code, payload[2:].decode())
                elif opcode in (TEXT, CONTINUATION):
                    message += payload
                    if is_last:
                        with self.lock:
                            self._take(json.loads(message))
                        message = b""
            self.may_read.wait()
            try:
                if not select.select([connection], [], [], SECONDS_TO_ANSWER)[0]:
                    continue
                part = connection.recv(65_536)
            except (OSError, ValueError):
                part = b""
            if not part:
                self.closed = self.closed or (None, "the connection ended")
                return
            bytes += part

    @staticmethod
    def _frame(bytes):
        """The first whole frame of a server, which masks nothing, and what is behind it."""
        if len(bytes) < 2:
            return None
        length, begin = bytes[1] & 0x7F, 2
        if length >= 126:
            size = 2 if length == 126 else 8
            length, begin = int.from_bytes(bytes[2:2 + size]), 2 + size
        if len(bytes) < begin + length or begin > len(bytes):
            return None
        return bytes[0] & 0x80, bytes[0] & 0x0F, bytes[begin:begin + length], bytes[begin + length:]

    def _take(self, message):
        arrived = message.get("rows", []) if message["type"] == "rows" else message.get("put", [])
        self.rows_received += len(arrived)
        self.keys_received += [row["key"] for row in arrived]
        kind, view = message["type"], self.views.get(message.get("view"))
        if kind == "rows" and view:
            view.shared, view.is_answered = message["shared"], message["last"]
            view.staged.append(message)
        elif kind == "change":
            for each in self.views.values():
                if each.shared == message["shared"]:
                    each.staged.append(message)
        elif kind == "reset" and view:
            self.resets.append((message["view"], message["reason"]))
            self.views[message["view"]] = View(view.topic, view.filter, view.limit)
        elif kind == "refused" and view:
            view.refused = message
        elif kind == "commit":
            self._commit(message)
        elif kind not in ("hello", "total", "check", "rows", "reset", "refused"):
            self.faults.append(f"unknown: {message}")

    def _commit(self, message):
        self.commits += 1
        self.lag = message["lagMs"]
        if any(view.is_resuming and not view.is_answered and not view.refused for view in self.views.values()):
            return
        for number, view in self.views.items():
            if any(each["type"] == "rows" for each in view.staged) and not view.is_answered:
                self.faults.append(f"a commit between the parts of view {number}")
            for each in view.staged:
                self._apply(each, view)
            if view.is_answered:
                view.is_complete, view.is_resuming = True, False
            view.staged = []
        same_life = self.cursor and self.cursor.partition(".")[0] == message["cursor"].partition(".")[0]
        if same_life and message["position"] < self.position:
            self.faults.append(f"sent back from {self.position} to {message['position']}")
        self.cursor, self.position = message["cursor"], message["position"]
        self.on_commit()

    def _apply(self, message, view):
        for key in message.get("gone", []):
            view.rows.pop(key, None)
        for row in message.get("rows", message.get("put", [])):
            held = view.rows.get(row["key"])
            if held is None or held["position"] <= row["position"]:
                view.rows[row["key"]] = row
        if (keys := message.get("keys")) is not None:
            if missing := set(keys) - set(view.rows):
                self.faults.append(f"a window lists rows that were not sent: {missing}")
            view.rows = {key: row for key, row in view.rows.items() if key in keys}
