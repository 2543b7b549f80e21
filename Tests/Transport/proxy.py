"""Behind Debian's nginx with the configuration that is delivered, over TLS with a certificate made here."""

import contextlib
import json
import os
import re
import ssl
import subprocess
import tempfile
from pathlib import Path

from wire import Program, Wire, eventually, frame, free_port, server_frame

PROJECT = Path(__file__).resolve().parents[2]
NAME = "mall.example"

MAIN = """
{user}
daemon off;
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/error.log warn;
events {{ worker_connections 256; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/mallbots.conf;
}}
"""


class Nginx:
    """In front of a server on `behind`. Its own ports, its own folder, and nothing of the system's nginx."""

    def __init__(self, behind):
        self.folder = tempfile.TemporaryDirectory(prefix="mallbots-nginx-")
        self.path = Path(self.folder.name)
        self.port, self.plain_port = free_port(), free_port()
        certificate, key = self.path / "certificate.pem", self.path / "key.pem"
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
             "-subj", f"/CN={NAME}", "-addext", f"subjectAltName=DNS:{NAME}", "-keyout", key, "-out", certificate],
            check=True, capture_output=True)
        text = (PROJECT / "deploy/nginx/mallbots.conf").read_text()
        for delivered, here in {
                "server 127.0.0.1:8080;": f"server 127.0.0.1:{behind};",
                "listen 80;": f"listen 127.0.0.1:{self.plain_port};",
                "listen 443 ssl http2;": f"listen 127.0.0.1:{self.port} ssl http2;",
                "/etc/ssl/mallbots/certificate.pem": str(certificate), "/etc/ssl/mallbots/key.pem": str(key)}.items():
            assert text.count(delivered) == 1, f"{delivered!r} is not in deploy/nginx/mallbots.conf"
            text = text.replace(delivered, here)
        (self.path / "mallbots.conf").write_text(text)
        user = "user root;" if os.geteuid() == 0 else ""
        (self.path / "nginx.conf").write_text(MAIN.format(folder=self.path, user=user))
        self.context = ssl.create_default_context(cafile=certificate)
        self.context.set_alpn_protocols(["http/1.1"])

    def __enter__(self):
        self.output = (self.path / "output").open("wb")
        self.process = subprocess.Popen(
            ["nginx", "-p", self.path, "-e", self.path / "error.log", "-c", self.path / "nginx.conf"],
            stdin=subprocess.DEVNULL, stdout=self.output, stderr=self.output)
        if not eventually(self.listens):
            self.__exit__()
            raise AssertionError("nginx does not answer")
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(20)
        self.output.close()
        self.folder.cleanup()

    def listens(self):
        if self.process.poll() is not None:
            raise AssertionError("nginx ended: " + (self.path / "output").read_text())
        with contextlib.suppress(OSError), self.connect():
            return True

    def connect(self, source="127.0.0.1"):
        wire = Wire(self.port, source=source)
        wire.socket = self.context.wrap_socket(wire.socket, server_hostname=NAME)
        return wire


@contextlib.contextmanager
def echo_behind_nginx(echo):
    command = [echo, "--port", port := free_port(), "--trusted-proxy", "127.0.0.1", "--folder", PROJECT / "Public"]
    with Program(command, port) as server, Nginx(port) as nginx:
        yield nginx, server


def requests_come_through_tls(echo, _):
    with echo_behind_nginx(echo) as (nginx, _), nginx.connect() as wire:
        for _ in range(3):
            assert wire.ask()[2] == b"Hello, World!"
        status, fields, body = wire.ask("POST", "/echo", "Content-Type: text/plain", body=b"x" * 500_000)
        assert (status, len(body)) == (200, 500_000)
        assert fields["strict-transport-security"] == "max-age=31536000"
        status, fields, _ = wire.ask("GET", "/index.html", "Accept-Encoding: gzip")
        assert status == 200 and fields["etag"], fields
        assert wire.ask("GET", "/index.html", f"If-None-Match: {fields['etag']}", "Accept-Encoding: gzip")[0] == 304
        with Wire(nginx.plain_port) as plain:
            status, fields, _ = plain.ask("GET", "/orders?page=2")
            assert (status, fields["location"]) == (308, "https://test/orders?page=2"), fields


