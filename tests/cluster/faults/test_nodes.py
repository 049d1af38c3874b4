"""Faults of one node among several: it is gone, restarts, is drained, cordoned, slow, or full.

node2 has other GPUs and a small disk, node3 may be lost (scripts/cluster/nodes.sh).
"""

from __future__ import annotations

import contextlib
import http.client
import json
import re
import shutil
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest

from scripts import leftovers
from tests.cluster import git_servers
from tests.cluster.conftest import Namespace, Submit, own_job
from tests.cluster.counting import FAULTLESS, check, count
from tests.cluster.faults.parts import kill, restart
from tests.conftest import eventually, local

RENDEZVOUS = Path(__file__).parents[3] / "examples" / "rendezvous" / "rendezvous.py"
HOST = "kubernetes.io/hostname"
STAY = "echo here; sleep 1000"
STOPPED = "trap 'echo bye; exit 9' TERM; echo ready; sleep 1000 & wait"
# Goes on when the kubelet has made room by removing images.
GREEDY = """
echo ready
while true; do
  if [ "$(df -Pm / | awk 'END {print $4}')" -gt 40 ]; then
    dd if=/dev/zero bs=1M count=8 >>/big 2>/dev/null
  else
    sleep 0.2
  fi
done
"""
# The taints that the two nodes have from the beginning; a lost one gets others.
TOLERATIONS = [
    {"key": "nvidia.com/gpu", "operator": "Exists", "effect": "NoSchedule"},
    {"key": "example.com/spot", "operator": "Exists", "effect": "NoSchedule"},
]
SOON = [
    {"key": f"node.kubernetes.io/{key}", "operator": "Exists", "effect": "NoExecute"}
    | {"tolerationSeconds": 5}
    for key in ("not-ready", "unreachable")
]
MISSING = re.compile(r"^warning: .*lines (?:after|between) 20\S+Z .*may be missing", re.MULTILINE)
VOLUME = """
apiVersion: storage.k8s.io/v1
kind: StorageClass
metadata: {{name: {name}, labels: {labels}}}
provisioner: kubernetes.io/no-provisioner
volumeBindingMode: WaitForFirstConsumer
---
apiVersion: v1
kind: PersistentVolume
metadata: {{name: {name}, labels: {labels}}}
spec:
  storageClassName: {name}
  capacity: {{storage: 1Gi}}
  accessModes: [ReadWriteOnce]
  hostPath: {{path: {path}, type: DirectoryOrCreate}}
  nodeAffinity:
    required:
      nodeSelectorTerms:
      - matchExpressions: [{{key: kubernetes.io/hostname, operator: In, values: [node3]}}]
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {{name: data}}
spec:
  storageClassName: {name}
  accessModes: [ReadWriteOnce]
  resources: {{requests: {{storage: 1Gi}}}}
"""


@pytest.fixture(autouse=True)
def whole_again() -> Iterator[None]:
    """All nodes run before and after each test."""
    local("LOCAL_NODE3_DISK")
    restart("nodes")
    yield
    restart("nodes")


def on(folder: Path, *nodes: str, tolerations: Any = (), **pod: Any) -> str:
    """The flag for a Job whose pods may run on these nodes alone."""
    term = {"matchExpressions": [{"key": HOST, "operator": "In", "values": list(nodes)}]}
    required = {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [term]}}
    placed = {
        "affinity": {"nodeAffinity": required},
        "tolerations": [*TOLERATIONS, *tolerations],
        "terminationGracePeriodSeconds": 5,
    }
    return f"--manifest={own_job(folder, pod=placed | pod)}"


def spread() -> dict[str, Any]:
    """The fields of a pod that let no two workers of a run share a node."""
    rule = {"maxSkew": 1, "topologyKey": HOST, "whenUnsatisfiable": "DoNotSchedule"}
    rule |= {"labelSelector": {}, "matchLabelKeys": ["batch.kubernetes.io/job-name"]}
    return {"topologySpreadConstraints": [rule]}


def rank_on(namespace: Namespace, node: str) -> int:
    """The rank of the worker on a node."""
    (pod,) = (pod for pod in namespace.get("pods") if pod["spec"]["nodeName"] == node)
    return int(pod["metadata"]["labels"]["batch.kubernetes.io/job-completion-index"])


