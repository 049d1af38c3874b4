"""How things are measured: time, memory and CPU of a program with all that it starts."""

from __future__ import annotations

import contextlib
import json
import os
import random
import statistics
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any

from scripts import leftovers

SUBMIT = str(Path(sys.executable).with_name("kubectl-submit"))
# The smallest image of the local cluster, or any other that has a shell.
IMAGE = os.environ.get("BENCH_IMAGE") or f"{os.environ['LOCAL_PULL_REGISTRY']}/busybox:1"
MARK = "BENCH_MARK"
MB = 1_000_000


def run(*argv: str, stdin: str | None = None) -> str:
    """The output of a program that must end well."""
    result = subprocess.run(argv, input=stdin, text=True, capture_output=True, check=False)
    if result.returncode != 0:
        raise SystemExit(f"{argv[0]} exited {result.returncode}: {result.stderr}")
    return result.stdout


@contextlib.contextmanager
def namespace() -> Iterator[str]:
    """A namespace of our own."""
    name = f"kubectl-submit-bench-{uuid.uuid4().hex[:5]}"
    made = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}
    run("kubectl", "create", "-f", "-", stdin=json.dumps(leftovers.with_own_label(made)))
    try:
        yield name
    finally:
        run("kubectl", "delete", "namespace", name, "--wait=false")


def seconds(call: Callable[[], object]) -> float:
    """How long a call takes."""
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def compare(
    ours: Callable[[], object],
    bare: Callable[[], object],
    rounds: int,
    *,
    in_cluster: bool = True,
) -> tuple[float, float]:
    """The medians of both, measured in turns, so that noise hits both alike.

    `in_cluster`: The kubelet and the Job controller look around once a second. One run begins where
    the last one ended, which is in step with them; a random pause takes it out of step.
    """
    pairs = []
    for _ in range(rounds):
        time.sleep(random.random() * in_cluster)
        ours_seconds = seconds(ours)
        time.sleep(random.random() * in_cluster)
        pairs.append((ours_seconds, seconds(bare)))
    return statistics.median(pair[0] for pair in pairs), statistics.median(
        pair[1] for pair in pairs
    )


def registry_bytes() -> int:
    """The bytes that the local cluster's registries have written: to clients and to the disk.

    0 without a local cluster.
    """
    written = 0
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if (process / "cmdline").read_bytes().startswith(b"docker-registry\0"):
                fields = (process / "io").read_text().split()
                written += int(fields[fields.index("wchar:") + 1])
    return written


class Watched:
    """A program that runs, with all that it starts; found by a variable that they inherit."""

    def __init__(self, *argv: str, stdout: int | IO[Any] = subprocess.DEVNULL) -> None:
        self._mark = f"{MARK}={uuid.uuid4()}"
        name, _, value = self._mark.partition("=")
        self.process = subprocess.Popen(
            argv, stdout=stdout, stderr=subprocess.PIPE, env={**os.environ, name: value}
        )
        self.peak_bytes = 0
        """The most memory (PSS: shared pages are divided among who shares them)."""
        self._sampler = threading.Thread(target=self._sample, daemon=True)
        self._sampler.start()

    def finish(self) -> int:
        """Wait for its end; its exit code."""
        _, self.errors = self.process.communicate()
        self._sampler.join()
        return self.process.returncode

    def cpu_seconds(self) -> float:
        """The CPU time that those which run now have used."""
        ticks = 0
        for folder in self._folders():
            with contextlib.suppress(OSError):
                fields = (folder / "stat").read_text().rpartition(")")[2].split()
                ticks += int(fields[11]) + int(fields[12])
        return ticks / os.sysconf("SC_CLK_TCK")

    def _sample(self) -> None:
        while self.process.poll() is None:
            self.peak_bytes = max(self.peak_bytes, sum(map(_pss, self._folders())))
            time.sleep(0.3)

    def _folders(self) -> list[Path]:
        found = []
        for folder in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                if self._mark.encode() in (folder / "environ").read_bytes().split(b"\0"):
                    found.append(folder)
        return found


def _pss(folder: Path) -> int:
    with contextlib.suppress(OSError):
        for line in (folder / "smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    return 0


class Report:
    """Says what was measured, a line each, and which bars were held."""

    def __init__(self) -> None:
        self._missed: list[str] = []
        self._held = 0

    def ratio(self, what: str, ours: float, bare: float, bar: float, peer: str = "") -> None:
        """Seconds of ours and of the bare tool; the bar is a ratio."""
        text = f"{ours:7.2f} s  {bare:7.2f} s  {ours / bare:5.2f} x   (bar {bar:.2f} x){peer}"
        self.line(what, text, held=ours <= bar * bare)

    def most(self, what: str, value: float, unit: str, bar: float, peer: str = "") -> None:
        """A value that may be as much as the bar."""
        self.line(what, f"{value:9.2f} {unit}   (bar {bar:g}){peer}", held=value <= bar)

    def line(self, what: str, text: str, *, held: bool | None = None) -> None:
        """One line of the table; `held` is None where there is no bar."""
        self._held += held is True
        if held is False:
            self._missed.append(what)
        verdict = {True: "   held", False: "   MISSED", None: ""}[held]
        print(f"{what:46}{text}{verdict}", flush=True)

    def conclude(self) -> bool:
        """Say how many bars were missed, and which; whether there was none."""
        print(f"{len(self._missed)} of {self._held + len(self._missed)} bars missed", flush=True)
        for what in self._missed:
            print(f"  missed: {what}", flush=True)
        return not self._missed
