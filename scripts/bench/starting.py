"""What a short command costs."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import yaml

from scripts.bench.measuring import IMAGE, SUBMIT, Report, compare, namespace, run

MANIFEST = Path("manifests/job.yml")


def measure(report: Report) -> None:
    """`--help`, and a command that only says hello."""
    helped = compare(
        lambda: run(SUBMIT, "--help"),
        lambda: run(sys.executable, "-c", "pass"),
        41,
        in_cluster=False,
    )
    report.ratio("--help | python -c pass", *helped, 6.0)
    with namespace() as name:
        by_hand(name)
        # Many rounds: the Job controller alone makes each of them up to a second longer.
        echo = compare(lambda: submitted(name), lambda: by_hand(name), 41)
    report.ratio("submit --image, echo | kubectl by hand", *echo, 1.15)


def submitted(name: str) -> None:
    """`kubectl submit --image IMAGE -- echo hello`."""
    assert run(SUBMIT, "-n", name, "-q", "--image", IMAGE, "--", "echo", "hello") == "hello\n"


def by_hand(name: str) -> None:
    """The same: create the Job, follow its log as soon as there is one, await the end."""
    job = yaml.safe_load(MANIFEST.read_text(encoding="utf-8"))
    job["metadata"] = {"generateName": "bare-"}
    job["spec"]["template"]["spec"]["containers"][0]["image"] = IMAGE
    create = ["kubectl", "create", "-n", name, "-f", "-", "-o", "name"]
    made = run(*create, stdin=yaml.safe_dump(job)).strip()
    logs = ["kubectl", "logs", "-n", name, "-f", made]
    while subprocess.run(logs, capture_output=True, check=False).returncode != 0:
        pass
    run("kubectl", "wait", "-n", name, "--for=condition=Complete", "--timeout=60s", made)