def the_client_is_whom_nginx_saw(echo, _):
    """The client is another address of this machine; nginx alone is trusted, and what the client claims is not."""
    with echo_behind_nginx(echo) as (nginx, server):
        claims = ["X-Forwarded-For: 203.0.113.9", "Forwarded: for=203.0.113.9", "X-Real-IP: 203.0.113.9"]
        for fields in ([], claims[:1], claims[1:2], claims):
            with nginx.connect(source="127.0.0.2") as wire:
                assert wire.ask("GET", "/peer", *fields)[2] == b"127.0.0.2", fields
            with Wire(server.port, source="127.0.0.2") as wire:
                assert wire.ask("GET", "/peer", *fields)[2] == b"127.0.0.2", fields


def websockets_come_through_tls(echo, _):
    with echo_behind_nginx(echo) as (nginx, server), nginx.connect() as wire:
        wire.upgrade()
        for payload in (b"hello", b"x" * 1_000_000):
            wire.send(frame(2, payload))
            assert server_frame(wire) == (2, payload)
        server.terminate()
        opcode, payload = server_frame(wire)
        assert opcode == 8 and payload[:2] == (4410).to_bytes(2, "big")


def the_mall_is_served_with_secure_cookies(_, mallbots):
    with tempfile.TemporaryDirectory(prefix="mallbots-data-") as data:
        # PostgreSQL may run as another user, who has to get to what is his.
        Path(data).chmod(0o711)
        log = Path(data) / "output"
        command = [
            mallbots, "serve", "--port", port := free_port(), "--data", Path(data) / "data", "--public", PROJECT / "Public",
            "--secure-cookies", "--trusted-proxy", "127.0.0.1"]
        environment = {"DATABASE_URL": None}
        with Program(command, port, log=log, environment=environment) as server, Nginx(port) as nginx:
            said = lambda: re.search(r"administrator: (\S+) / (\S+)", log.read_text())
            user, password = eventually(said).groups()
            assert eventually(lambda: "serving on" in log.read_text())
            origin = f"https://{NAME}:{nginx.port}"
            host = f"Host: {NAME}:{nginx.port}"

            def ask(method, path, *fields, body=None):
                with nginx.connect(source="127.0.0.2") as wire:
                    text = [f"{method} {path} HTTP/1.1", host, *fields]
                    if body is not None:
                        text.append(f"Content-Length: {len(body)}")
                    wire.send("\r\n".join(text).encode() + b"\r\n\r\n" + (body or b""))
                    return wire.answer(method)

            wrong = json.dumps({"user": user, "password": "wrong"}).encode()
            kind = "Content-Type: application/json"
            assert ask("POST", "/admin/api/session", f"Origin: {origin}", kind, body=wrong)[0] == 401
            assert eventually(lambda: "peer=127.0.0.2" in log.read_text()), "the login's address is not the client's"
            right = json.dumps({"user": user, "password": password}).encode()
            assert ask("POST", "/admin/api/session", "Origin: https://evil.example", kind, body=right)[0] == 403
            status, fields, _ = ask("POST", "/admin/api/session", f"Origin: {origin}", kind, body=right)
            assert status in (200, 201, 204), status
            cookie = fields["set-cookie"]
            assert "; Secure" in cookie and "; HttpOnly" in cookie, cookie
            own = "Cookie: " + cookie.split(";")[0]
            assert ask("GET", "/admin/api/session", own)[0] == 200
            upgrade = [
                "Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==",
                "Sec-WebSocket-Version: 13", "Sec-WebSocket-Protocol: mallbots.live.v1", own]
            assert ask("GET", "/admin/live", *upgrade, f"Origin: {origin}")[0] == 101
            assert ask("GET", "/admin/live", *upgrade, "Origin: https://evil.example")[0] == 403
            assert ask("GET", "/admin/live", own)[0] == 426
            assert server.process.poll() is None


TESTS = [
    requests_come_through_tls, the_client_is_whom_nginx_saw, websockets_come_through_tls,
    the_mall_is_served_with_secure_cookies,
]
