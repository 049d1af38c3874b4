"""Sends a manifest: what pods look for first, then the object that runs, then the rest.

A pod that looks for a Secret or a ConfigMap before it is there cannot run, and one that asks for
the name of a Service too early may be told for half a minute that there is none. All of it is owned
by what runs.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from kubectl_submit.cluster.kubectl import Kubectl
from kubectl_submit.manifests import tree
from kubectl_submit.manifests.tree import Node
from kubectl_submit.model.objects import Object

# What pods look for, besides Secrets; by kind the resource's name.
PREREQUISITES = {
    "ConfigMap": "configmaps",
    "PersistentVolumeClaim": "persistentvolumeclaims",
    "Service": "services",
    "ServiceAccount": "serviceaccounts",
}


def create(documents: Iterable[Node], kind: str, kubectl: Kubectl) -> Object:
    """Create all documents, or none; what the server made of the one of this kind.

    What stands beside it disappears with it. Raises ClusterError.
    """
    documents = list(documents)
    main = [one for one in documents if one["kind"] == kind]
    first, others = _by_time([one for one in documents if one["kind"] != kind], kubectl)
    created = kubectl.create(tree.dump(first)) if first else []
    try:
        created += kubectl.create(tree.dump(main))
        owner = created[-1]
        for other in others:
            _own(other, owner)
        if others:
            kubectl.create(tree.dump(others))
        _adopt(created[:-1], owner, kubectl)
    except BaseException as error:
        for one in reversed(created):
            metadata = one["metadata"]
            kubectl.take_back(one["kind"], metadata["name"], metadata["namespace"], error)
        raise
    return owner


def _by_time(documents: Sequence[Node], kubectl: Kubectl) -> tuple[list[Node], list[Node]]:
    """What is created before the object that runs, and what is created after it.

    An object is created before it only where it can be given its owner later, or be deleted again;
    Secrets always are.
    """
    here = [one for one in documents if one["kind"] in PREREQUISITES and not _elsewhere(one)]
    resources = dict.fromkeys(PREREQUISITES[one["kind"]] for one in here)
    verbs = [(resource, verb) for resource in resources for verb in ("patch", "delete")]
    refused = {resource for resource, _ in kubectl.refused(verbs)}
    early = [one for one in here if PREREQUISITES[one["kind"]] not in refused]
    first = [one for one in documents if one["kind"] == "Secret" or one in early]
    return first, [one for one in documents if one not in first]


def _elsewhere(document: Node) -> bool:
    """Whether it says its namespace itself, which may be another one than that of the run."""
    return bool((document.get("metadata") or {}).get("namespace"))


def _own(document: Node, owner: Object) -> None:
    """Let an object own another one, which can only be in its own namespace."""
    metadata = tree.child(document, "metadata")
    namespace = owner["metadata"]["namespace"]
    if metadata.setdefault("namespace", namespace) == namespace:
        tree.put(document, ("metadata", "ownerReferences"), [_reference(owner)])


def _adopt(created: Sequence[Object], owner: Object, kubectl: Kubectl) -> None:
    """Let an object own those that exist, as far as they are in its namespace."""
    namespace = owner["metadata"]["namespace"]
    names: dict[str, list[str]] = {}
    for one in created:
        if one["metadata"]["namespace"] == namespace:
            names.setdefault(str(one["kind"]).lower(), []).append(one["metadata"]["name"])
    for kind, of_kind in names.items():
        owned = {"metadata": {"ownerReferences": [_reference(owner)]}}
        kubectl.patch(kind, of_kind, namespace, owned)


def _reference(owner: Object) -> Object:
    reference = {key: owner[key] for key in ("apiVersion", "kind")}
    return reference | {key: owner["metadata"][key] for key in ("name", "uid")}
