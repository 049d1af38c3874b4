"""Measures what design and README promise about speed, as ratios to the bare tools in one run."""

from __future__ import annotations

import os
import random
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import yaml

ROOT = Path(__file__).parent.parent
SUBMIT = str(Path(sys.executable).with_name("kubectl-submit"))
NAMESPACE = "kubectl-submit-bench"
# The smallest image of the local cluster, or any other that has echo.
IMAGE = os.environ.get("BENCH_IMAGE") or f"{os.environ['LOCAL_PULL_REGISTRY']}/busybox:1"


def run(*argv: str, stdin: str | None = None) -> str:
    """The output of a program that must end well."""
    result = subprocess.run(argv, input=stdin, text=True, capture_output=True, check=False)
    if result.returncode != 0:
        raise SystemExit(f"{argv[0]} exited {result.returncode}: {result.stderr}")
    return result.stdout


def seconds(call: Callable[[], object]) -> float:
    """How long a call takes."""
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def compare(
    ours: Callable[[], object], bare: Callable[[], object], rounds: int
) -> tuple[float, float]:
    """The medians of both, measured in turns, so that noise hits both alike.

    The kubelet and the Job controller look around once a second. One run begins where the last one
    ended, which is in step with them; a random pause before each takes it out of step.
    """
    pairs = []
    for _ in range(rounds):
        time.sleep(random.random())
        ours_seconds = seconds(ours)
        time.sleep(random.random())
        pairs.append((ours_seconds, seconds(bare)))
    return statistics.median(pair[0] for pair in pairs), statistics.median(
        pair[1] for pair in pairs
    )


def show_help() -> None:
    """`kubectl-submit --help`."""
    run(SUBMIT, "--help")


def bare_python() -> None:
    """`python -c pass`."""
    run(sys.executable, "-c", "pass")


def submit_echo() -> None:
    """`kubectl submit --image IMAGE -- echo hello`."""
    assert run(SUBMIT, "-n", NAMESPACE, "-q", "--image", IMAGE, "--", "echo", "hello") == "hello\n"


def kubectl_echo() -> None:
    """The same by hand: create the Job, follow its log as soon as there is one, await the end."""
    job = yaml.safe_load((ROOT / "manifests" / "job.yml").read_text())
    job["metadata"] = {"generateName": "bare-"}
    job["spec"]["template"]["spec"]["containers"][0]["image"] = IMAGE
    create = ["kubectl", "create", "-n", NAMESPACE, "-f", "-", "-o", "name"]
    name = run(*create, stdin=yaml.safe_dump(job)).strip()
    logs = ["kubectl", "logs", "-n", NAMESPACE, "-f", name]
    while subprocess.run(logs, capture_output=True, check=False).returncode != 0:
        pass
    run("kubectl", "wait", "-n", NAMESPACE, "--for=condition=Complete", "--timeout=60s", name)


def report(what: str, measured: tuple[float, float], bar: float) -> bool:
    """One line of the table; whether the bar is held."""
    ours, bare = measured
    held = ours <= bar * bare
    row = f"{ours * 1000:8.0f} ms {bare * 1000:8.0f} ms   {ours / bare:5.2f} x   (bar {bar} x)"
    print(f"{what:42}{row}{'' if held else '   MISSED'}", flush=True)
    return held


def main() -> None:
    """Measure everything; exit 1 if a bar is missed."""
    run("kubectl", "create", "namespace", NAMESPACE)
    try:
        print(f"{'':42}{'ours':>11}{'bare':>12}")
        show_help()
        held = [report("--help | python -c pass", compare(show_help, bare_python, 15), 6.0)]
        kubectl_echo()
        echo = compare(submit_echo, kubectl_echo, 15)
        held.append(report("submit --image, echo | kubectl by hand", echo, 1.15))
    finally:
        run("kubectl", "delete", "namespace", NAMESPACE, "--wait=false")
    sys.exit(0 if all(held) else 1)


if __name__ == "__main__":
    main()
