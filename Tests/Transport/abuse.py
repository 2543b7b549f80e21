"""What peers do to a server that mean it no good: each is bounded, and others are answered meanwhile."""

import contextlib
import select
import threading

from wire import Bystander, Program, Wire, eventually, frame, free_port, server_frame

MEBIBYTE = 1 << 20


@contextlib.contextmanager
def untroubled(echo, memory=64 * MEBIBYTE, failures=0):
    """Others are answered while this goes on, and it costs no more memory than this."""
    before = echo.memory
    with Bystander(echo.port) as bystander:
        yield
        grown = echo.memory - before
        assert eventually(lambda: len(bystander.times) >= 50)
    bystander.check(failures)
    assert grown < memory, f"the server grew by {grown >> 20} MiB, expected less than {memory >> 20}"


def keep_sending(wires, piece, over, every=0.2):
    def run():
        while not over.wait(every):
            for wire in wires:
                wire.try_to_send(piece)
    thread = threading.Thread(target=run)
    thread.start()
    return thread


def dripped(echo, head, drop, status, count=200):
    over = threading.Event()
    with untroubled(echo):
        wires = [Wire(echo.port).send(head) for _ in range(count)]
        thread = keep_sending(wires, drop, over)
        try:
            answers = [wire.answer() for wire in wires]
        finally:
            over.set()
            thread.join()
        assert {answer and answer[0] for answer in answers} == {status}, answers[:3]
        for wire in wires:
            wire.close()


def a_head_that_never_ends_is_answered_with_408(echo):
    dripped(echo, "GET / HTTP/1.1\r\n", b"A: b\r\n", 408)


def a_body_that_comes_drop_by_drop_is_answered_with_408(echo):
    dripped(echo, "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n", b"x", 408)


