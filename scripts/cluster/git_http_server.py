#!/usr/bin/env python3
"""Serves git and git LFS over HTTP to one user with a password: git's own http-backend.

Files of LFS lie where git-lfs itself would keep them in the repositories, and can only be fetched.

Arguments: address, port, folder of the repositories. User and password stand in GIT_SERVER_USER
and GIT_SERVER_PASSWORD.
"""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

USER = os.environ["GIT_SERVER_USER"]
ALLOWED = base64.b64encode(f"{USER}:{os.environ['GIT_SERVER_PASSWORD']}".encode()).decode()
ROOT = Path(sys.argv[3])


class Handler(BaseHTTPRequestHandler):
    """Hands each request of the user over to git."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """A question."""
        self._answer()

    def do_POST(self) -> None:
        """A fetch or a push."""
        self._answer()

    def _answer(self) -> None:
        body = self._body()
        scheme, _, account = self.headers.get("Authorization", "").partition(" ")
        if (scheme.lower(), account) == ("basic", ALLOWED):
            headers, content = self._of_lfs(body) or self._of_git(body)
        else:
            headers = {"Status": "401 Unauthorized", "WWW-Authenticate": "Basic realm=git"}
            content = b""
        self.send_response(int(headers.pop("Status", "200 OK").split()[0]))
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def _body(self) -> bytes:
        """The request's body; a push of more than a megabyte comes in pieces."""
        if self.headers.get("Transfer-Encoding") != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))
        pieces = []
        while size := int(self.rfile.readline(), 16):
            pieces.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(pieces)

    def _of_lfs(self, body: bytes) -> tuple[dict[str, str], bytes] | None:
        """Addresses of files, or a file (git-lfs, docs/api/batch.md); None if it is not LFS."""
        repository, _, rest = self.path.partition("/info/lfs/objects/")
        if not rest:
            return None
        folder = ROOT / repository.strip("/") / "lfs" / "objects"
        if rest != "batch":
            return {}, (folder / rest[:2] / rest[2:4] / rest).read_bytes()
        address = f"http://{self.headers['Host']}{repository}/info/lfs/objects"
        files = json.loads(body)["objects"]
        for file in files:
            href = {
                "href": f"{address}/{file['oid']}",
                "header": {"Authorization": self.headers["Authorization"]},
            }
            file["actions"] = {"download": href}
        answer = {"transfer": "basic", "objects": files}
        return {"Content-Type": "application/vnd.git-lfs+json"}, json.dumps(answer).encode()

    def _of_git(self, body: bytes) -> tuple[dict[str, str], bytes]:
        head, content = self._ask_git(body).split(b"\r\n\r\n", 1)
        return dict(line.split(": ", 1) for line in head.decode().split("\r\n")), content

    def _ask_git(self, body: bytes) -> bytes:
        path, _, query = self.path.partition("?")
        variables = {
            "GIT_PROJECT_ROOT": str(ROOT),
            "GIT_HTTP_EXPORT_ALL": "1",
            "REQUEST_METHOD": self.command,
            "PATH_INFO": path,
            "QUERY_STRING": query,
            "REMOTE_USER": USER,  # http-backend lets a known user push
            "CONTENT_TYPE": self.headers.get("Content-Type", ""),
            "CONTENT_LENGTH": str(len(body)),
            "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""),
            "GIT_PROTOCOL": self.headers.get("Git-Protocol", ""),
        }
        answer = subprocess.run(
            ["git", "http-backend"],
            input=body,
            env={**os.environ, **variables},
            stdout=subprocess.PIPE,
            check=True,
        )
        return answer.stdout


ThreadingHTTPServer((sys.argv[1], int(sys.argv[2])), Handler).serve_forever()
