"""Sends a manifest with a Job: all of it, or nothing."""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml

from kubectl_submit.cluster.kubectl import Kubectl
from kubectl_submit.error_codes import ErrorCode
from kubectl_submit.errors import ClusterError
from kubectl_submit.execution_backends.kubernetes import job
from kubectl_submit.manifests import tree
from tests.errors import raises_code

from .programs import Answer, Program

BESIDE = """\
kind: ConfigMap
metadata: {name: ours}
---
kind: Job
metadata: {name: run}
---
kind: Service
metadata: {name: theirs, namespace: other}
"""
CREATED: dict[str, Any] = {
    "apiVersion": "batch/v1",
    "kind": "Job",
    "metadata": {"name": "run", "namespace": "team", "uid": "1-2"},
    "spec": {"completions": 3, "template": {"spec": {"containers": [{"name": "main"}]}}},
}


def create(text: str) -> Any:
    return job.create(tree.load(text, "file.yml"), Kubectl())


def sent(kubectl: Program) -> list[list[Any]]:
    """The documents of each `kubectl create`."""
    return [list(yaml.safe_load_all(call.stdin)) for call in kubectl.calls("create")]


def test_knows_what_the_server_made_of_it(kubectl: Program) -> None:
    kubectl.on("create", Answer(json.dumps(CREATED)))
    found = create("kind: Job")
    assert (found.kind, found.name, found.namespace, found.uid) == ("job", "run", "team", "1-2")
    assert (found.workers, found.container) == (3, "main")
    assert found.pod_selector == "batch.kubernetes.io/job-name=run"
    assert found.object_path == "/apis/batch/v1/namespaces/team/jobs"
    assert found.pods_path == "/api/v1/namespaces/team/pods"
    assert found.events_path == "/api/v1/namespaces/team/events"


def test_a_job_without_completions_has_one_worker(kubectl: Program) -> None:
    plain = {**CREATED, "spec": {"template": CREATED["spec"]["template"]}}
    kubectl.on("create", Answer(json.dumps(plain)))
    assert create("kind: Job").workers == 1


@pytest.fixture
def creator(kubectl: Program) -> Program:
    """A cluster in which one may create, and neither change nor delete what stands beside Jobs."""
    kubectl.on("auth", "can-i", Answer(stderr="no", exit_code=1))
    return kubectl


def test_the_rest_disappears_with_the_job(creator: Program) -> None:
    kubectl = creator
    kubectl.on("create", Answer(json.dumps(CREATED)), Answer("{}"))
    create(BESIDE)
    [[first], others] = sent(kubectl)
    assert first == {"kind": "Job", "metadata": {"name": "run"}}
    owner = {"apiVersion": "batch/v1", "kind": "Job", "name": "run", "uid": "1-2"}
    assert others == [
        {
            "kind": "ConfigMap",
            "metadata": {"name": "ours", "namespace": "team", "ownerReferences": [owner]},
        },
        # An owner must be in the same namespace.
        {"kind": "Service", "metadata": {"name": "theirs", "namespace": "other"}},
    ]


def test_without_the_rest_there_is_no_job(creator: Program) -> None:
    kubectl = creator
    kubectl.on("create", Answer(json.dumps(CREATED)), Answer(stderr="no", exit_code=1))
    kubectl.on("delete", Answer())
    with raises_code(ErrorCode.MANIFEST_REFUSED, ClusterError):
        create(BESIDE)
    assert {"Job", "run", "team"} <= set(kubectl.call("delete", "Job").argv)


def test_without_the_job_there_is_no_rest(creator: Program) -> None:
    creator.on("create", Answer(stderr="no", exit_code=1))
    with raises_code(ErrorCode.MANIFEST_REFUSED, ClusterError):
        create(BESIDE)
    assert len(creator.calls("create")) == 1


@pytest.mark.parametrize(
    ("kind", "allowed"),
    [
        ("ConfigMap", True),
        ("PersistentVolumeClaim", True),
        ("ServiceAccount", True),
        ("ConfigMap", False),
        ("NetworkPolicy", True),
    ],
)
def test_what_a_pod_looks_for_is_there_before_it(
    kubectl: Program, kind: str, allowed: bool
) -> None:
    """With a slow login, the kubelet looked for a ConfigMap two seconds before it was created."""
    kubectl.on("auth", "can-i", Answer(exit_code=0 if allowed else 1))
    beside = {"kind": kind, "metadata": {"name": "ours", "namespace": "team"}}
    first = allowed and kind != "NetworkPolicy"
    answers = [Answer(json.dumps(one)) for one in (beside, CREATED)]
    kubectl.on("create", *(answers if first else reversed(answers)))
    kubectl.on("patch", Answer())
    create(f"kind: Job\nmetadata: {{name: run}}\n---\nkind: {kind}\nmetadata: {{name: ours}}\n")
    order = [one["kind"] for call in sent(kubectl) for one in call]
    assert order == ([kind, "Job"] if first else ["Job", kind])
    if first:
        owned = json.loads(kubectl.call("patch", kind.lower(), "ours").flag("--patch"))
        assert owned["metadata"]["ownerReferences"][0]["uid"] == "1-2"


