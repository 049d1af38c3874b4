"""Sends a manifest: the object that runs first, then what else stands in it, owned by it."""

from __future__ import annotations

from collections.abc import Iterable

from kubectl_submit import manifest
from kubectl_submit.kubectl import Kubectl, Object
from kubectl_submit.manifest import Node


def create(documents: Iterable[Node], kind: str, kubectl: Kubectl) -> Object:
    """Create all documents, or none; what the server made of the one of this kind.

    What stands beside it disappears with it. Raises ClusterError.
    """
    documents = list(documents)
    (main,) = kubectl.create(manifest.dump([one for one in documents if one["kind"] == kind]))
    others = [one for one in documents if one["kind"] != kind]
    for other in others:
        _own(other, main)
    try:
        if others:
            kubectl.create(manifest.dump(others))
    except BaseException as error:
        metadata = main["metadata"]
        kubectl.take_back(kind.lower(), metadata["name"], metadata["namespace"], error)
        raise
    return main


def _own(document: Node, owner: Object) -> None:
    """Let an object own another one, which can only be in its own namespace."""
    metadata = manifest.child(document, "metadata")
    namespace = owner["metadata"]["namespace"]
    if metadata.setdefault("namespace", namespace) == namespace:
        reference = {key: owner[key] for key in ("apiVersion", "kind")}
        reference |= {key: owner["metadata"][key] for key in ("name", "uid")}
        manifest.put(document, ("metadata", "ownerReferences"), [reference])