def test_a_node_that_is_gone_for_good(
    namespace: Namespace, submit: Submit, busybox: str, tmp_path: Path
) -> None:
    """All its processes have ended at once; later somebody deletes it, as a cloud does."""
    flags = (on(tmp_path, "node3", tolerations=SOON), f"--image={busybox}")
    running = submit.start(*flags, "--", "sh", "-c", STAY)
    running.wait_for("here\n")
    job = namespace.job()["metadata"]["name"]

    kill("node3")
    running.wait_for("waiting: node node3 of the run has not been ready since 20")
    running.wait_for("if it stays away, Kubernetes deletes the pod 5 s after that")
    running.wait_for("Kubernetes has deleted the pod, but only the node can confirm")
    namespace.kubectl("delete", "node", "node3")
    result = running.finish()

    assert (result.exit_code, result.stdout) == (125, "here\n")
    assert len(MISSING.findall(result.stderr)) == 1
    assert result.stderr.endswith(f"job/{job}: ended without a code (DeletionByPodGC)\n")
    later = submit("wait", job)
    assert later.exit_code == 125
    assert "DeletionByPodGC" in later.stderr


def test_one_worker_is_on_a_node_that_is_gone(
    namespace: Namespace, submit: Submit, busybox: str, tmp_path: Path
) -> None:
    """An administrator says that it is out of service; the lines of the other one are there."""
    where = on(tmp_path, "node1", "node3", tolerations=SOON, **spread())
    flags = (where, "--workers=2", f"--image={busybox}")
    script = "echo here; until [ -e /tmp/sign ]; do sleep 0.1; done; echo signed; sleep 1000"
    running = submit.start(*flags, "--", "sh", "-c", script)
    running.wait_for("[0] here\n")
    running.wait_for("[1] here\n")
    lost = rank_on(namespace, "node3")
    (other,) = (p for p in namespace.get("pods") if p["spec"]["nodeName"] == "node1")

    kill("node3")
    running.wait_for(f"waiting: node node3 of worker {lost} has not been ready since 20")
    namespace.sign(other["metadata"]["name"])
    running.wait_for(f"[{1 - lost}] signed\n")
    with tainted(namespace, "node.kubernetes.io/out-of-service=nodeshutdown:NoExecute"):
        result = running.finish()

    assert result.exit_code == 125
    wrote = [f"[{1 - lost}] signed", "[0] here", "[1] here"]
    assert sorted(result.stdout.splitlines()) == sorted(wrote)
    (warning,) = MISSING.findall(result.stderr)
    assert f"worker {lost}" in warning
    assert f"worker {lost} ended without a code (DeletionByTaintManager)" in result.stderr


@contextlib.contextmanager
def tainted(namespace: Namespace, taint: str) -> Iterator[None]:
    """Give node3 a taint for a while."""
    namespace.kubectl("taint", "node", "node3", taint)
    try:
        yield
    finally:
        namespace.kubectl("taint", "node", "node3", f"{taint}-")


def test_a_node_that_restarts(
    namespace: Namespace, submit: Submit, busybox: str, tmp_path: Path
) -> None:
    """Its containers have ended with it, and that is what it reports when it is back."""
    flags = (on(tmp_path, "node3"), f"--image={busybox}")
    running = submit.start(*flags, "--", "sh", "-c", STAY)
    running.wait_for("here\n")
    job = namespace.job()["metadata"]["name"]

    kill("node3")
    restart("nodes")
    result = running.finish()

    assert (result.exit_code, result.stdout) == (255, "here\n")
    unknown = "Unknown: its node or container runtime has restarted"
    assert result.stderr.endswith(f"job/{job}: exited 255 ({unknown})\n")


def test_a_node_that_is_gone_before_the_pod_has_started(
    namespace: Namespace, submit: Submit, busybox: str, tmp_path: Path
) -> None:
    """No kubelet ever reports of the pod: what is known is that Kubernetes has deleted it."""
    flags = (on(tmp_path, "node3", tolerations=SOON), f"--image={busybox}")
    with slow_registry() as gate:
        running = submit.start(*flags, "--", "echo", "never")
        running.wait_for("waiting: pulling image ")
        kill("node3")
        deleted = "the pod was deleted (DeletionByTaintManager) before it started; waiting for the "
        running.wait_for(f"{deleted}kubelet on node3")
        gate.set()
        namespace.kubectl("delete", "node", "node3")
        result = running.finish()
    assert (result.exit_code, result.stdout) == (125, "")
    assert result.stderr.endswith(": never started (DeletionByPodGC)\n")


