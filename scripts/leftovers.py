"""What tests and benchmarks that were killed left in the cluster, and its removal.

Whatever they create outside of a namespace of their own, and that namespace, has a label that names
the process. What the label names no longer runs: so nobody needs it.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import socket
import subprocess
from collections import defaultdict
from pathlib import Path
from typing import Any

LABEL = "kubectl-submit-tests/process"
KINDS = [
    "namespaces",
    "persistentvolumes",
    "storageclasses",
    "nodes",
    "priorityclasses",
    "customresourcedefinitions",
    "clusterroles",
    "clusterrolebindings",
    "mutatingwebhookconfigurations",
    "validatingwebhookconfigurations",
    "validatingadmissionpolicies",
    "validatingadmissionpolicybindings",
]


def own_label() -> dict[str, str]:
    """The label of what this process creates."""
    return {LABEL: f"{os.getpid()}.{_begun(os.getpid())}.{_machine()}"}


def with_own_label(manifest: dict[str, Any]) -> dict[str, Any]:
    """A manifest with that label."""
    metadata = manifest["metadata"]
    labels = {**metadata.get("labels", {}), **own_label()}
    return {**manifest, "metadata": {**metadata, "labels": labels}}


def remove() -> None:
    """Delete what processes of this machine left that have ended, without waiting for the end."""
    argv = ["kubectl", "get", ",".join(KINDS), f"--selector={LABEL}", "--output=json"]
    listed = subprocess.run(argv, capture_output=True, text=True, check=False)
    if listed.returncode != 0:  # no cluster, or nobody who may look: the tests will tell
        return
    left = defaultdict(list)
    for one in json.loads(listed.stdout)["items"]:
        if not _is_needed(one["metadata"]["labels"][LABEL]):
            left[one["kind"]].append(one["metadata"]["name"])
    for kind, names in left.items():
        print(f"removing what a killed run left: {kind} {', '.join(names)}", flush=True)
        delete = ["kubectl", "delete", kind, *names, "--wait=false", "--ignore-not-found"]
        subprocess.run(delete, capture_output=True, check=False)


def _is_needed(label: str) -> bool:
    """Whether the process runs, or is none of this machine."""
    number, begun, machine = label.split(".")
    return machine != _machine() or (_begun(int(number)) == begun and _runs(int(number)))


def _runs(number: int) -> bool:
    with contextlib.suppress(ProcessLookupError):
        os.kill(number, 0)
        return True
    return False


def _begun(number: int) -> str:
    """When a process began, where the kernel tells it: another one may have its number by now."""
    with contextlib.suppress(OSError):
        return Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[19]
    return "0"


def _machine() -> str:
    return re.sub(r"[^a-z0-9]", "", socket.gethostname().lower())[:20] or "unknown"
