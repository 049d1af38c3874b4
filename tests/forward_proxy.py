"""A proxy as companies have one: it asks for a password, and knows hosts that others do not."""

from __future__ import annotations

import base64
import contextlib
import socket
import socketserver
import threading
from collections.abc import Iterator, Mapping
from urllib.parse import urlsplit

Address = tuple[str, int]
PASSWORD = "proxy-canary"
ACCOUNT = f"proxy-user:{PASSWORD}"


class ForwardProxy(socketserver.ThreadingTCPServer):
    """Passes requests on, and notes to which hosts.

    `hosts`: where the hosts are that only the proxy knows.
    """

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, address: str, hosts: Mapping[str, Address]) -> None:
        super().__init__((address, 0), Connection)
        self.hosts = hosts
        self.passed: list[str] = []
        """The host of each request that had the password."""
        self.refused = 0
        """How many requests had not."""

    def url(self, *, account: bool = True) -> str:
        """Its URL, with user and password in it."""
        host, port = self.server_address[:2]
        return f"http://{ACCOUNT + '@' if account else ''}{host!s}:{port}"


class Connection(socketserver.StreamRequestHandler):
    """One request: `CONNECT host:port`, or one with a whole URL (RFC 9110, 7.1)."""

    server: ForwardProxy

    def handle(self) -> None:
        """Read the request's head, and pass on what follows as it comes."""
        head = list(iter(self.rfile.readline, b"\r\n"))
        if not head or not head[0]:
            return
        method, target, version = head[0].decode().split()
        own = {b"proxy-authorization", b"proxy-connection", b"connection"}
        lines = [line for line in head[1:] if line.partition(b":")[0].lower() not in own]
        expected = base64.b64encode(ACCOUNT.encode())
        if not any(expected in line for line in head if line not in lines):
            self.server.refused += 1
            self._say("407 Proxy Authentication Required", 'Proxy-Authenticate: Basic realm="x"')
            return
        url = urlsplit(f"//{target}" if method == "CONNECT" else target)
        host, port = url.hostname or "", url.port or 80
        self.server.passed.append(host)
        try:
            with socket.create_connection(self.server.hosts.get(host, (host, port))) as there:
                if method == "CONNECT":
                    self._say("200 Connection established")
                else:
                    path = f"{url.path or '/'}{'?' if url.query else ''}{url.query}"
                    first = f"{method} {path} {version}\r\n".encode()
                    there.sendall(b"".join([first, *lines, b"Connection: close\r\n\r\n"]))
                self._pass_on(there)
        except OSError:
            with contextlib.suppress(OSError):
                self._say("502 Bad Gateway")

    def _pass_on(self, there: socket.socket) -> None:
        """Both ways, until the server has said all."""

        def forth() -> None:
            with contextlib.suppress(OSError):
                while data := self.rfile.read1(1 << 16):
                    there.sendall(data)

        sender = threading.Thread(target=forth, daemon=True)
        sender.start()
        while data := there.recv(1 << 16):
            self.wfile.write(data)
        self.connection.shutdown(socket.SHUT_RDWR)  # nobody reads any more
        sender.join()

    def _say(self, status: str, header: str = "") -> None:
        close = [] if status.startswith("200") else ["Content-Length: 0", "Connection: close"]
        lines = [f"HTTP/1.1 {status}", *filter(None, [header]), *close]
        self.wfile.write("".join(f"{line}\r\n" for line in [*lines, ""]).encode())


@contextlib.contextmanager
def serving(address: str, hosts: Mapping[str, Address] = {}) -> Iterator[ForwardProxy]:
    """Run a proxy on an address of this machine."""
    with ForwardProxy(address, hosts) as proxy:
        threading.Thread(target=proxy.serve_forever, daemon=True).start()
        try:
            yield proxy
        finally:
            proxy.shutdown()
