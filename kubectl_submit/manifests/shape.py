"""Checks the types of the fields that we edit in a manifest. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ruamel.yaml.comments import CommentedMap, CommentedSeq

from kubectl_submit.error_codes import ErrorCode
from kubectl_submit.errors import ManifestError
from kubectl_submit.manifests.tree import Node

Shape = dict[str, type[Any]]
# The fields that we edit in every object, and their types; `[]` is each item of a list.
OBJECT: Shape = {
    "metadata": CommentedMap,
    "metadata.labels": CommentedMap,
    "metadata.annotations": CommentedMap,
    "spec": CommentedMap,
}
# The same in every pod.
POD: Shape = {
    "volumes": CommentedSeq,
    "imagePullSecrets": CommentedSeq,
    "initContainers": CommentedSeq,
    "initContainers[]": CommentedMap,
    "containers": CommentedSeq,
    "containers[]": CommentedMap,
    "containers[].env": CommentedSeq,
    "containers[].env[]": CommentedMap,
    "containers[].env[].name": str,
    "containers[].volumeMounts": CommentedSeq,
    "containers[].resources": CommentedMap,
    "containers[].resources.limits": CommentedMap,
    "containers[].resources.requests": CommentedMap,
}
NAMES = {CommentedMap: "a mapping", CommentedSeq: "a list", int: "a number", str: "text"}


def template_shape(template: str) -> Shape:
    """The shape of the pod template at a path."""
    inner = {f"spec.{path}": kind for path, kind in POD.items()}
    return {template: CommentedMap} | {
        f"{template}.{path}": kind for path, kind in (OBJECT | inner).items()
    }


def check_shape(root: Node, shape: Shape, source: str) -> None:
    """ManifestError if what we are about to edit is not of the type it must be."""
    for path, kind in (OBJECT | shape).items():
        for value in _found(root, path.split(".")):
            missing = value is None and not path.endswith(("[]", ".name"))
            if not (missing or isinstance(value, kind)):
                raise ManifestError(
                    f"{source}: {path} is not {NAMES[kind]}",
                    code=ErrorCode.MANIFEST_FIELD_WRONG_TYPE,
                )


def _found(node: Any, path: list[str]) -> Iterator[Any]:
    """The values at a path; `name[]` goes through every item of a list."""
    if not path:
        yield node
    elif isinstance(node, CommentedMap):
        value = node.get(path[0].removesuffix("[]"))
        if not path[0].endswith("[]"):
            yield from _found(value, path[1:])
        elif isinstance(value, CommentedSeq):
            for item in value:
                yield from _found(item, path[1:])
