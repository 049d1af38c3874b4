"""Sends a manifest: Secrets first, then the object that runs, then what else stands in it.

A pod that looks for a Secret before it is there cannot run. All of it is owned by what runs.
"""

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
    secrets = [one for one in documents if one["kind"] == "Secret"]
    main = [one for one in documents if one["kind"] == kind]
    others = [one for one in documents if one["kind"] not in ("Secret", kind)]
    created = kubectl.create(manifest.dump(secrets)) if secrets else []
    try:
        created += kubectl.create(manifest.dump(main))
        owner = created[-1]
        for other in others:
            _own(other, owner)
        if others:
            kubectl.create(manifest.dump(others))
        for secret in created[:-1]:
            _adopt(secret, owner, kubectl)
    except BaseException as error:
        for one in reversed(created):
            metadata = one["metadata"]
            kubectl.take_back(one["kind"], metadata["name"], metadata["namespace"], error)
        raise
    return owner


def _own(document: Node, owner: Object) -> None:
    """Let an object own another one, which can only be in its own namespace."""
    metadata = manifest.child(document, "metadata")
    namespace = owner["metadata"]["namespace"]
    if metadata.setdefault("namespace", namespace) == namespace:
        manifest.put(document, ("metadata", "ownerReferences"), [_reference(owner)])


def _adopt(secret: Object, owner: Object, kubectl: Kubectl) -> None:
    """Let an object own one that exists."""
    metadata = secret["metadata"]
    if metadata["namespace"] == owner["metadata"]["namespace"]:
        owned = {"metadata": {"ownerReferences": [_reference(owner)]}}
        kubectl.patch("secret", metadata["name"], metadata["namespace"], owned)


def _reference(owner: Object) -> Object:
    reference = {key: owner[key] for key in ("apiVersion", "kind")}
    return reference | {key: owner["metadata"][key] for key in ("name", "uid")}
