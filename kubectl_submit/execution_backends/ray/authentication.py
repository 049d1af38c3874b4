"""The token that Ray asks for: KubeRay makes it, and gives it to every pod of the run.

Without a token, anyone who can reach port 8265 of the head can run code in it. KubeRay supports the
field since 1.5.1, Ray the token since 2.52; Ray 2.61 does not start without one.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TypeVar

from kubectl_submit.error_codes import ErrorCode
from kubectl_submit.errors import ClusterError
from kubectl_submit.manifests import tree
from kubectl_submit.manifests.tree import Node

FIRST_VERSION = (2, 52)
REQUIRED_SINCE = (2, 61)
FIELD = "authOptions"
# The API server's words (k8s.io/apimachinery pkg/runtime: strict decoding).
UNKNOWN = f'unknown field "spec.rayClusterSpec.{FIELD}"'
Result = TypeVar("Result")


def ask_for_token(cluster: Node) -> None:
    """Ask for a token where Ray knows it; what the manifest says of it stays."""
    if FIELD not in cluster and _version(cluster) >= FIRST_VERSION:
        tree.put(cluster, (FIELD, "mode"), "token")


def send(documents: list[Node], create: Callable[[list[Node]], Result]) -> Result:
    """Create the documents; without a token where the cluster's KubeRay does not know of one.

    Raises ClusterError, also where Ray does not start without a token.
    """
    try:
        return create(documents)
    except ClusterError as error:
        if UNKNOWN not in error.last_words:
            raise
        clusters = [one["spec"]["rayClusterSpec"] for one in documents if one["kind"] == "RayJob"]
        if any(_version(cluster) >= REQUIRED_SINCE for cluster in clusters):
            raise ClusterError(
                "the cluster's KubeRay is too old for this Ray, which starts only with a token",
                code=ErrorCode.OPERATOR_TOO_OLD,
                last_words=error.last_words,
                remedy="Have KubeRay 1.5.1 or newer installed, or run Ray 2.60 or older.",
            ) from None
        for cluster in clusters:
            cluster.pop(FIELD, None)
    return create(documents)


def _version(cluster: Node) -> tuple[int, int]:
    """The Ray version of a rayClusterSpec; (0, 0) where it does not tell."""
    found = re.match(r"(\d+)\.(\d+)", str(cluster.get("rayVersion")))
    return (int(found[1]), int(found[2])) if found else (0, 0)
