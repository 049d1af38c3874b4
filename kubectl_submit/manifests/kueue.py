"""Sets the queue and the priority of a run. Pure.

Kueue suspends and resumes objects with its label; we never set `suspend`. The labels are those of
Kueue's pkg/controller/constants.
"""

from __future__ import annotations

from collections.abc import Iterable

from kubectl_submit.error_codes import ErrorCode
from kubectl_submit.errors import UsageError
from kubectl_submit.manifests import tree
from kubectl_submit.manifests.tree import Node

QUEUE_LABEL = "kueue.x-k8s.io/queue-name"
PRIORITY_LABEL = "kueue.x-k8s.io/priority-class"
# On pod templates; of Kueue's apis/kueue/v1beta2 (topology_types.go).
TOPOLOGY = {
    "required": "kueue.x-k8s.io/podset-required-topology",
    "preferred": "kueue.x-k8s.io/podset-preferred-topology",
}


def set_topology(root: Node, templates: Iterable[Node], topology: tuple[str, str] | None) -> None:
    """Ask for pods that are close to each other: `required` or `preferred`, and the level.

    Raises UsageError where there is no queue.
    """
    if not topology:
        return
    mode, level = topology
    if not tree.child(root, "metadata", "labels").get(QUEUE_LABEL):
        raise UsageError(
            f"--topology {mode}={level} is for a queue of Kueue",
            code=ErrorCode.TOPOLOGY_NEEDS_QUEUE,
            remedy="Name the queue with --queue, or in the manifest.",
        )
    for template in templates:
        annotations = tree.child(template, "metadata", "annotations")
        for annotation in TOPOLOGY.values():  # at most one of them is valid
            annotations.pop(annotation, None)
        tree.put(annotations, (TOPOLOGY[mode],), level)


def enqueue(root: Node, pod_specs: Iterable[Node], queue: str | None, priority: str | None) -> None:
    """Label what runs a command with its queue. In a queue the priority is a WorkloadPriorityClass.

    Without one, also in the user's manifest, it is the PriorityClass of the pods.
    """
    if queue:
        tree.put(root, ("metadata", "labels", QUEUE_LABEL), queue)
    if not priority:
        return
    if tree.child(root, "metadata", "labels").get(QUEUE_LABEL):
        tree.put(root, ("metadata", "labels", PRIORITY_LABEL), priority)
        return
    for pod_spec in pod_specs:
        tree.put(pod_spec, ("priorityClassName",), priority)
