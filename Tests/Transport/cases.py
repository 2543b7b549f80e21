"""The parser's cases over a socket: each whole, byte by byte and cut at random, with one verdict."""

import random
import re
import socket
from pathlib import Path

from wire import Wire

FOLDER = Path(__file__).resolve().parents[1] / "HTTPTests" / "Cases"
# What a running server has limits of its own for.
LIMITS = {"limits"}


def unescaped(text):
    data = b""
    rest = text.encode()
    while rest:
        if rest[:1] != b"\\":
            data, rest = data + rest[:1], rest[1:]
        elif len(rest) == 1:
            return data
        elif rest[1:2] == b"x":
            data, rest = data + bytes([int(rest[2:4], 16)]), rest[4:]
        else:
            data, rest = data + {b"r": b"\r", b"n": b"\n", b"t": b"\t", b"\\": b"\\"}[rest[1:2]], rest[2:]
    return data + b"\r\n"


def cases():
    for path in sorted(FOLDER.glob("*.txt")):
        if path.stem in LIMITS:
            continue
        rule, data, expected = None, b"", []
        for line in path.read_text().split("\n") + ["---"]:
            if line.startswith("---"):
                if rule is not None:
                    yield f"{path.stem}: {rule}", data, expected
                rule, data, expected = line[4:], b"", []
            elif line.startswith(">"):
                data += unescaped(line[2:])
            elif line.startswith("="):
                expected.append(line[2:])


def verdicts(port, pieces):
    """The statuses of all answers. The end of what is sent is said, so nothing is waited for."""
    with Wire(port) as wire:
        for piece in pieces:
            if not wire.try_to_send(piece):
                break
        try:
            wire.finish()
        except OSError:
            pass
        text = wire.to_end().decode("latin-1")
    return [int(status) for status in re.findall(r"^HTTP/1\.1 (\d{3}) ", text, flags=re.M) if status != "100"]


def cut(data, random):
    pieces = []
    while data:
        size = random.randint(1, 9)
        pieces.append(data[:size])
        data = data[size:]
    return pieces


def matches(expected, found):
    """A request that was read is answered somehow; one that was refused with its status, and nothing follows."""
    want = list(expected)
    closes = [index for index, each in enumerate(want) if " closes" in each]
    if closes:
        want = want[:closes[0] + 1]
    if want and want[-1] == "waits":
        # The end of the input, inside a request, is refused.
        return len(found) in (len(want) - 1, len(want)) and all(status == 400 for status in found[len(want) - 1:])
    if len(found) != len(want):
        return False
    for each, status in zip(want, found):
        refused = re.match(r"refused (\d+)", each)
        if refused and status != int(refused[1]):
            return False
        # No route has a path of a case, but the root of OPTIONS and of a folder.
        if not refused and status not in (200, 204, 404, 405, 413):
            return False
    return True


def every_case_has_one_verdict_however_it_is_cut(echo):
    seed = random.randrange(1 << 30)
    chance = random.Random(seed)
    count, wrong = 0, []
    for name, data, expected in cases():
        count += 1
        ways = {"whole": [data], "random": cut(data, chance), "bytes": [data[i:i + 1] for i in range(len(data))]}
        for way, pieces in ways.items():
            found = verdicts(echo.port, pieces)
            if not matches(expected, found):
                wrong.append(f"{name} ({way}, seed {seed}): expected {expected}, got {found}")
    assert count > 200, f"only {count} cases were found"
    assert not wrong, "\n".join(wrong[:20])


def limits_are_exact(echo):
    """One byte more than what is served is refused."""
    def status(method, path, *fields, body=b""):
        lines = "".join(f"{line}\r\n" for line in (f"{method} {path} HTTP/1.1", *fields))
        return verdicts(echo.port, [lines.encode() + b"\r\n" + body])

    line = "/" + "a" * (8_000 - len("GET / HTTP/1.1"))
    assert status("GET", line, "Host: a") == [404]
    assert status("GET", line + "a", "Host: a") == [414]
    # All lines with their ends, the empty one included.
    value = "a" * (16_384 - len("Host: a\r\n") - len("X: \r\n") - 2)
    assert status("GET", "/plaintext", "Host: a", f"X: {value}") == [200]
    assert status("GET", "/plaintext", "Host: a", f"X: {value}a") == [431]
    fields = [f"X: {number}" for number in range(63)]
    assert status("GET", "/plaintext", "Host: a", *fields) == [200]
    assert status("GET", "/plaintext", "Host: a", *fields, "X: 63") == [431]
    length = 1 << 20
    assert status("POST", "/nowhere", "Host: a", f"Content-Length: {length}", body=b"x" * length) == [404]
    assert status("POST", "/nowhere", "Host: a", f"Content-Length: {length + 1}") == [413]
    chunked = ["Host: a", "Transfer-Encoding: chunked"]
    assert status("POST", "/nowhere", *chunked, body=b"%x\r\n" % length + b"x" * length + b"\r\n0\r\n\r\n") == [404]
    assert status("POST", "/nowhere", *chunked, body=b"%x\r\n" % (length + 1)) == [413]


TESTS = [every_case_has_one_verdict_however_it_is_cut, limits_are_exact]
