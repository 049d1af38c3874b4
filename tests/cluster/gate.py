"""A gate that containers of the cluster wait at, until the test opens it."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from tests.cluster import git_servers


class Gate:
    """An HTTP server on an address that pods can reach: 503 until it is open, then 200."""

    def __init__(self) -> None:
        self._open = threading.Event()
        opened = self._open

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(200 if opened.is_set() else 503)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Nobody reads it."""

        host = git_servers.host()
        self._server = ThreadingHTTPServer((host, 0), Handler)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        self.wait = (
            f"until wget -q -O /dev/null http://{host}:{self._server.server_port}/; "
            "do sleep 0.2; done"
        )
        """The shell's words for waiting at it, with BusyBox' tools."""

    def open(self) -> None:
        """Let everybody pass."""
        self._open.set()

    def close(self) -> None:
        """End the server."""
        self._server.shutdown()
        self._server.server_close()
