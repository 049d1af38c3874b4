"""Adapts pods to namespaces that enforce the Pod Security level `restricted`.

Pods elsewhere stay as they are, because images that run as root would not work. The label and the
rules are those of Kubernetes' Pod Security Standards.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator

from ruamel.yaml.comments import CommentedMap, CommentedSeq

from kubectl_submit.cluster import creation
from kubectl_submit.cluster.kubectl import Kubectl
from kubectl_submit.cluster.namespace import current_namespace
from kubectl_submit.manifests import tree
from kubectl_submit.manifests.tree import Node
from kubectl_submit.process.pending import Pending

ENFORCED = "pod-security.kubernetes.io/enforce"
WARNING = 'would violate PodSecurity "restricted'
OF_THE_POD = {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}}
OF_A_CONTAINER = {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}


def start_restricted_check(kubectl: Kubectl) -> Pending[bool | None]:
    """Ask whether the namespace enforces the level `restricted`.

    None where the namespace may not be read.
    """
    asked = kubectl.start_read(f"/api/v1/namespaces/{current_namespace(kubectl)}")

    def restricted() -> bool | None:
        result = asked.result()
        if result.exit_code != 0:
            return None
        labels = json.loads(result.stdout)["metadata"].get("labels") or {}
        return bool(labels.get(ENFORCED) == "restricted")

    return Pending(restricted)


def fit(documents: Iterable[Node], kind: str, restricted: bool | None, kubectl: Kubectl) -> None:
    """Give the pods of the objects of that kind what the namespace asks of them.

    `restricted` is the answer of `start_restricted_check`. Where that is None, a dry run of a Job
    tells: the server warns of what it will refuse, unless the namespace says otherwise.
    """
    pods = [pod for one in documents if one["kind"] == kind for pod in pod_specs(one)]
    if restricted is None:
        restricted = any(WARNING in line for line in creation.warnings(_job(pods[0]), kubectl))
    if restricted:
        restrict(pods)


def restrict(pods: Iterable[Node]) -> None:
    """Give pods and their containers what is asked; what they say themselves stays."""
    for pod_spec in pods:
        _add(pod_spec, OF_THE_POD)
        for key in filter(pod_spec.get, ("initContainers", "containers")):
            containers = tree.child(pod_spec, key, kind=CommentedSeq)
            for index, container in enumerate(containers):
                containers[index] = tree.unshared(container)
                if isinstance(container, CommentedMap):
                    _add(containers[index], OF_A_CONTAINER)


def pod_specs(node: object) -> Iterator[Node]:
    """The pods that are described anywhere in an object."""
    if isinstance(node, CommentedMap):
        if isinstance(node.get("containers"), CommentedSeq):
            yield node
        else:
            for value in node.values():
                yield from pod_specs(value)
    elif isinstance(node, CommentedSeq):
        for value in node:
            yield from pod_specs(value)


def _job(pod_spec: Node) -> str:
    """A Job of such pods: the one kind that everyone who submits may create."""
    job = {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"generateName": "dry-run-"}}
    pod = {**pod_spec, "restartPolicy": "Never"}
    return json.dumps(job | {"spec": {"template": {"spec": pod}}})


def _add(node: Node, settings: dict[str, object]) -> None:
    security = tree.child(node, "securityContext")
    for name, value in settings.items():
        if name not in security:
            tree.put(security, (name,), value)


def fit_namespace(documents: Iterable[Node], kind: str, kubectl: Kubectl) -> None:
    """Ask what the namespace enforces, and fit the pods of the objects of that kind."""
    fit(documents, kind, start_restricted_check(kubectl).result(), kubectl)
