"""Workers that the cluster takes away: the outcome names who did it, and their lines are there."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from scripts import leftovers
from tests.cluster.conftest import Namespace, Submit, own_job
from tests.conftest import eventually

STOPPED = "trap 'echo bye; exit 9' TERM; echo ready; sleep 1000 & wait"
URGENT = """
apiVersion: scheduling.k8s.io/v1
kind: PriorityClass
metadata: {{name: {name}, labels: {labels}}}
value: 1000000
---
apiVersion: v1
kind: Pod
metadata: {{name: urgent}}
spec:
  priorityClassName: {name}
  terminationGracePeriodSeconds: 0
  containers:
  - name: main
    image: {image}
    command: [sleep, "1000"]
    resources: {{limits: {{{resource}: 1}}}}
"""


@pytest.fixture
def scarce(namespace: Namespace) -> Iterator[str]:
    """A resource of which the node has one, and no other test knows; its name."""
    name = f"example.com/slot-{uuid.uuid4().hex[:5]}"
    path = "/status/capacity/" + name.replace("/", "~1")
    patch = ("patch", "node", node(namespace), "--subresource=status", "--type=json")
    add = [{"op": "add", "path": path, "value": "1"}]
    namespace.kubectl(*patch, f"--patch={json.dumps(add)}")
    shown = f"--output=jsonpath={{.status.allocatable.{name.replace('.', chr(92) + '.')}}}"
    eventually(lambda: namespace.kubectl("get", "node", node(namespace), shown) == "1", name)
    yield name
    namespace.kubectl("delete", "priorityclass", name.replace("/", "-"), "--ignore-not-found")
    remove = [{"op": "remove", "path": path}]
    namespace.kubectl(*patch, f"--patch={json.dumps(remove)}")


def node(namespace: Namespace) -> str:
    """A node that runs pods."""
    return namespace.kubectl(
        "get", "nodes", "--selector=type!=kwok", "--output=jsonpath={.items[0].metadata.name}"
    )


def test_a_worker_that_is_preempted(
    scarce: str, namespace: Namespace, submit: Submit, busybox: str
) -> None:
    wants_it = ("--gpus=1", f"--gpu-resource={scarce}")
    running = submit.start(*wants_it, f"--image={busybox}", "--", "sh", "-c", STOPPED)
    running.wait_for("ready\n")

    urgent = {"name": scarce.replace("/", "-"), "image": busybox, "resource": scarce}
    urgent["labels"] = json.dumps(leftovers.own_label())
    namespace.create(URGENT.format(**urgent))
    result = running.finish()

    job = namespace.job()["metadata"]["name"]
    assert (result.exit_code, result.stdout) == (9, "ready\nbye\n")
    assert result.stderr.endswith(f"job/{job}: exited 9 (PreemptionByScheduler)\n")


@pytest.mark.waits
def test_a_worker_that_is_evicted(
    namespace: Namespace, submit: Submit, busybox: str, tmp_path: Path
) -> None:
    """It writes more onto the node's disk than it may; the kubelet looks every ten seconds."""
    little = {"limits": {"ephemeral-storage": "1Mi"}}
    manifest = own_job(tmp_path, container={"resources": little})
    greedy = (
        "trap 'echo bye; exit 9' TERM; echo ready; until [ -e /read ]; do sleep 0.1; done; "
        "dd if=/dev/zero of=/big bs=1M count=8 2>/dev/null; sleep 1000 & wait"
    )

    flags = (f"--manifest={manifest}", f"--image={busybox}")
    running = submit.start(*flags, "--", "sh", "-c", greedy)
    running.wait_for("ready\n")
    namespace.kubectl("exec", namespace.pod()["metadata"]["name"], "--", "touch", "/read")
    result = running.finish()

    job = namespace.job()["metadata"]["name"]
    assert result.stdout.startswith("ready\n")
    assert result.exit_code in (9, 137)  # the kubelet gives it a moment, or none
    told = (
        f"job/{job}: exited {result.exit_code} (Evicted)\nPod ephemeral local storage usage exceeds"
    )
    assert told in result.stderr


@pytest.mark.waits
def test_an_eviction_that_kubernetes_counts_as_a_success(
    namespace: Namespace, submit: Submit, busybox: str, tmp_path: Path
) -> None:
    """The command stops when it is told to, and exits 0: its pod and its Job succeed."""
    little = {"limits": {"ephemeral-storage": "1Mi"}}
    manifest = own_job(tmp_path, container={"resources": little})
    stops = (
        "trap 'exit 0' TERM; sleep 12; dd if=/dev/zero of=/big bs=1M count=8 2>/dev/null; "
        "sleep 600 & wait"
    )

    result = submit(f"--manifest={manifest}", f"--image={busybox}", "--", "sh", "-c", stops)

    assert "Pod ephemeral local storage usage exceeds the total limit" in result.stderr
    # The kubelet gives it a moment, or none, or evicts it before it has reported that it runs.
    assert result.exit_code in (0, 137, 125)
    if result.exit_code == 125:
        assert "was evicted before the node reported that it ran" in result.stderr
    if result.exit_code == 0:
        job = namespace.job()["metadata"]["name"]
        told = "succeeded, but exited 0 when asked to stop (Evicted: "
        assert told in result.stderr
        assert told in submit("status", job).stdout
