"""Git servers with a fault: an HTTP server before the local one, which can do less than git's."""

from __future__ import annotations

import base64
import contextlib
import http.client
import socket
import ssl
import threading
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler, SimpleHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

from tests.conftest import Repository, bare, local


class GitServer(BaseHTTPRequestHandler):
    """Passes everything on to the git server, which it tells the password."""

    protocol_version = "HTTP/1.1"
    drops: tuple[str, ...] = ("Authorization",)
    """Headers that are not passed on."""

    def changed(self, body: bytes) -> bytes:
        """What the client gets in place of the server's answer."""
        return body

    def _pass_on(self) -> None:
        server = urlsplit(local("LOCAL_GIT_HTTP"))
        account = base64.b64encode(f"{local('LOCAL_USER')}:{local('LOCAL_PASSWORD')}".encode())
        connection = http.client.HTTPConnection(server.hostname or "", server.port)
        kept = {name: value for name, value in self.headers.items() if name not in self.drops}
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        connection.request(
            self.command, self.path, body, {**kept, "Authorization": f"Basic {account.decode()}"}
        )
        answer = connection.getresponse()
        send(self, answer.status, dict(answer.getheaders()), self.changed(answer.read()))

    do_GET = do_POST = _pass_on  # noqa: N815 (http.server's names)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


class OnlyTips(GitServer):
    """Speaks version 0 of the protocol alone, and sends only what a branch or tag points at."""

    drops = ("Authorization", "Git-Protocol")
    hides: tuple[bytes, ...] = (b" allow-tip-sha1-in-want", b" allow-reachable-sha1-in-want")
    """Capabilities that the client is not told of (gitprotocol-capabilities(5))."""

    def changed(self, body: bytes) -> bytes:
        """Without them; the length of the lines stays."""
        for name in self.hides:
            body = body.replace(name, b" " + b"x" * (len(name) - 1))
        return body


class NoShallow(OnlyTips):
    """Does not know `--depth` either, nor filters."""

    hides = (*OnlyTips.hides, b" shallow", b" filter")


def dumb_server() -> type[SimpleHTTPRequestHandler]:
    """A server of the mere files: `git update-server-info` must have run."""

    class Dumb(SimpleHTTPRequestHandler):
        def __init__(self, *arguments: Any) -> None:
            super().__init__(*arguments, directory=local("LOCAL_GIT_ROOT"))

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    return Dumb


def send(
    handler: BaseHTTPRequestHandler, status: int, headers: Mapping[str, str], body: bytes
) -> None:
    """Answer a request with a body of a known length."""
    handler.send_response(status)
    for name, value in headers.items():
        if name.lower() not in ("content-length", "transfer-encoding", "connection", "date"):
            handler.send_header(name, value)
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    handler.wfile.write(body)


@contextlib.contextmanager
def serving(
    handler: type[BaseHTTPRequestHandler], tls: ssl.SSLContext | None = None
) -> Iterator[ThreadingHTTPServer]:
    """Serve on an address that pods can reach."""
    server = ThreadingHTTPServer((host(), 0), handler)
    if tls:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()


def url(server: ThreadingHTTPServer) -> str:
    """The server's address as a URL."""
    scheme = "https" if isinstance(server.socket, ssl.SSLSocket) else "http"
    return f"{scheme}://{host()}:{server.server_port}"


def host() -> str:
    """An address of this machine that pods can reach."""
    return urlsplit(local("LOCAL_GIT_HTTP")).hostname or ""


def fetch_from(server: str, repository: Repository) -> None:
    """Let the user fetch from another server of the same repositories, and push as before."""
    repository.git("remote", "set-url", "--push", "origin", repository.url)
    repository.git("remote", "set-url", "origin", f"{server}/{bare(repository).name}")


def closed_port() -> int:
    """A port at which nobody listens."""
    with socket.create_server((host(), 0)) as free:
        return int(free.getsockname()[1])
