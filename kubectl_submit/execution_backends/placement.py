"""Says on which nodes the pods of a run may be. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ruamel.yaml.comments import CommentedSeq

from kubectl_submit.cli.options import Options
from kubectl_submit.cli.options.pod_values import Toleration
from kubectl_submit.manifests import tree
from kubectl_submit.manifests.tree import Node

REQUIRED = (
    "affinity",
    "nodeAffinity",
    "requiredDuringSchedulingIgnoredDuringExecution",
    "nodeSelectorTerms",
)


def select_nodes(pod_spec: Node, options: Options) -> None:
    """The labels that nodes must have, and the taints that they may have."""
    if options.node_selector:
        tree.put_all(pod_spec, ("nodeSelector",), dict(options.node_selector))
    for one in options.toleration:
        tolerations = tree.child(pod_spec, "tolerations", kind=CommentedSeq)
        new = _toleration(one)
        if new not in tolerations:
            tolerations.append(tree.quoted(new))


def require_one_of(pod_spec: Node, labels: Mapping[str, Sequence[str]]) -> None:
    """Let a pod run only on nodes on which one of these labels has one of its values.

    What else the manifest requires of nodes is required as before.
    """
    wanted = [{"key": key, "operator": "In", "values": list(all_)} for key, all_ in labels.items()]
    if not wanted:
        return
    # One of the terms must be met, and of a term all expressions.
    terms = list(tree.child(pod_spec, *REQUIRED, kind=CommentedSeq)) or [{}]
    both = [
        {**term, "matchExpressions": [*(term.get("matchExpressions") or []), one]}
        for term in terms
        for one in wanted
    ]
    tree.put(pod_spec, REQUIRED, both)


def _toleration(asked: Toleration) -> dict[str, str]:
    """As a pod has it."""
    if asked.value is None:
        found = {"key": asked.key, "operator": "Exists"}
    else:
        found = {"key": asked.key, "operator": "Equal", "value": asked.value}
    return found | ({"effect": asked.effect} if asked.effect else {})
