"""A server leaves and another follows, and nobody who comes is turned away."""

import contextlib
import socket
import threading
import time

from wire import Program, Wire, eventually, free_port, frame, server_frame


class Load:
    """Clients that ask steadily: some with a connection for each request, some with one they keep.

    A kept connection that ends before a byte of the answer has come is opened again, once, as every client of HTTP has
    to (RFC 9112 §9.3.1).
    """

    def __init__(self, port, clients=4):
        self.port, self.over = port, threading.Event()
        self.served, self.failures = 0, []
        self.threads = [
            threading.Thread(target=self.run, args=(kept,)) for kept in (True, False) for _ in range(clients)]

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        for thread in self.threads:
            thread.join()

    def run(self, keeps):
        kept = None
        while not self.over.wait(0.002):
            try:
                if not keeps:
                    with Wire(self.port) as wire:
                        answer = wire.ask("GET", "/plaintext", "Connection: close")
                else:
                    answer = None
                    if kept is not None:
                        with contextlib.suppress(OSError):
                            answer = kept.ask()
                    if answer is None:
                        kept = Wire(self.port)
                        answer = kept.ask()
                    if answer and answer[1].get("connection") == "close":
                        kept = None
                assert answer is not None and answer[0] == 200, f"answered {answer}"
                self.served += 1
            except (OSError, AssertionError) as error:
                self.failures.append(f"{'kept' if keeps else 'fresh'}: {error!r}")


def restarts_refuse_no_connection(command):
    """The listening socket is somebody else's, as with systemd; servers come and go on it."""
    with socket.create_server(("127.0.0.1", 0), backlog=4096) as listener:
        port = listener.getsockname()[1]
        server = Program([*command, "--port", "1"], port, listener).__enter__()
        try:
            with Load(port) as load:
                for _ in range(4):
                    assert eventually(lambda served=load.served: load.served >= served + 200)
                    following = Program([*command, "--port", "1"], port, listener).__enter__()
                    server.terminate()
                    assert (code := server.wait()) == 0, f"the server ended with {code}"
                    server.stop()
                    server = following
                # And with nobody there for a while, who comes has to wait, and no more.
                server.terminate()
                assert (code := server.wait()) == 0, f"the server ended with {code}"
                server.stop()
                server = Program([*command, "--port", "1"], port, listener).__enter__()
                assert eventually(lambda served=load.served: load.served >= served + 200)
            assert load.failures == [], f"{len(load.failures)} of {load.served}: {load.failures[:5]}"
            print(f"    {load.served} requests over 5 restarts, none refused, none failed")
        finally:
            server.stop()


def a_server_that_leaves_closes_its_websockets_one_after_the_other(command):
    with Program([*command, "--port", port := free_port()], port) as echo:
        peers = [Wire(port).upgrade() for _ in range(20)]
        started = time.monotonic()
        echo.terminate()
        moments, delays = [], set()
        for wire in peers:
            opcode, payload = server_frame(wire)
            moments.append(time.monotonic() - started)
            assert opcode == 8 and payload[:2] == (4410).to_bytes(2, "big"), (opcode, payload)
            delays.add(int(payload[2:]))
            wire.send(frame(8, payload[:2]))
            assert wire.ended()
        assert len(delays) > 10 and all(250 <= delay <= 2000 for delay in delays), delays
        assert moments[-1] - moments[0] > 2, f"all were sent away within {moments[-1] - moments[0]:.1f} s"
        assert echo.wait() == 0
        assert time.monotonic() - started < 8, "the drain went beyond its time"


def a_request_under_way_is_finished(command):
    with Program([*command, "--port", port := free_port()], port) as echo, Wire(port) as wire:
        wire.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhello")
        wire.send("")
        assert eventually(lambda: echo.descriptors > 0)
        echo.terminate()
        refused = lambda: not connects(port)
        assert eventually(refused), "it still accepts"
        wire.send("there")
        answer = wire.answer()
        assert answer and answer[0] == 200 and answer[2] == b"hellothere", answer
        assert answer[1]["connection"] == "close"
        assert echo.wait() == 0


def connects(port):
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
        return True
    return False


OWN = [
    restarts_refuse_no_connection, a_server_that_leaves_closes_its_websockets_one_after_the_other,
    a_request_under_way_is_finished,
]
