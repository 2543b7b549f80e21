"""One connection of a case: the client that the suite's cases drive.

It offers what they call (`sendFrame`, `closeAfter`, ...) and keeps what they judge by (`wasClean`, `closedByMe`, ...),
with the meaning these have in the suite's own client, AutobahnPython with `failByDrop` off.
"""

import asyncio
import base64
import codecs
import hashlib
import os
import struct
import time
import types
import zlib

from suite import WebSocketProtocol, as_bytes, as_text

# How long the suite's client waits for the answer to its close frame, and then for the server to end the connection.
CLOSE_HANDSHAKE_SECONDS = SERVER_DROP_SECONDS = 1
OPEN_SECONDS = 10
TAIL = b"\x00\x00\xff\xff"


class Connection(asyncio.Protocol, WebSocketProtocol):
    def __init__(self, case, path, host):
        self.factory = types.SimpleNamespace(isServer=False)
        self.state = self.STATE_CONNECTING
        self.path, self.host = path, host
        self.connectionWasOpen = False
        self.closedByMe = self.failedByMe = self.droppedByMe = self.wasClean = False
        self.wasNotCleanReason = None
        self.localCloseCode = self.localCloseReason = self.remoteCloseCode = self.remoteCloseReason = None
        self.createWirelog = True
        self.autoFragmentSize = 0
        self.perMessageCompressionOffers = []
        self.perMessageCompressionAccept = None
        self._perMessageCompress = None
        self.trafficStats = {}
        self.rxFrameStats, self.txFrameStats = {}, {}
        self.log = []
        self.timers = []
        self.buffer = bytearray()
        self.message = None
        self.done = asyncio.get_running_loop().create_future()
        # The cases with files send and judge bytes, all others texts of them.
        self.speaks_bytes = hasattr(case, "TESTDATA")
        self.runCase = case(self)

    # The transport

    def connection_made(self, transport):
        self.transport = transport
        self.key = base64.b64encode(os.urandom(16)).decode()
        offers = ", ".join(offer.text() for offer in self.perMessageCompressionOffers)
        extensions = f"Sec-WebSocket-Extensions: {offers}\r\n" if offers else ""
        transport.write((
            f"GET {self.path} HTTP/1.1\r\nHost: {self.host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Key: {self.key}\r\nSec-WebSocket-Version: 13\r\n{extensions}\r\n").encode())
        self.later(OPEN_SECONDS, self.open_timeout)

    def data_received(self, data):
        self.buffer += data
        try:
            if self.state == self.STATE_CONNECTING:
                self.read_head()
            while self.state in (self.STATE_OPEN, self.STATE_CLOSING) and self.read_frame():
                pass
        except Exception as error:  # A mistake of ours, or of a case's: the case has failed, and says why.
            self.note("raised", repr(error))
            self.runCase.result = repr(error)
            self.runCase.expected, self.runCase.behavior = {}, "FAILED"
            self.drop()

    def connection_lost(self, error):
        self.state = self.STATE_CLOSED
        for timer in self.timers:
            timer.cancel()
        if not self.wasClean and not self.droppedByMe and self.wasNotCleanReason is None:
            self.wasNotCleanReason = "the server dropped the connection without a closing handshake"
        self.note("connection lost", self.wasNotCleanReason or "")
        self.runCase.onClose(self.wasClean, self.remoteCloseCode if self.wasClean else 1006, self.remoteCloseReason)
        if not self.runCase.expectedClose and not self.connectionWasOpen:
            self.runCase.expectedClose = {"closedByMe": True, "closeCode": [1000], "requireClean": True}
        self.runCase.onConnectionLost(self.failedByMe)
        if not self.done.done():
            self.done.set_result(None)

    def drop(self):
        if self.state != self.STATE_CLOSED:
            self.droppedByMe = True
            self.state = self.STATE_CLOSED
            self.transport.abort()

    def later(self, seconds, body, *arguments):
        timer = asyncio.get_running_loop().call_later(seconds, body, *arguments)
        self.timers.append(timer)
        return timer

    def note(self, *entry):
        if self.createWirelog:
            self.log.append([round(time.monotonic(), 3), *entry])

    # The opening handshake

    def open_timeout(self):
        if self.state == self.STATE_CONNECTING:
            self.wasNotCleanReason = "no answer to the opening handshake"
            self.drop()

    def read_head(self):
        end = self.buffer.find(b"\r\n\r\n")
        if end < 0:
            return
        head = self.buffer[:end].decode("latin-1")
        del self.buffer[:end + 4]
        status, *lines = head.split("\r\n")
        fields = {name.strip().lower(): value.strip() for name, value in (line.split(":", 1) for line in lines)}
        accept = base64.b64encode(
            hashlib.sha1((self.key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").encode()).digest()).decode()
        if not status.startswith("HTTP/1.1 101 ") or fields.get("sec-websocket-accept") != accept:
            self.wasNotCleanReason = f"the opening handshake was answered with {status}"
            return self.drop()
        if "sec-websocket-extensions" in fields:
            self._perMessageCompress = Deflate(fields["sec-websocket-extensions"], self.perMessageCompressionOffers)
        self.note("open", fields.get("sec-websocket-extensions", "no extension"))
        self.state = self.STATE_OPEN
        self.connectionWasOpen = True
        self.runCase.onOpen()

    # What comes

    def read_frame(self):
        """Takes a frame from the buffer; false if there is no whole one."""
        buffer = self.buffer
        if len(buffer) < 2:
            return False
        length, start = buffer[1] & 0x7f, 2
        if length == 126:
            start = 4
        elif length == 127:
            start = 10
        if len(buffer) < start:
            return False
        if start > 2:
            length = int.from_bytes(buffer[2:start], "big")
        if len(buffer) < start + length:
            return False
        first, is_masked = buffer[0], buffer[1] & 0x80
        payload = bytes(memoryview(buffer)[start:start + length])
        del buffer[:start + length]
        self.frame(first & 0x80 != 0, first >> 4 & 7, first & 0xf, is_masked, payload)
        return True

    def frame(self, fin, rsv, opcode, is_masked, payload):
        self.rxFrameStats[opcode] = self.rxFrameStats.get(opcode, 0) + 1
        self.note("received", opcode, fin, rsv, len(payload), payload[:64].hex())
        may_be_compressed = self._perMessageCompress and opcode in (1, 2)
        if is_masked or rsv not in ((0, 4) if may_be_compressed else (0,)):
            return self.violation("a frame of the server with a mask or reserved bits")
        if opcode >= 8:
            if opcode > 10 or not fin or len(payload) > 125:
                return self.violation("a control frame of the server that is none")
            return self.control(opcode, payload)
        if opcode > 2 or (opcode == 0) != (self.message is not None):
            return self.violation("a frame of the server that continues no message, or breaks one")
        if opcode:
            self.message = (opcode, rsv == 4, [])
        self.message[2].append(payload)
        if not fin:
            return None
        opcode, is_compressed, pieces = self.message
        self.message = None
        data = b"".join(pieces)
        if is_compressed:
            data = self._perMessageCompress.inflate(data)
        if opcode == 1:
            try:
                codecs.decode(data, "utf-8")
            except UnicodeDecodeError:
                return self.failConnection(self.CLOSE_STATUS_CODE_INVALID_PAYLOAD, "not UTF-8")
        if not self.failedByMe:
            self.runCase.onMessage(data if self.speaks_bytes else as_text(data), opcode == 2)
        return None

    def control(self, opcode, payload):
        if opcode == 9:
            self.runCase.onPing(as_text(payload))
            self.sendFrame(opcode=10, payload=payload)
        elif opcode == 10:
            self.runCase.onPong(as_text(payload))
        else:
            self.closed(payload)

    def closed(self, payload):
        """The server's close frame: its answer to ours, or to be answered."""
        if len(payload) == 1:
            return self.violation("a close frame of one byte")
        code = int.from_bytes(payload[:2], "big") if payload else None
        if code is not None and not (1000 <= code <= 1003 or 1007 <= code <= 1014 or 3000 <= code <= 4999):
            return self.violation(f"a close frame with the code {code}")
        self.remoteCloseCode = code
        if len(payload) > 2:
            self.remoteCloseReason = as_text(payload[2:])
        self.wasClean = True
        if self.state == self.STATE_OPEN:
            self.sendCloseFrame(self.CLOSE_STATUS_CODE_NORMAL, isReply=True)
        self.later(SERVER_DROP_SECONDS, self.server_drop_timeout)
        return None

    def server_drop_timeout(self):
        if self.state != self.STATE_CLOSED:
            self.wasClean = False
            self.wasNotCleanReason = "the server did not end the connection in time"
            self.drop()

    def violation(self, what):
        self.note("violation", what)
        self.failConnection(self.CLOSE_STATUS_CODE_PROTOCOL_ERROR, what)

    # What cases call

    def enableWirelog(self, enable):
        self.createWirelog = enable

    def continueLater(self, delay, fun, tag=None):
        self.later(delay, lambda: fun() if self.state != self.STATE_CLOSED else None)

    def killAfter(self, delay):
        self.later(delay, lambda: self.failConnection())

    def closeAfter(self, delay):
        self.later(delay, lambda: self.sendClose())

    def failConnection(self, code=WebSocketProtocol.CLOSE_STATUS_CODE_GOING_AWAY, reason="Going Away"):
        if self.state != self.STATE_CLOSED:
            self.failedByMe = True
            if self.state != self.STATE_CLOSING:
                self.sendClose(code, reason)

    def sendClose(self, code=None, reason=None):
        self.sendCloseFrame(code, reason if reason is None else as_bytes(reason)[:123])

    def sendCloseFrame(self, code=None, reasonUtf8=None, isReply=False):
        if self.state != self.STATE_OPEN:
            return
        payload = b"" if code is None else struct.pack("!H", code)
        self.sendFrame(opcode=8, payload=payload + as_bytes(reasonUtf8 or b""))
        self.state = self.STATE_CLOSING
        self.closedByMe = not isReply
        self.localCloseCode = code
        self.localCloseReason = reasonUtf8 if reasonUtf8 is None else as_text(as_bytes(reasonUtf8))
        if self.closedByMe:
            self.later(CLOSE_HANDSHAKE_SECONDS, self.close_handshake_timeout)

    def close_handshake_timeout(self):
        if self.state != self.STATE_CLOSED and not self.wasClean:
            self.wasNotCleanReason = "no answer to the close frame in time"
            self.drop()

    def sendFrame(self, opcode, payload=b"", fin=True, rsv=0, mask=None, payload_len=None, chopsize=None, sync=False):
        payload = as_bytes(payload)
        if payload_len is not None:
            payload = (payload * (payload_len // len(payload) + 1))[:payload_len]
        self.txFrameStats[opcode] = self.txFrameStats.get(opcode, 0) + 1
        self.note("sent", opcode, fin, rsv, len(payload), payload[:64].hex())
        key = mask or os.urandom(4)
        self.send(self.header(opcode, fin, rsv, len(payload), key) + masked(payload, key), chopsize)

    @staticmethod
    def header(opcode, fin, rsv, length, key):
        first = bytes([(0x80 if fin else 0) | rsv << 4 | opcode])
        if length <= 125:
            return first + bytes([0x80 | length]) + key
        if length <= 0xffff:
            return first + struct.pack("!BH", 0xfe, length) + key
        return first + struct.pack("!BQ", 0xff, length) + key

    def send(self, data, chopsize=None):
        if self.state == self.STATE_CLOSED:
            return
        for start in range(0, len(data), chopsize or len(data)):
            self.transport.write(data[start:start + (chopsize or len(data))])

    def sendMessage(self, payload, isBinary=False, fragmentSize=None, sync=False, doNotCompress=False):
        payload, opcode, rsv = as_bytes(payload), 2 if isBinary else 1, 0
        if self._perMessageCompress and not doNotCompress:
            payload, rsv = self._perMessageCompress.deflate(payload), 4
        size = fragmentSize or self.autoFragmentSize or len(payload) or 1
        starts = range(0, len(payload), size) or [0]
        for start in starts:
            self.sendFrame(
                opcode=0 if start else opcode, payload=payload[start:start + size], fin=start == starts[-1],
                rsv=0 if start else rsv)

    # A message whose frame is sent in pieces.

    def beginMessage(self, isBinary=False):
        self.next_opcode = 2 if isBinary else 1

    def beginMessageFrame(self, length):
        self.piece_key, self.piece_sent = os.urandom(4), 0
        self.send(self.header(self.next_opcode, False, 0, length, self.piece_key))
        self.next_opcode = 0

    def sendMessageFrameData(self, payload, sync=False):
        payload = as_bytes(payload)
        turn = self.piece_sent % 4
        self.send(masked(payload, self.piece_key[turn:] + self.piece_key[:turn]))
        self.piece_sent += len(payload)

    def endMessage(self):
        self.sendFrame(opcode=0)


def masked(payload, key):
    if not payload:
        return b""
    mask = int.from_bytes((key * (len(payload) // 4 + 1))[:len(payload)], "little")
    return (int.from_bytes(payload, "little") ^ mask).to_bytes(len(payload), "little")


class Deflate:
    """permessage-deflate (RFC 7692) as the server answered it; an answer that nobody asked for is refused."""

    def __init__(self, answer, offers):
        name, *parameters = [part.strip() for part in answer.split(";")]
        named = dict((part.split("=") + [None])[:2] for part in parameters)
        known = {"server_no_context_takeover", "client_no_context_takeover", "server_max_window_bits",
                 "client_max_window_bits"}
        if name != "permessage-deflate" or "," in answer or len(named) != len(parameters) or named.keys() - known:
            raise ValueError(f"no answer to an offer: {answer}")
        self.server_bits = int(named.get("server_max_window_bits", 15))
        self.client_bits = int(named.get("client_max_window_bits", 15))
        self.server_resets = "server_no_context_takeover" in named
        self.client_resets = "client_no_context_takeover" in named
        if not any(self.fits(offer, named) for offer in offers):
            raise ValueError(f"an answer to none of the offers: {answer}")
        self.compressor = self.decompressor = None

    def fits(self, offer, named):
        return ((not offer.requestNoContextTakeover or self.server_resets)
                and 8 <= self.server_bits <= (offer.requestMaxWindowBits or 15)
                and (not offer.requestMaxWindowBits or "server_max_window_bits" in named)
                and (offer.acceptMaxWindowBits or "client_max_window_bits" not in named))

    def deflate(self, data):
        if self.compressor is None or self.client_resets:
            self.compressor = zlib.compressobj(zlib.Z_BEST_SPEED, wbits=-max(self.client_bits, 9))
        data = self.compressor.compress(data) + self.compressor.flush(zlib.Z_SYNC_FLUSH)
        return data[:-len(TAIL)]

    def inflate(self, data):
        if self.decompressor is None or self.server_resets:
            self.decompressor = zlib.decompressobj(wbits=-self.server_bits)
        return self.decompressor.decompress(data + TAIL)