def test_a_node_that_is_drained(
    namespace: Namespace, submit: Submit, busybox: str, tmp_path: Path
) -> None:
    running = submit.start(on(tmp_path, "node3"), f"--image={busybox}", "--", "sh", "-c", STOPPED)
    running.wait_for("ready\n")
    job = namespace.job()["metadata"]["name"]

    try:
        namespace.kubectl("drain", "node3", "--delete-emptydir-data")
        result = running.finish()
    finally:
        namespace.kubectl("uncordon", "node3")

    assert (result.exit_code, result.stdout) == (9, "ready\nbye\n")
    assert result.stderr.endswith(f"job/{job}: exited 9 (EvictionByEvictionAPI)\n")


def test_a_cordoned_node(
    namespace: Namespace, submit: Submit, busybox: str, tmp_path: Path
) -> None:
    """What runs there goes on; what is new waits, and says for what."""
    flags = (on(tmp_path, "node3"), f"--image={busybox}", "--")
    old = submit.start(*flags, *count(2000))
    old.wait_for("line 200\n")
    namespace.kubectl("cordon", "node3")
    try:
        new = submit.start(*flags, "echo", "there")
        new.wait_for("waiting: Unschedulable: ")
        new.wait_for("1 node(s) were unschedulable")
        counted = old.finish()
    finally:
        namespace.kubectl("uncordon", "node3")
    result = new.finish()

    assert counted.exit_code == 0
    assert check(counted.stdout, workers=1, lines=2000) == FAULTLESS
    assert (result.exit_code, result.stdout) == (0, "there\n")


def test_a_node_that_is_slow_to_pull(
    namespace: Namespace, submit: Submit, busybox: str, tmp_path: Path
) -> None:
    """The other worker runs meanwhile, and its lines are shown."""
    where = on(tmp_path, "node1", "node3", **spread())
    flags = (where, "--workers=2", f"--image={busybox}")
    with slow_registry() as gate:
        running = submit.start(*flags, "--", "echo", "here")
        running.wait_for('waiting: 1 of 2 workers: pulling image "registry.test:5000/busybox')
        running.wait_for(" on node3\n")
        running.wait_for("] here\n")
        gate.set()
        result = running.finish()
    assert result.exit_code == 0
    assert sorted(result.stdout.splitlines()) == ["[0] here", "[1] here"]


def test_a_disk_that_is_full(
    namespace: Namespace, submit: Submit, busybox: str, tmp_path: Path
) -> None:
    """The kubelet evicts the pod that wrote too much; as long as that lasts, no other may come."""
    flags = (on(tmp_path, "node2"), f"--image={busybox}", "--")

    result = submit(*flags, "sh", "-c", GREEDY)

    assert (result.exit_code, result.stdout) == (137, "ready\n")
    job = namespace.job()["metadata"]["name"]
    assert f"job/{job}: exited 137 (Evicted)\n" in result.stderr
    assert "The node was low on resource: ephemeral-storage" in result.stderr

    def there_is_room() -> bool:
        after = submit(*flags, "echo", "there is room")
        refused = "never started (Evicted)\nPod was rejected: The node had condition: [DiskPr"
        assert after.stdout == "there is room\n" or refused in after.stderr, after.stderr
        return after.exit_code == 0

    # The scheduler learns a few seconds after the kubelet that there is none, and that there is.
    eventually(there_is_room, "there is room")


def test_other_gpus(submit: Submit, busybox: str, tmp_path: Path) -> None:
    """Their node has a taint, as in many clusters, and the label of NVIDIA's device plugin."""
    product = {"nvidia.com/gpu.product": "NVIDIA-H100-80GB-HBM3"}
    flags = ("--gpus=8", f"--image={busybox}")
    refused = own_job(tmp_path, pod={"nodeSelector": product})
    pending = ("--pending-timeout=10s", f"--manifest={refused}")
    result = submit(*pending, *flags, "--", "true")
    assert result.exit_code == 124
    assert "untolerated taint" in result.stderr

    tolerated = own_job(tmp_path, pod={"nodeSelector": product, "tolerations": TOLERATIONS})
    show = 'echo "$GPUS_PER_NODE GPUs"'
    result = submit(f"--manifest={tolerated}", *flags, "--", "sh", "-c", show)
    assert (result.exit_code, result.stdout) == (0, "8 GPUs\n")


