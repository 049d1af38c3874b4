"""A thousand workers that kwok plays: requests grow with pods and not with time; idle is idle."""

from __future__ import annotations

import contextlib
import json
import re
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from scripts import leftovers
from scripts.bench.measuring import IMAGE, MB, SUBMIT, Report, Watched, namespace, run

WORKERS = 1000
FEWER = 100
NODES = 10
PORT = 10247  # of kwok, as scripts/cluster/bench.sh starts it
ADDRESS = '{.items[*].status.addresses[?(@.type=="InternalIP")].address}'
IDLE_SECONDS = 20
COUNTER = r'apiserver_request_total\{.*resource="(?:pods|jobs|events)".*verb="(\w+)".*\} (\d+)'
OPEN_STREAMS = r'apiserver_longrunning_requests\{.*subresource="log".*\} (\d+)'
READING = ("GET", "LIST", "WATCH", "CONNECT")


@dataclass(frozen=True, kw_only=True)
class Followed:
    """What it cost to follow some workers to their end."""

    code: int
    requests: int
    """From everybody: also from who plays the nodes, and from the cluster's own controllers."""
    idle_requests: int
    idle_cpu: float
    """Of one core, while nothing happens."""
    peak_bytes: int


def measure(report: Report) -> None:
    """Follow them to the end; where nothing happens, count CPU and requests."""
    with kwok():
        fewer, all_of_them = _follow(FEWER), _follow(WORKERS)
    code = all_of_them.code
    report.line("1 000 workers: exit code", f"{code:9d}", held=code == 0)
    each, fewer_each = all_of_them.requests / WORKERS, fewer.requests / FEWER
    peer = f"; of {FEWER}: {fewer_each:.1f}"
    report.most("1 000 workers: requests for each, by everybody", each, "", 1.2 * fewer_each, peer)
    report.most("… and in 20 s in which nothing happens", all_of_them.idle_requests, "", 60)
    report.most("… CPU in that time", 100 * all_of_them.idle_cpu, "% of a core", 2)
    memory = all_of_them.peak_bytes / MB
    report.line("1 000 workers: memory of all programs", f"{memory:9.0f} MB")


def _follow(workers: int) -> Followed:
    with namespace() as name, tempfile.TemporaryDirectory() as folder:
        manifest = _manifest(Path(folder))
        flags = ("-q", "--image", IMAGE, "--workers", str(workers), "--manifest", manifest)
        before = _requests()
        ours = Watched(SUBMIT, "-n", name, *flags, "--", "true")
        _await_running(name, workers)
        while _open_streams() < workers:
            time.sleep(1)
        _await_stillness(name)
        begun, cpu = _requests(), ours.cpu_seconds()
        time.sleep(IDLE_SECONDS)
        idle_cpu = (ours.cpu_seconds() - cpu) / IDLE_SECONDS
        idle = _requests() - begun
        code = ours.finish()
        return Followed(
            code=code,
            requests=_requests() - before,
            idle_requests=idle,
            idle_cpu=idle_cpu,
            peak_bytes=ours.peak_bytes,
        )


def _await_stillness(name: str) -> None:
    """Until nobody has written to a pod for some seconds."""
    before = None
    while (now := _versions(name)) != before:
        before = now
        time.sleep(5)


def _versions(name: str) -> list[str]:
    pods = json.loads(run("kubectl", "get", "pods", "-n", name, "-o", "json"))["items"]
    return [pod["metadata"]["resourceVersion"] for pod in pods]


def _requests() -> int:
    """How many requests for pods, Jobs and events the API server has had from anybody."""
    text = run("kubectl", "get", "--raw", "/metrics")
    return sum(int(found) for verb, found in re.findall(COUNTER, text) if verb in READING)


def _open_streams() -> int:
    """How many logs the API server sends to anybody now."""
    text = run("kubectl", "get", "--raw", "/metrics")
    return sum(int(found) for found in re.findall(OPEN_STREAMS, text))


def _await_running(name: str, workers: int) -> None:
    while True:
        jobs = json.loads(run("kubectl", "get", "jobs", "-n", name, "-o", "json"))["items"]
        if jobs and jobs[0].get("status", {}).get("ready", 0) >= workers:
            return
        time.sleep(1)


def _manifest(folder: Path) -> str:
    """A manifest whose pods go to nodes that kwok plays."""
    job = yaml.safe_load(Path("manifests/job.yml").read_text(encoding="utf-8"))
    spec = job["spec"]["template"]["spec"]
    spec |= {"nodeSelector": {"type": "kwok"}, "tolerations": [{"operator": "Exists"}]}
    path = folder / "job.yml"
    path.write_text(yaml.safe_dump(job), encoding="utf-8")
    return str(path)


def _node(number: int, address: str) -> dict[str, Any]:
    """A node that is reached where kwok listens.

    kwok sets its addresses, but removes them when it looks again and finds no Hostname.
    """
    name = f"kwok-{number}"
    addresses = [("InternalIP", address), ("Hostname", name)]
    room = {"pods": str(2 * WORKERS // NODES), "cpu": "100", "memory": "100Gi"}
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": name, "labels": {"type": "kwok"}},
        "spec": {"taints": [{"key": "kwok", "value": "true", "effect": "NoSchedule"}]},
        "status": {
            "allocatable": room,
            "capacity": room,
            "addresses": [{"type": kind, "address": value} for kind, value in addresses],
            "daemonEndpoints": {"kubeletEndpoint": {"Port": PORT}},
        },
    }


@contextlib.contextmanager
def kwok() -> Iterator[None]:
    """Nodes that are none, and who plays them."""
    # It runs beside the real node.
    [address, *_] = run("kubectl", "get", "nodes", "-o", f"jsonpath={ADDRESS}").split()
    nodes = [leftovers.with_own_label(_node(number, address)) for number in range(NODES)]
    with subprocess.Popen(["scripts/local-cluster", "kwok"]) as running:
        try:
            run("kubectl", "apply", "-f", "-", stdin=yaml.safe_dump_all(nodes))
            yield
        finally:
            run("kubectl", "delete", "nodes", "--selector=type=kwok", "--wait=false")
            running.terminate()
