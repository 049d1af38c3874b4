"""Queues of a real Kueue: one for each test, in a namespace where every Job must have one."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator

import pytest

from tests.cluster.conftest import Namespace

API = "kueue.x-k8s.io/v1beta2"


class Queue:
    """A LocalQueue of the name team-a in the test's namespace, and what it draws from."""

    def __init__(self, namespace: Namespace) -> None:
        self.namespace = namespace
        self.flags = ("--queue=team-a", "--cpu=100m")
        """Those of a run of which the queue admits one at a time."""
        self._of_the_cluster: list[str] = []

    def create_quota(self) -> None:
        """100m of CPU: for one run."""
        covered = [
            {"name": "cpu", "nominalQuota": "100m"},
            {"name": "memory", "nominalQuota": "64Gi"},
        ]
        flavor = {"name": self.namespace.name, "resources": covered}
        group = {"coveredResources": ["cpu", "memory"], "flavors": [flavor]}
        spec = {
            "namespaceSelector": {
                "matchLabels": {"kubernetes.io/metadata.name": self.namespace.name}
            },
            "resourceGroups": [group],
            "preemption": {"withinClusterQueue": "LowerPriority"},
        }
        self.create("ResourceFlavor", self.namespace.name)
        self.create("ClusterQueue", self.namespace.name, spec=spec)

    def create_local_queue(self, name: str) -> None:
        """A LocalQueue of the namespace, once it can be used."""
        self.create("LocalQueue", name, spec={"clusterQueue": self.namespace.name})
        self.namespace.wait("--for=condition=Active", f"localqueue/{name}")

    def set_cpu(self, amount: str) -> None:
        """Change the quota."""
        path = "/spec/resourceGroups/0/flavors/0/resources/0/nominalQuota"
        patch = json.dumps([{"op": "replace", "path": path, "value": amount}])
        name = f"clusterqueue/{self.namespace.name}"
        self.namespace.kubectl("patch", name, "--type=json", f"--patch={patch}")

    def create_priority(self, name: str, value: int) -> str:
        """A WorkloadPriorityClass; its name, which no other test has."""
        unique = f"{self.namespace.name}-{name}"
        self.create("WorkloadPriorityClass", unique, value=value, description=name)
        return unique

    def create(self, kind: str, name: str, **fields: object) -> None:
        """An object of Kueue's."""
        manifest = {"apiVersion": API, "kind": kind, "metadata": {"name": name}, **fields}
        self.namespace.create(json.dumps(manifest))
        if kind != "LocalQueue":
            self._of_the_cluster.append(f"{kind}/{name}")

    def delete_quota(self) -> None:
        """Delete what is outside of the namespace; Kueue lets it go when nothing uses it."""
        self.namespace.kubectl("delete", *self._of_the_cluster, "--wait=false")


@pytest.fixture
def namespace(namespace: Namespace) -> Namespace:
    """The test's namespace, where Kueue suspends every Job that no queue has admitted."""
    namespace.kubectl("label", "namespace", namespace.name, "kueue-managed=true")
    return namespace


@pytest.fixture
def queue(namespace: Namespace) -> Iterator[Queue]:
    """The test's queue."""
    queue = Queue(namespace)
    queue.create_quota()
    queue.create_local_queue("team-a")
    yield queue
    queue.delete_quota()


@pytest.fixture
def kuberay() -> None:
    """Skips the test where KubeRay is not in the cluster, too."""
    if not os.environ.get("LOCAL_KUBERAY"):
        pytest.skip("needs KubeRay beside Kueue: make cluster-up-ray")