TO_PULL = """\
kind: Secret
type: kubernetes.io/dockerconfigjson
metadata: {name: run-registry}
"""
PULL_SECRET = {"kind": "Secret", "metadata": {"name": "run-registry", "namespace": "team"}}


def test_what_the_kubelet_pulls_with_is_there_first(kubectl: Program) -> None:
    kubectl.on("create", Answer(json.dumps(PULL_SECRET)), Answer(json.dumps(CREATED)))
    kubectl.on("patch", Answer())
    create(f"kind: Job\nmetadata: {{name: run}}\n---\n{TO_PULL}")
    assert [[one["kind"] for one in call] for call in sent(kubectl)] == [["Secret"], ["Job"]]
    patch = kubectl.call("patch", "secret", "run-registry")
    owner = {"apiVersion": "batch/v1", "kind": "Job", "name": "run", "uid": "1-2"}
    assert json.loads(patch.flag("--patch")) == {"metadata": {"ownerReferences": [owner]}}


@pytest.mark.parametrize("refused", ["create", "patch"])
def test_what_the_kubelet_pulls_with_does_not_stay_alone(kubectl: Program, refused: str) -> None:
    no = Answer(stderr="no", exit_code=1)
    created = no if refused == "create" else Answer(json.dumps(CREATED))
    kubectl.on("create", Answer(json.dumps(PULL_SECRET)), created)
    kubectl.on("patch", no)
    kubectl.on("delete", Answer())
    code = ErrorCode.MANIFEST_REFUSED if refused == "create" else ErrorCode.CHANGE_FAILED
    with raises_code(code, ClusterError):
        create(f"kind: Job\nmetadata: {{name: run}}\n---\n{TO_PULL}")
    deleted = [call.argv[1:3] for call in kubectl.calls("delete")]
    job_too = [] if refused == "create" else [["Job", "run"]]
    assert deleted == [*job_too, ["Secret", "run-registry"]]


SERVICE = """\
kind: Job
metadata: {name: run}
---
kind: Service
metadata: {name: run-0}
"""
CREATED_SERVICE = {"kind": "Service", "metadata": {"name": "run-0", "namespace": "team"}}


def test_a_name_is_known_before_a_worker_asks_for_it(kubectl: Program) -> None:
    kubectl.on("auth", Answer())
    kubectl.on("create", Answer(json.dumps(CREATED_SERVICE)), Answer(json.dumps(CREATED)))
    kubectl.on("patch", Answer())
    create(SERVICE)
    assert [[one["kind"] for one in call] for call in sent(kubectl)] == [["Service"], ["Job"]]
    patch = kubectl.call("patch", "service", "run-0")
    [owner] = json.loads(patch.flag("--patch"))["metadata"]["ownerReferences"]
    assert (owner["kind"], owner["uid"]) == ("Job", "1-2")


def test_the_service_does_not_stay_without_its_job(kubectl: Program) -> None:
    kubectl.on("auth", Answer())
    kubectl.on("create", Answer(json.dumps(CREATED_SERVICE)), Answer(stderr="no", exit_code=1))
    kubectl.on("delete", Answer())
    with raises_code(ErrorCode.MANIFEST_REFUSED, ClusterError):
        create(SERVICE)
    assert kubectl.call("delete", "Service").argv[1:3] == ["Service", "run-0"]


def test_who_may_only_create_services_has_them_owned_from_the_beginning(kubectl: Program) -> None:
    kubectl.on("auth", Answer(stderr="no", exit_code=1))
    kubectl.on("create", Answer(json.dumps(CREATED)), Answer(json.dumps(CREATED_SERVICE)))
    create(SERVICE)
    [[job_], [service]] = sent(kubectl)
    assert (job_["kind"], service["kind"]) == ("Job", "Service")
    assert service["metadata"]["ownerReferences"][0]["uid"] == "1-2"
