"""A registry whose tags are never changed (as those of ECR can be), before the local one."""

from __future__ import annotations

import http.client
import socket
import threading
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from kubectl_submit.build_backends import docker
from kubectl_submit.error_codes import ErrorCode
from kubectl_submit.errors import BuildError
from kubectl_submit.process.pending import Pending
from tests.conftest import Repository, local, tags
from tests.docker.conftest import Build
from tests.errors import raises_code

TLS_HANDSHAKE = b"\x16"
# A registry does not show an OCI manifest to whoever does not ask for one.
ANY = {
    "Accept": "application/vnd.oci.image.manifest.v1+json, application/vnd.oci.image.index.v1+json"
}


class WrittenOnce(BaseHTTPRequestHandler):
    """Passes everything on to the registry, but for a tag that is there."""

    protocol_version = "HTTP/1.1"

    def handle(self) -> None:
        """Refuse TLS, which BuildKit tries first, as its handshake has no line to be read."""
        if self.connection.recv(1, socket.MSG_PEEK) != TLS_HANDSHAKE:
            super().handle()

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
        writes_a_tag = self.command == "PUT" and "/manifests/" in self.path
        if (
            writes_a_tag
            and "sha256:" not in self.path
            and self._ask("HEAD", b"", ANY).status == 200
        ):
            self._answer(400, {}, b'{"errors": [{"code": "DENIED", "message": "immutable tag"}]}')
            return
        answer = self._ask(self.command, body)
        self._answer(answer.status, dict(answer.getheaders()), answer.read())

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = _pass_on  # noqa: N815 (http.server's names)

    def _ask(
        self, method: str, body: bytes, more: Mapping[str, str] = {}
    ) -> http.client.HTTPResponse:
        host, _, port = local("KUBECTL_SUBMIT_IMAGE_REPOSITORY").partition("/")[0].partition(":")
        connection = http.client.HTTPConnection(host, int(port))
        # The length is that of this body: a registry waits for what a HEAD announces.
        headers = {name: value for name, value in self.headers.items() if name != "Content-Length"}
        connection.request(method, self.path, body, {**headers, **more})
        return connection.getresponse()

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


@pytest.fixture
def written_once() -> Iterator[str]:
    """The name of a repository in that registry."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), WrittenOnce)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    path = local("KUBECTL_SUBMIT_IMAGE_REPOSITORY").partition("/")[2]
    yield f"localhost:{server.server_port}/{path}"
    server.shutdown()


def test_who_loses_the_race_takes_what_is_there(
    repository: Repository,
    build: Build,
    written_once: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    repository.write("Dockerfile", "FROM scratch\nCOPY . /app/\n")
    commit = repository.commit()
    other = tmp_path / "other"
    other.mkdir()
    (other / "Dockerfile").write_text("FROM scratch\nCOPY . /other/\n", encoding="utf-8")
    looked = docker.start_finding

    def pushed_after_the_look(reference: str) -> object:
        """Somebody else has the same commit built, and is faster."""
        monkeypatch.setattr(docker, "start_finding", looked)
        asked = looked(reference)
        answer = asked.result()
        theirs = docker.build_and_push(
            other, reference, dockerfile=other / "Dockerfile", flags=[], metadata=tmp_path / "m"
        )
        first.append(theirs)
        return Pending(lambda: answer)

    first: list[str] = []
    monkeypatch.setattr(docker, "start_finding", pushed_after_the_look)

    second = build(repository.folder, image_repository=written_once)

    assert [second.digest] == first
    assert tags(commit) == [commit]
    with raises_code(ErrorCode.BUILD_FAILED, BuildError):
        build(repository.folder, image_repository=written_once, rebuild=True)