def test_workers_meet_across_nodes(
    namespace: Namespace, submit: Submit, python: str, tmp_path: Path
) -> None:
    where = on(tmp_path, "node1", "node2", "node3", **spread())
    flags = (where, "--workers=3", f"--image={python}")
    program = RENDEZVOUS.read_text(encoding="utf-8")

    result = submit(*flags, "--", "python", "-c", program, "40", "2", "5")

    assert result.exit_code == 0, result.stderr
    assert sorted(result.stdout.splitlines()) == [
        "[0] worker 0 brought 40, the sum is 47",
        "[1] worker 1 brought 2, the sum is 47",
        "[2] worker 2 brought 5, the sum is 47",
    ]
    nodes = {pod["spec"]["nodeName"] for pod in namespace.get("pods")}
    assert nodes == {"node1", "node2", "node3"}


def test_a_claim_that_one_node_has(
    namespace: Namespace, submit: Submit, busybox: str, tmp_path: Path
) -> None:
    """ReadWriteOnce, of a local path: runs that use it come to that node, or cannot run."""
    claim(namespace)
    volume = {"name": "data", "persistentVolumeClaim": {"claimName": "data"}}
    mount = {"volumeMounts": [{"name": "data", "mountPath": "/data"}]}
    anywhere = {"tolerations": TOLERATIONS, "volumes": [volume]}
    manifest = f"--manifest={own_job(tmp_path, pod=anywhere, container=mount)}"
    flags = (manifest, f"--image={busybox}", "--", "sh", "-c")

    assert submit(*flags, "echo checkpoint > /data/1").exit_code == 0
    result = submit(*flags, "cat /data/1")
    assert (result.exit_code, result.stdout) == (0, "checkpoint\n")
    assert {pod["spec"]["nodeName"] for pod in namespace.get("pods")} == {"node3"}

    elsewhere = anywhere | {"nodeSelector": {HOST: "node1"}}
    path = own_job(tmp_path, pod=elsewhere, container=mount)
    result = submit(
        f"--manifest={path}", "--pending-timeout=10s", f"--image={busybox}", "--", "true"
    )
    assert result.exit_code == 124
    assert re.search(r"olume(?:'s)? node affinity", result.stderr)


def claim(namespace: Namespace) -> None:
    """Make a volume on node3, and a claim for it named `data`."""
    name = namespace.name
    path = Path(local("LOCAL_NODE3_DISK")) / "volumes" / name
    labels = json.dumps(leftovers.own_label())
    namespace.create(VOLUME.format(name=name, path=path, labels=labels))


@contextlib.contextmanager
def slow_registry() -> Iterator[threading.Event]:
    """Between node3 and the registry: answers about no image until the event is set.

    The node has forgotten its images, as a new one that an autoscaler adds.
    """
    gate = threading.Event()

    class Slow(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            if "/pause/" not in self.path:
                gate.wait()
            upstream = http.client.HTTPConnection(local("LOCAL_REGISTRY"))
            upstream.request(self.command, self.path, headers=dict(self.headers))
            answer = upstream.getresponse()
            self.send_response(answer.status)
            for name, value in answer.getheaders():
                if name.lower() != "date":
                    self.send_header(name, value)
            self.end_headers()
            self.wfile.write(answer.read())

        do_HEAD = do_GET  # noqa: N815 (http.server's name)

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    kill("node3")
    shutil.rmtree(Path(local("LOCAL_NODE3_DISK")) / "containerd")
    restart("nodes")
    hosts = Path(local("LOCAL_NODE3_REGISTRIES")) / local("LOCAL_PULL_REGISTRY") / "hosts.toml"
    before = hosts.read_text(encoding="utf-8")
    with git_servers.serving(Slow) as server:
        url = git_servers.url(server)
        hosts.write_text(f'server = "{url}"\n[host."{url}"]\n', encoding="utf-8")
        try:
            yield gate
        finally:
            gate.set()
            hosts.write_text(before, encoding="utf-8")
