"""Queues of Kueue, as far as a client has to do with them: Kueue itself is played by the test.

tests/cluster/kueue has the tests with the real one.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from scripts import leftovers
from tests.cluster.conftest import Namespace, Submit, own_job
from tests.conftest import eventually

VERSION = "v1beta2"
SPEC = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}


def definition(kind: str, plural: str, scope: str) -> dict[str, object]:
    """A CustomResourceDefinition of Kueue's group, for objects of any shape."""
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{plural}.kueue.x-k8s.io"},
        "spec": {
            "group": "kueue.x-k8s.io",
            "scope": scope,
            "names": {"kind": kind, "plural": plural, "singular": kind.lower()},
            "versions": [
                {
                    "name": VERSION,
                    "served": True,
                    "storage": True,
                    "schema": {"openAPIV3Schema": SPEC},
                }
            ],
        },
    }


DEFINITIONS = [
    definition("LocalQueue", "localqueues", "Namespaced"),
    definition("Workload", "workloads", "Namespaced"),
    definition("WorkloadPriorityClass", "workloadpriorityclasses", "Cluster"),
]


@pytest.fixture
def kinds(namespace: Namespace) -> Iterator[list[str]]:
    """The names of the definitions that a test creates; they are deleted after it."""
    real = namespace.kubectl("get", "namespace", "kueue-system", "--ignore-not-found")
    assert not real, "Kueue is in the cluster: scripts/local-cluster down kueue removes it"
    names: list[str] = []
    yield names
    if names:
        namespace.kubectl("delete", "customresourcedefinition", *names, "--wait=false")


def install(namespace: Namespace, kinds: list[str]) -> None:
    """Let the cluster know Kueue's objects."""
    kinds += [str(one["metadata"]["name"]) for one in DEFINITIONS]  # type: ignore[index]
    namespace.create(yaml.safe_dump_all(map(leftovers.with_own_label, DEFINITIONS)))
    shown = "--output=jsonpath={.status.conditions[?(@.type=='Established')].status}"
    for name in kinds:  # `kubectl wait` fails where there is no condition yet
        eventually(lambda: namespace.kubectl("get", "crd", name, shown) == "True", name)  # noqa: B023


def kueue_object(kind: str, name: str, **fields: object) -> str:
    """An object of Kueue's as a manifest."""
    metadata = {"name": name, "labels": fields.pop("labels", {})}
    head = {"apiVersion": f"kueue.x-k8s.io/{VERSION}", "kind": kind, "metadata": metadata}
    return json.dumps({**head, **fields})


def refused(submit: Submit, *arguments: str) -> str:
    """What a submit says that ends before anything is created."""
    result = submit(*arguments)
    assert (result.exit_code, result.stdout) == (125, "")
    return result.stderr


def test_a_queue(
    namespace: Namespace, submit: Submit, kinds: list[str], busybox: str, tmp_path: Path
) -> None:
    command = (f"--image={busybox}", "--queue=team-a", "--", "echo", "done")
    assert "Kueue is not installed" in refused(submit, *command)
    install(namespace, kinds)
    namespace.create(kueue_object("LocalQueue", "team-b"))
    without_queue = refused(submit, *command)
    assert "localqueue/team-a" in without_queue
    assert "There is: team-b." in without_queue
    namespace.create(kueue_object("LocalQueue", "team-a"))
    without_class = refused(submit, "--priority=urgent", *command)
    assert "not in the cluster: workloadpriorityclass/urgent" in without_class
    assert namespace.names("jobs") == []

    running = submit.start(f"--manifest={own_job(tmp_path, spec={'suspend': True})}", *command)
    running.wait_for("queued")
    job = namespace.job()
    waits = {"type": "QuotaReserved", "status": "False", "message": "insufficient unused quota"}
    labels = {"kueue.x-k8s.io/job-uid": job["metadata"]["uid"]}
    workload = {"spec": {"queueName": "team-a"}, "status": {"conditions": [waits]}}
    namespace.create(kueue_object("Workload", "job-1", labels=labels, **workload))
    running.wait_for("queued in team-a: insufficient unused quota")
    assert "Queued" in submit("list").stdout
    resume = '{"spec": {"suspend": false}}'
    namespace.kubectl("patch", "job", job["metadata"]["name"], "--type=merge", f"--patch={resume}")
    result = running.finish()

    assert (result.exit_code, result.stdout) == (0, "done\n")
    assert job["metadata"]["labels"]["kueue.x-k8s.io/queue-name"] == "team-a"


def test_a_priority_without_a_queue(namespace: Namespace, submit: Submit, busybox: str) -> None:
    known = submit("--priority=system-nodes", f"--image={busybox}", "--", "true")
    assert known.exit_code == 125
    assert "not in the cluster: priorityclass/system-nodes" in known.stderr
    assert "system-node-critical" in known.stderr
    assert namespace.names("jobs") == []
