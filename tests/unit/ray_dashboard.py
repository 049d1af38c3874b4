"""A Ray dashboard of the tests' own: one command, whose log grows as a test says."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class Dashboard:
    """What Ray knows of the command, and how badly it answers."""

    def __init__(self) -> None:
        self.address = ""
        self.jobs: list[dict[str, Any]] = []
        """What was submitted."""
        self.status = "RUNNING"
        self.known = False
        self.log = b""
        self.early = b""
        """What of the command's output overtakes Ray's line."""
        self.refusal = ""
        """Why a submission is refused."""
        self.cut_submission = False
        """The connection is cut after the submission was heard."""
        self.cut_streams: list[int] = []
        """After how many bytes the next streams are cut; the others go on to the end."""

    def knows(self, **request: Any) -> None:
        """Ray takes a command, and writes lines of its own into its log."""
        self.jobs.append(request)
        self.known = True
        first = b"2026-11-25 20:36:44,307\tINFO job_manager.py:581 -- Runtime env is setting up.\n"
        line = f"Running entrypoint for job {request['submission_id']}: {request['entrypoint']}\n"
        self.log = first + self.early + line.encode() + self.log


class Handler(BaseHTTPRequestHandler):
    """The part of Ray's API that a submitter uses (Ray's dashboard/modules/{job,state})."""

    protocol_version = "HTTP/1.1"
    dashboard: Dashboard

    def do_POST(self) -> None:
        """Submit."""
        ray = self.dashboard
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if ray.refusal:
            self._answer(400, ray.refusal.encode())
            return
        assert not ray.known, "submitted twice"
        ray.knows(**body)
        if ray.cut_submission:
            self.close_connection = True
        else:
            self._answer(200, b"{}")

    def do_GET(self) -> None:
        """Tell of the status, or of the log."""
        ray = self.dashboard
        if not ray.known:
            self._answer(404, b"no such job")
        elif not self.path.startswith("/api/v0/logs/"):
            job = {"status": ray.status, "driver_node_id": "1a2b"}
            self._answer(200, json.dumps(job).encode())
        elif not {"node_id=1a2b", "filename=job-driver-run-1.log"} <= set(
            re.split("[?&]", self.path)
        ):
            self._answer(500, b"no such file")
        elif re.search("/file[?]", self.path):
            self._answer(200, ray.log)
        else:
            cut = ray.cut_streams.pop(0) if ray.cut_streams else None
            self._stream(ray.log[:cut])

    def _answer(self, code: int, body: bytes) -> None:
        self.send_response(code)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _stream(self, data: bytes) -> None:
        """In two chunks; the second one is announced as longer than what comes of it."""
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        half = len(data) // 2
        if half:
            self.wfile.write(b"%x\r\n%s\r\n" % (half, data[:half]))
        self.wfile.write(b"%x\r\n%s" % (len(data) + 1, data[half:]))
        self.close_connection = True

    def log_message(self, *_: object) -> None:
        """Nothing."""


@contextmanager
def dashboard() -> Iterator[Dashboard]:
    """A dashboard on a free port of this machine."""
    ray = Dashboard()
    handler = type("OfThisDashboard", (Handler,), {"dashboard": ray})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        ray.address = f"127.0.0.1:{server.server_address[1]}"
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}).start()
        try:
            yield ray
        finally:
            server.shutdown()
