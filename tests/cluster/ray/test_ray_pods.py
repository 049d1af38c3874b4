"""Options about data and nodes in the pods of a Ray cluster."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.cluster.claims import Claims
from tests.cluster.conftest import Namespace, Submit
from tests.conftest import eventually

from .conftest import WAITING, Rays, Start

TYPE_LABEL, TYPE = "cloud.google.com/gke-accelerator", "nvidia-h100-mega-80gb"
# What the command finds on the head, and a task on a worker.
DRIVER = """
import os, ray
ray.init(log_to_driver=False, logging_level="ERROR")

def found():
    disk = os.statvfs("/dev/shm")
    names = [open(path).read() for path in ("/data/rows", "/etc/train/lr")]
    open("/scratch/x", "w").write("x")
    return names, disk.f_blocks * disk.f_frsize >> 20, os.path.exists("/proc/1/cwd/rows")

@ray.remote(num_gpus=1)
def task():
    open("/data/checkpoint", "w").write("of a worker")
    return found()

print(os.getcwd(), found())
print(ray.get(task.remote()))
"""


@pytest.fixture
def h100(namespace: Namespace) -> Iterator[None]:
    """The node has GPUs of a type, as it would on GKE; one test alone may use it."""
    namespace.kubectl("label", "node", "node1", "--overwrite", f"{TYPE_LABEL}={TYPE}")
    yield
    namespace.kubectl("label", "node", "node1", f"{TYPE_LABEL}-")


# The pods stay, to be looked at.
STAY = """--overrides={"spec": {"ttlSecondsAfterFinished": 600}}"""


def test_data(namespace: Namespace, submit: Submit, rays: Rays, ray: str, claims: Claims) -> None:
    folder = claims.add("data")
    (folder / "rows").write_text("1 2 3")
    namespace.kubectl("create", "configmap", "train", "--from-literal=lr=0.1")
    data = ("--volume=data:/data", "--volume=configmap/train:/etc/train", "--scratch=1Gi:/scratch")
    more = ("--gpus=1", "--shm-size=100Mi", "--workdir=/data")

    result = submit(
        *("--execution=ray", f"--image={ray}", *data, *more),
        *("--", "python", "-c", DRIVER),
    )

    assert result.exit_code == 0, result.stderr
    on_a_pod = "(['1 2 3', '0.1'], 100, True)"
    assert result.stdout.splitlines() == [f"/data {on_a_pod}", on_a_pod]
    assert (folder / "checkpoint").read_text() == "of a worker"
    assert "ReadWriteOnce" in result.stderr
    assert "all 2 pods" in result.stderr


def test_nodes(namespace: Namespace, submit: Submit, rays: Rays, ray: str, h100: None) -> None:
    """The pod that hands over the command has the same image, so it needs such a node, too."""
    nodes = ("--node-selector=kubernetes.io/os=linux", "--toleration=dedicated=ml:NoSchedule")
    size = ("--gpus=1", "--gpu-type=H100", "--limits=memory=4Gi")
    flags = ("--execution=ray", f"--image={ray}", STAY, "--annotation=example.com/cost=4711")

    result = submit(*flags, *nodes, *size, "--", "true")

    assert result.exit_code == 0, result.stderr
    assert rays.job["spec"]["ttlSecondsAfterFinished"] == 600
    pods = {role: pod_of(namespace, rays, role) for role in ("head", "worker", "submitter")}
    toleration = {"key": "dedicated", "operator": "Equal", "value": "ml", "effect": "NoSchedule"}
    for role, pod in pods.items():
        assert pod["spec"]["nodeSelector"] == {"kubernetes.io/os": "linux"}, role
        assert toleration in pod["spec"]["tolerations"], role
        assert pod["metadata"]["annotations"]["example.com/cost"] == "4711", role
        assert ("affinity" in pod["spec"]) == (role == "worker")
    assert TYPE in json.dumps(pods["worker"]["spec"]["affinity"])
    [worker] = pods["worker"]["spec"]["containers"]
    assert worker["resources"]["limits"]["memory"] == "4Gi"


def pod_of(namespace: Namespace, rays: Rays, role: str) -> dict[str, Any]:
    """The one pod of a role."""
    [name] = rays.pods(role)
    return dict(json.loads(namespace.kubectl("get", "pod", name, "--output=json")))


def test_overrides_replace_lists(rays: Rays, start: Start) -> None:
    """They are merged as JSON is."""
    over = {"spec": {"rayClusterSpec": {"headGroupSpec": {"rayStartParams": {"num-cpus": "3"}}}}}
    running = start(f"echo begun; {WAITING}", f"--overrides={json.dumps(over)}")
    eventually(lambda: rays.namespace.get("rayjobs"), "the RayJob is there")
    running.wait_for("begun")

    head = rays.job["spec"]["rayClusterSpec"]["headGroupSpec"]
    assert head["rayStartParams"] == {"num-cpus": "3"}
    result = rays.let_it_end(running)

    assert (result.exit_code, result.stdout) == (0, "begun\n"), result.stderr


def test_values_that_are_wrong(namespace: Namespace, submit: Submit, ray: str) -> None:
    for flag, word in [
        ("--volume=none:/data", "persistentvolumeclaim/none"),
        ("--topology=required=rack", "--topology required=rack is for a queue"),
        ("--gpu-type=none-such", "--gpu-type none-such: no node has GPUs"),
        ('--overrides={"metadata": {"name": "x"}}', "--overrides: metadata.name"),
    ]:
        result = submit("--execution=ray", f"--image={ray}", flag, "--", "true")
        assert (result.exit_code, result.stdout) == (125, "")
        assert word in result.stderr
    assert namespace.names("rayjobs") == []
