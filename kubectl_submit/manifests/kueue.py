"""Sets the queue and the priority of a run. Pure.

Kueue suspends and resumes objects with its label; we never set `suspend`. The labels are those of
Kueue's pkg/controller/constants.
"""

from __future__ import annotations

from collections.abc import Iterable

from kubectl_submit.manifests import tree
from kubectl_submit.manifests.tree import Node

QUEUE_LABEL = "kueue.x-k8s.io/queue-name"
PRIORITY_LABEL = "kueue.x-k8s.io/priority-class"


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
