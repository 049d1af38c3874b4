"""Loads, edits and dumps manifests; pure. Values are set in the tree, nothing is templated as text.

ruamel.yaml keeps comments, order, quotes, anchors and extra documents of a user's own manifest.
"""

from __future__ import annotations

import copy
import io
from collections.abc import Iterable, Mapping
from typing import Any, cast

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.scalarstring import DoubleQuotedScalarString

from kubectl_submit.error_codes import ErrorCode
from kubectl_submit.errors import ManifestError

Node = CommentedMap
KeyPath = tuple[str, ...]


def load(text: str, source: str) -> list[Node]:
    """The documents of a manifest; ManifestError with file, line and column if it is no YAML."""
    try:
        documents = list(_yaml().load_all(text))
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f":{mark.line + 1}:{mark.column + 1}" if mark else ""
        raise ManifestError(
            f"{source}{where}: {error.problem or 'not valid YAML'}",
            code=ErrorCode.MANIFEST_NOT_YAML,
            remedy="Fix the manifest.",
        ) from None
    except (YAMLError, ValueError) as error:
        raise ManifestError(
            f"{source}: not valid YAML", code=ErrorCode.MANIFEST_NOT_YAML, last_words=str(error)
        ) from None
    documents = [document for document in documents if document is not None]
    for document in documents:
        if not isinstance(document, CommentedMap):
            raise ManifestError(
                f"{source}: a document is not a mapping",
                code=ErrorCode.MANIFEST_DOCUMENT_NOT_A_MAPPING,
            )
    return documents


def dump(documents: Iterable[Node]) -> str:
    """The manifest as text, for kubectl and for people."""
    out = io.StringIO()
    _yaml().dump_all(documents, out)
    return out.getvalue()


def only(documents: Iterable[Node], kind: str, source: str) -> Node:
    """The one document of a kind; ManifestError if there is none, or more than one."""
    found = [document for document in documents if document.get("kind") == kind]
    if len(found) == 1:
        return found[0]
    kinds = ", ".join(str(document.get("kind")) for document in documents) or "nothing"
    count = "no" if not found else "more than one"
    raise ManifestError(
        f"{source}: {count} {kind} in it (found: {kinds})",
        code=ErrorCode.MANIFEST_WRONG_NUMBER_OF_OBJECTS,
    )


def first_container(pod_spec: Node, source: str) -> Node:
    """The first container of a pod; ManifestError if none."""
    containers = child(pod_spec, "containers", kind=CommentedSeq)
    if not containers:
        raise ManifestError(
            f"{source}: a pod without a container",
            code=ErrorCode.MANIFEST_WRONG_NUMBER_OF_CONTAINERS,
        )
    containers[0] = unshared(containers[0])
    return cast("Node", containers[0])


def only_container(pod_spec: Node, source: str) -> Node:
    """The one container of a pod; ManifestError if there is none, or more than one."""
    containers = child(pod_spec, "containers", kind=CommentedSeq)
    if len(containers) == 1:
        return first_container(pod_spec, source)
    raise ManifestError(
        f"{source}: {len(containers)} containers in the pod, where one is needed",
        code=ErrorCode.MANIFEST_WRONG_NUMBER_OF_CONTAINERS,
        remedy="Sidecars go to initContainers, with `restartPolicy: Always`.",
    )


def child(node: Node, *path: str, kind: type[Any] = CommentedMap) -> Any:
    """The mapping (or sequence) at a path below a node, made where it is missing."""
    for step, key in enumerate(path):
        wanted = kind if step == len(path) - 1 else CommentedMap
        if node.get(key) is None:
            node[key] = wanted()
        if not isinstance(node[key], wanted):
            raise ManifestError(
                f"{'.'.join(path)} has the wrong type in the manifest",
                code=ErrorCode.MANIFEST_FIELD_WRONG_TYPE,
            )
        node[key] = unshared(node[key])
        node = node[key]
    return node


def put(node: Node, path: KeyPath, value: object) -> None:
    """Set the value at a path, making what is missing on the way."""
    parent = child(node, *path[:-1]) if len(path) > 1 else node
    old, new = parent.get(path[-1]), quoted(value)
    if isinstance(old, CommentedSeq) and isinstance(new, CommentedSeq) and old and new:
        # The comment that follows a list hangs at its last item.
        new.ca.items.update({len(new) - 1: old.ca.items.get(len(old) - 1, [None] * 4)})
    parent[path[-1]] = new


def put_all(node: Node, path: KeyPath, values: Mapping[str, str]) -> None:
    """Set many keys of the mapping at a path."""
    target = child(node, *path)
    for key, value in values.items():
        target[key] = quoted(value)


def put_named(node: Node, key: str, item: Mapping[str, object], *, by: str = "name") -> None:
    """Put an item into a list of named items: in place of the one of its name, else at the end."""
    items = child(node, key, kind=CommentedSeq)
    new = quoted(item)
    for index, old in enumerate(items):
        if isinstance(old, CommentedMap) and old.get(by) == item[by]:
            items[index] = new
            return
    items.append(new)


def quoted(value: object) -> Any:
    """The value with every string in double quotes.

    kubectl reads YAML 1.1, where a bare `yes`, `0o7` or `12:30:45` is no string.
    """
    if isinstance(value, str):
        return DoubleQuotedScalarString(value)
    if isinstance(value, Mapping):
        return CommentedMap((key, quoted(item)) for key, item in value.items())
    if isinstance(value, list | tuple):
        return CommentedSeq([quoted(item) for item in value])
    return value


def unshared(value: Any) -> Any:
    """A copy of what an anchor shares with other places; they are to stay as they are."""
    if isinstance(value, CommentedMap | CommentedSeq) and value.anchor.value:
        value = copy.deepcopy(value)
        value.anchor.value = None
    return value


def _yaml() -> YAML:
    yaml = YAML()
    yaml.preserve_quotes = True
    yaml.width = 1 << 20  # never fold a line
    yaml.indent(mapping=2, sequence=2, offset=0)
    return yaml
