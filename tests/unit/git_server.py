"""git over HTTP for tests, for one user with a password: the server of the local cluster."""

from __future__ import annotations

import base64
import contextlib
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from .repositories import PATH

PROGRAM = Path(__file__).parents[2] / "scripts" / "cluster" / "git_http_server.py"
USER = "ada"
PASSWORD = "canary"
BASIC = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()


@contextlib.contextmanager
def serving(folder: Path) -> Iterator[str]:
    """Serve all repositories in a folder; the URL of the folder, without the password."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    account = {"GIT_SERVER_USER": USER, "GIT_SERVER_PASSWORD": PASSWORD, "PATH": PATH}
    program = subprocess.Popen(
        [sys.executable, str(PROGRAM), "127.0.0.1", str(port), str(folder)],
        env={**os.environ, **account},
        stderr=subprocess.DEVNULL,
    )
    try:
        while not _listens(port):
            assert program.poll() is None, "the server has ended"
            time.sleep(0.01)
        yield f"http://127.0.0.1:{port}"
    finally:
        program.terminate()
        program.wait()


def _listens(port: int) -> bool:
    with contextlib.suppress(ConnectionRefusedError), socket.create_connection(("127.0.0.1", port)):
        return True
    return False
