"""What a namespace that enforces the Pod Security level `restricted` asks of every pod.

It is asked of no other pods: images that run as root need what it takes away. The label and the
rules are those of Kubernetes' Pod Security Standards.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from ruamel.yaml.comments import CommentedMap, CommentedSeq

from kubectl_submit import manifest
from kubectl_submit.kubectl import Kubectl
from kubectl_submit.manifest import Node

ENFORCED = "pod-security.kubernetes.io/enforce"
OF_THE_POD = {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}}
OF_A_CONTAINER = {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}


def begin_to_ask(kubectl: Kubectl) -> Callable[[], bool]:
    """Ask what the namespace enforces; what tells whether that is `restricted`.

    Where the namespace may not be read, it is taken to be not.
    """
    labels = kubectl.begin_labels(f"/api/v1/namespaces/{kubectl.namespace()}")
    return lambda: labels().get(ENFORCED) == "restricted"


def restrict(pod_specs: Iterable[Node]) -> None:
    """Give pods and their containers what is asked; what they say themselves stays. Pure."""
    for pod_spec in pod_specs:
        _add(pod_spec, OF_THE_POD)
        for key in filter(pod_spec.get, ("initContainers", "containers")):
            containers = manifest.child(pod_spec, key, kind=CommentedSeq)
            for index, container in enumerate(containers):
                containers[index] = manifest.unshared(container)
                if isinstance(container, CommentedMap):
                    _add(containers[index], OF_A_CONTAINER)


def _add(node: Node, settings: dict[str, object]) -> None:
    security = manifest.child(node, "securityContext")
    for name, value in settings.items():
        if name not in security:
            manifest.put(security, (name,), value)
