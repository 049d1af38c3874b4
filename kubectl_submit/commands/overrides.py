"""Merges `--overrides` into the manifest of a run, as kubectl merges patches."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, cast

from kubectl_submit.cli.options.values import is_inline
from kubectl_submit.cluster.kubectl import Kubectl
from kubectl_submit.error_codes import ErrorCode
from kubectl_submit.errors import ManifestError
from kubectl_submit.execution_backends import ExecutionBackend
from kubectl_submit.manifests import tree
from kubectl_submit.manifests.tree import Node
from kubectl_submit.model.objects import Object

FIXED = ("metadata.name", "metadata.namespace")
"""What the run is found by."""


def apply(
    documents: list[Node], overrides: str, backend: ExecutionBackend, kubectl: Kubectl
) -> list[Node]:
    """The documents, with the overrides merged into the one that runs the command.

    Raises ManifestError.
    """
    patch = read(overrides)
    return [
        _merged(one, patch, backend.override_type, kubectl)
        if one["kind"] == backend.object_kind
        else one
        for one in documents
    ]


def read(overrides: str) -> Object:
    """What `--overrides` says: JSON, or a file with JSON or YAML. Raises ManifestError."""
    inline = is_inline(overrides)
    found = json.loads(overrides) if inline else _from_file(Path(overrides))
    source = "--overrides" if inline else f"--overrides {overrides}"
    if not isinstance(found, dict):
        raise ManifestError(
            f"{source}: not a mapping",
            code=ErrorCode.OVERRIDES_NOT_POSSIBLE,
            remedy='Write it as part of a manifest: {"spec": {"template": {"spec": {…}}}}.',
        )
    for path in FIXED:
        parent, _, key = path.partition(".")
        inner = found.get(parent)
        if isinstance(inner, dict) and key in inner:
            raise ManifestError(
                f"{source}: {path} cannot be changed",
                code=ErrorCode.OVERRIDES_NOT_POSSIBLE,
                remedy="Use --name or --namespace, and leave it out.",
            )
    return found


def _from_file(path: Path) -> Any:
    import yaml

    try:
        return yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ManifestError(
            f"cannot read --overrides {path}: {error.strerror}",
            code=ErrorCode.OVERRIDES_UNREADABLE,
            remedy="Give the name of a file, or JSON that begins with {.",
        ) from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ManifestError(
            f"--overrides {path}: not valid YAML or JSON",
            code=ErrorCode.OVERRIDES_UNREADABLE,
            last_words=str(error),
        ) from None


def _merged(document: Node, patch: Object, kind: str, kubectl: Kubectl) -> Node:
    result = kubectl.patch_locally(tree.dump([document]), patch, kind)
    if result.exit_code != 0:
        raise ManifestError(
            f"--overrides cannot be merged into the {document['kind']}",
            code=ErrorCode.OVERRIDES_NOT_POSSIBLE,
            last_words=result.stderr,
            remedy="Its parts must have the names and types of the manifest's: see "
            "`kubectl submit --dry-run=client` without it.",
        )
    merged = json.loads(result.stdout)
    if (merged["kind"], merged["apiVersion"]) != (document["kind"], document["apiVersion"]):
        raise ManifestError(
            "--overrides: kind and apiVersion cannot be changed",
            code=ErrorCode.OVERRIDES_NOT_POSSIBLE,
            remedy="Leave them out, or use a manifest of your own: --manifest FILE.",
        )
    return cast("Node", tree.quoted(merged))
