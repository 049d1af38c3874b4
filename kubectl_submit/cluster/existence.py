"""Checks which objects exist, as far as the user may read them."""

from __future__ import annotations

import re
from collections.abc import Sequence

from kubectl_submit.cluster.kubectl import Kubectl
from kubectl_submit.cluster.kubectl_errors import cluster_error
from kubectl_submit.error_codes import ErrorCode


def missing(kubectl: Kubectl, names: Sequence[str], namespace: str | None = None) -> list[str]:
    """Which of these `kind/name` do not exist. Unreadable ones count as existing."""
    return look_for(kubectl, names, namespace)[0]


def look_for(
    kubectl: Kubectl, names: Sequence[str], namespace: str | None = None
) -> tuple[list[str], list[str]]:
    """Which of these `kind/name` do not exist, and which may not be read. Raises ClusterError."""
    result = kubectl.find(names, namespace)
    found = {without_group(name) for name in result.stdout.split()}
    forbidden = re.findall(r'\w[\w.]* "([^"]+)" is forbidden', result.stderr)
    if result.exit_code != 0 and not forbidden:
        raise cluster_error("cannot ask the cluster", result.stderr, code=ErrorCode.READ_FAILED)
    absent = [name for name in names if without_group(name) not in found]
    unread = [name for name in absent if name.partition("/")[2] in forbidden]
    return [name for name in absent if name not in unread], unread


def without_group(name: str) -> str:
    """`job.batch/x`, as kubectl names an object, as `job/x`."""
    kind, _, rest = name.partition("/")
    return f"{kind.partition('.')[0]}/{rest}"
