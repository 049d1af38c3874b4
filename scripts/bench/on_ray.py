"""A command on Ray that fails: the same RayJob by hand. Needs `make cluster-up-ray`."""

from __future__ import annotations

import json
import os
import subprocess
import time

import yaml

from scripts.bench.measuring import SUBMIT, Report, compare, namespace, run

IMAGE = f"{os.environ['LOCAL_PULL_REGISTRY']}/ray:2.60.0"
FLAGS = ("--execution", "ray", "--image", IMAGE, "--", "bash", "-c", "echo hello; exit 9")
FINAL = ("Complete", "Failed", "ValidationFailed")


def measure(report: Report) -> None:
    """From typing to the exit code."""
    with namespace() as name:
        took = compare(lambda: _submitted(name), lambda: _by_hand(name), 3)
    report.ratio("a RayJob that exits 9 | kubectl by hand", *took, 1.15)


def _submitted(name: str) -> None:
    done = subprocess.run(
        [SUBMIT, "-n", name, "-q", *FLAGS], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (9, "hello\n"), done.stderr


def _by_hand(name: str) -> None:
    """Create it, follow the submitter's log as soon as there is one, await the status."""
    manifest = yaml.safe_load(run(SUBMIT, "-n", name, "-q", "--dry-run=client", *FLAGS))
    job = manifest["metadata"]["name"]
    run("kubectl", "create", "-n", name, "-f", "-", stdin=json.dumps(manifest))
    logs = ["kubectl", "logs", "-n", name, "-f", f"job/{job}"]
    while subprocess.run(logs, capture_output=True, check=False).returncode != 0:
        time.sleep(0.2)
    shown = "jsonpath={.status.jobDeploymentStatus} {.status.message}"
    while True:
        state, _, message = run("kubectl", "get", "rayjob", job, "-n", name, "-o", shown).partition(
            " "
        )
        if state in FINAL:
            assert "exit code 9" in message
            return
        time.sleep(0.2)
