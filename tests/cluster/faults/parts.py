"""The parts of the local cluster, which these tests end and start again."""

from __future__ import annotations

import os
import re
import signal
import subprocess
from pathlib import Path

from tests.conftest import eventually, local

LOCAL_CLUSTER = Path(__file__).parents[3] / "scripts" / "local-cluster"


def kill(part: str, number: signal.Signals = signal.SIGKILL) -> None:
    """End a part at once, or send it another signal; the end of a node ends all that is on it."""
    local("LOCAL_GIT")
    status = subprocess.run([LOCAL_CLUSTER, "status"], capture_output=True, text=True, check=False)
    match = re.search(rf"^{part} +(?:running|not ready) \(pid (\d+)\)", status.stdout, re.MULTILINE)
    assert match, status.stdout
    os.kill(int(match[1]), number)
    if number == signal.SIGKILL:
        eventually(lambda: _has_ended(match[1]), f"{part} has ended")


def _has_ended(pid: str) -> bool:
    """Whether a process has ended, and so all those in its namespace, if it is the first there."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
    except FileNotFoundError:
        return True
    return stat.rpartition(")")[2].split()[0] == "Z"


def restart(*what: str) -> None:
    """Start again what is not running; with `nodes`, also of the further nodes."""
    subprocess.run([LOCAL_CLUSTER, "up", *what], check=True, stdin=subprocess.DEVNULL)