def chunks_of_one_byte_with_long_extensions_are_refused(echo):
    with Wire(echo.port) as wire, untroubled(echo):
        wire.send("POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
        wire.try_to_send(b"".join(b"1;" + b"e" * 200 + b"\r\nx\r\n" for _ in range(200)))
        answer = wire.answer()
        assert answer and answer[0] == 400, answer


def a_reader_that_takes_nothing_is_dropped(echo):
    """Forty ask for answers that no kernel buffers, and read none of them."""
    with untroubled(echo, memory=400 * MEBIBYTE):
        body = b"x" * (8 * MEBIBYTE)
        wires = []
        for _ in range(20):
            wire = Wire(echo.port, receive_buffer=4096)
            wire.send(f"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body)
            wires.append(wire)
        held = echo.descriptors
        assert eventually(lambda: echo.descriptors <= held - 20, within=60), "they were not dropped"
        for wire in wires:
            wire.close()


def a_peer_that_vanishes_is_noticed(echo):
    """In the middle of an answer, and with an open WebSocket: nothing comes back from it, no end and no reset."""
    with untroubled(echo):
        before = echo.descriptors
        gone = []
        for _ in range(5):
            wire = Wire(echo.port, receive_buffer=4096)
            body = b"x" * MEBIBYTE * 8
            wire.send(f"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body)
            wire.vanish()
            gone.append(wire)
            wire = Wire(echo.port).upgrade()
            wire.vanish()
            gone.append(wire)
        assert echo.descriptors >= before + 10
        assert eventually(lambda: echo.descriptors <= before + 4, within=60), "they are still held"
        for wire in gone:
            wire.reset()


def resets_in_the_middle_of_anything_leave_nothing_behind(echo):
    with untroubled(echo):
        before = echo.descriptors
        for _ in range(200):
            for beginning in (
                    "GET / HTTP/1.1\r\nHo", "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nabc",
                    "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
                    "GET /plaintext HTTP/1.1\r\nHost: a\r\n\r\n" * 20):
                Wire(echo.port).send(beginning).reset()
        for _ in range(100):
            wire = Wire(echo.port).upgrade()
            wire.send(frame(2, b"x" * 100, length=100_000)[:50])
            wire.reset()
        assert eventually(lambda: echo.descriptors <= before + 4), "connections are left"


def a_storm_of_connections_that_are_dropped_at_once_passes(echo):
    with untroubled(echo):
        before = echo.descriptors
        for number in range(4000):
            wire = Wire(echo.port)
            wire.reset() if number % 2 else wire.close()
        assert eventually(lambda: echo.descriptors <= before + 4), "connections are left"


def a_flood_of_pings_is_answered_as_far_as_it_is_read(echo):
    """Pongs that nobody reads are held back: the flood has to wait, and the memory does not grow."""
    with untroubled(echo), Wire(echo.port, receive_buffer=4096) as wire:
        wire.upgrade()
        wire.socket.settimeout(1)
        pings = frame(9, b"p" * 100) * 1000
        sent = 0
        with contextlib.suppress(TimeoutError):
            while sent < 64 * MEBIBYTE:
                wire.socket.send(pings)
                sent += len(pings)
        assert sent < 64 * MEBIBYTE, "the flood was never held back"


def tiny_fragments_make_a_message_up_to_their_limit(echo):
    with untroubled(echo), Wire(echo.port) as wire:
        wire.upgrade()
        wire.send(frame(2, b"a", last=False) + frame(0, b"b", last=False) * 10_000 + frame(0, b"c"))
        assert server_frame(wire) == (2, b"a" + b"b" * 10_000 + b"c")
        # Fragments that are empty would never reach a limit of bytes.
        wire.try_to_send(frame(2, b"", last=False) + frame(0, b"", last=False) * 70_000)
        opcode, payload = server_frame(wire)
        assert opcode == 8 and payload[:2] in (b"\x03\xf0", b"\x03\xf1"), (opcode, payload)


def a_message_that_would_be_huge_is_refused_at_its_header(echo):
    for length in (17 * MEBIBYTE, 1 << 40, (1 << 63) - 1):
        with untroubled(echo), Wire(echo.port) as wire:
            wire.upgrade().send(frame(2, b"", length=length))
            opcode, payload = server_frame(wire)
            assert opcode == 8 and payload[:2] == (1009).to_bytes(2, "big"), (opcode, payload)
    with untroubled(echo), Wire(echo.port) as wire:
        wire.send(f"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: {1 << 62}\r\n\r\n")
        assert wire.answer()[0] == 413


def many_bodies_at_once_have_one_budget(command):
    """Two hundred clients send 2 MiB each and do not finish: the loop holds what it may, the rest is told 503."""
    with Program([*command, "--port", port := free_port()], port) as echo, untroubled(echo, memory=2 * 256 * MEBIBYTE):
        head = f"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: {3 * MEBIBYTE}\r\n\r\n".encode()
        wires = [Wire(port) for _ in range(200)]
        for wire in wires:
            wire.try_to_send(head + b"x" * (2 * MEBIBYTE))
        refused = set()

        def count():
            for wire in select.select([wire for wire in wires if wire not in refused], [], [], 0)[0]:
                assert wire.answer()[0] == 503
                refused.add(wire)
            return len(refused)

        # 128 times 2 MiB fit.
        assert eventually(lambda: count() >= 72), f"{len(refused)} of 200 were refused"
        assert count() == 72, f"{len(refused)} of 200 were refused"
        for wire in wires:
            wire.close()


def idle_connections_use_nine_descriptors_in_ten_and_make_room(command):
    with Program([*command, "--port", port := free_port()], port, files=512) as echo:
        with untroubled(echo, failures=2):
            idle = []
            for _ in range(700):
                wire = Wire(port)
                idle.append(wire)
                if len(idle) % 50 == 0:
                    assert wire.ask()[0] in (200, 503)
            assert eventually(lambda: 400 <= echo.descriptors <= 512 * 0.95 + 64), echo.descriptors
            # They have been idle for long enough by now: a new one is served in the place of one of them.
            assert eventually(lambda: ask_once(port) == 200)
        for wire in idle:
            wire.close()


def ask_once(port):
    with contextlib.suppress(OSError), Wire(port) as wire:
        answer = wire.ask("GET", "/plaintext", "Connection: close")
        return answer and answer[0]


def without_a_descriptor_the_server_rests_and_recovers(command):
    """WebSockets make no room. Those who come beyond the limit are told 503, and the loop does not spin."""
    with Program([*command, "--port", port := free_port()], port, files=128) as echo:
        open_ones = []
        refused = 0
        for _ in range(120):
            wire = Wire(port)
            try:
                open_ones.append(wire.upgrade())
            except (AssertionError, OSError):
                refused += 1
        assert 100 <= len(open_ones) <= 115 and refused > 0, f"{len(open_ones)} were let in, {refused} were not"
        waiting = [Wire(port) for _ in range(60)]
        told = [wire.try_to_send("GET /plaintext HTTP/1.1\r\nHost: a\r\n\r\n") and wire.answer() for wire in waiting]
        assert all(answer is None or answer[0] == 503 for answer in told if answer), told[:3]
        assert any(answer and answer[0] == 503 for answer in told), "nobody was told"
        before = echo.cpu
        threading.Event().wait(2)
        assert echo.cpu - before < 1, f"two seconds of rest cost {echo.cpu - before:.1f} s"
        # One that is open is still served, and when some have gone, new ones are let in.
        open_ones[0].send(frame(1, b"hello"))
        assert server_frame(open_ones[0]) == (1, b"hello")
        for wire in [*waiting, *open_ones[40:]]:
            wire.close()
        assert eventually(lambda: ask_once(port) == 200), "nobody is let in again"
        for wire in open_ones[:40]:
            wire.close()


TESTS = [
    a_head_that_never_ends_is_answered_with_408, a_body_that_comes_drop_by_drop_is_answered_with_408,
    chunks_of_one_byte_with_long_extensions_are_refused, a_reader_that_takes_nothing_is_dropped,
    a_peer_that_vanishes_is_noticed, resets_in_the_middle_of_anything_leave_nothing_behind,
    a_storm_of_connections_that_are_dropped_at_once_passes, a_flood_of_pings_is_answered_as_far_as_it_is_read,
    tiny_fragments_make_a_message_up_to_their_limit, a_message_that_would_be_huge_is_refused_at_its_header,
]
OWN = [
    many_bodies_at_once_have_one_budget, idle_connections_use_nine_descriptors_in_ten_and_make_room,
    without_a_descriptor_the_server_rests_and_recovers,
]
