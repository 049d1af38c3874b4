"""Registries with a fault: an HTTP server before the local one, which refuses some requests."""

from __future__ import annotations

import base64
import contextlib
import http.client
import socket
import ssl
import threading
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from tests.conftest import local

TLS_HANDSHAKE = b"\x16"
UNAUTHORIZED = 401
INDEX = 4096
"""Within so many bytes an index says that it is one."""
# A registry does not show an OCI manifest to whoever does not ask for one.
ANY = {
    "Accept": "application/vnd.oci.image.manifest.v1+json, application/vnd.oci.image.index.v1+json"
}


class RegistryProxy(BaseHTTPRequestHandler):
    """Passes everything on to the registry, but for what `refusal` says."""

    protocol_version = "HTTP/1.1"

    def refusal(self, body: bytes) -> tuple[int, bytes] | None:
        """The answer to a request with this body in place of the registry's; None: ask that."""
        return None

    def writes_a_tag(self) -> bool:
        """Whether this request gives a tag to a manifest."""
        return self.command == "PUT" and "/manifests/" in self.path and "sha256:" not in self.path

    def handle(self) -> None:
        """Refuse TLS where it is not spoken: BuildKit tries it first, and sends no line."""
        if isinstance(self.connection, ssl.SSLSocket):
            with contextlib.suppress(OSError):  # who does not know the authority ends here
                self.connection.do_handshake()
                super().handle()
        elif self.connection.recv(1, socket.MSG_PEEK) != TLS_HANDSHAKE:
            super().handle()

    def ask(
        self, method: str, body: bytes, more: Mapping[str, str] = {}
    ) -> http.client.HTTPResponse:
        """Ask the registry for the path of this request."""
        host, _, port = local("KUBECTL_SUBMIT_IMAGE_REPOSITORY").partition("/")[0].partition(":")
        connection = http.client.HTTPConnection(host, int(port))
        # The length is that of this body: a registry waits for what a HEAD announces.
        headers = {name: value for name, value in self.headers.items() if name != "Content-Length"}
        if isinstance(self.connection, ssl.SSLSocket):
            headers["X-Forwarded-Proto"] = "https"  # so that the registry's own URLs are right
        connection.request(method, self.path, body, {**headers, **more})
        return connection.getresponse()

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding") != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))
        del self.headers["Transfer-Encoding"]
        chunks = []
        while size := int(self.rfile.readline(), 16):
            chunks.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(chunks)

    def _pass_on(self) -> None:
        body = self._body()
        refused = self.refusal(body)
        if refused:
            asked = (
                {"WWW-Authenticate": "Basic realm=company"} if refused[0] == UNAUTHORIZED else {}
            )
            self._answer(refused[0], asked, refused[1])
            return
        answer = self.ask(self.command, body)
        self._answer(answer.status, dict(answer.getheaders()), answer.read())

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = _pass_on  # noqa: N815 (http.server's names)

    def _answer(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.send_response(status)
        length = headers.get("Content-Length", "0") if self.command == "HEAD" else str(len(body))
        for name, value in (headers | {"Content-Length": length}).items():
            if name.lower() not in ("transfer-encoding", "connection", "date", "server"):
                self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


class WrittenOnce(RegistryProxy):
    """Tags are never changed, as those of ECR can be."""

    def refusal(self, body: bytes) -> tuple[int, bytes] | None:
        """Refuse a tag that is there."""
        if self.writes_a_tag() and self.ask("HEAD", b"", ANY).status == 200:
            return 400, b'{"errors": [{"code": "DENIED", "message": "immutable tag"}]}'
        return None


class Company(WrittenOnce):
    """As mean as those of companies are: no anonymous read, tags written once, no index."""

    def refusal(self, body: bytes) -> tuple[int, bytes] | None:
        """Refuse who does not log in, a tag that is there, and whatever is an index."""
        account = base64.b64encode(f"{local('LOCAL_USER')}:{local('LOCAL_PASSWORD')}".encode())
        if self.headers.get("Authorization") != f"Basic {account.decode()}":
            return UNAUTHORIZED, b'{"errors": [{"code": "UNAUTHORIZED", "message": "log in"}]}'
        if "index" in (self.headers.get("Content-Type") or "") or b'"manifests"' in body[:INDEX]:
            return 400, b'{"errors": [{"code": "MANIFEST_INVALID", "message": "no index"}]}'
        return super().refusal(body)


@contextlib.contextmanager
def serving(
    registry: type[RegistryProxy], host: str = "localhost", tls: ssl.SSLContext | None = None
) -> Iterator[str]:
    """Serve it on an address of this machine: `host:port`."""
    server = ThreadingHTTPServer((socket.gethostbyname(host), 0), registry)
    if tls:
        server.socket = tls.wrap_socket(
            server.socket, server_side=True, do_handshake_on_connect=False
        )
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"{host}:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
