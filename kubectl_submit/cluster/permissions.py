"""Checks what the user may do in the namespace."""

from __future__ import annotations

from collections.abc import Sequence

from kubectl_submit.cluster.kubectl import Kubectl
from kubectl_submit.cluster.kubectl_errors import cluster_error
from kubectl_submit.error_codes import ErrorCode


def refused(
    kubectl: Kubectl, needed: Sequence[tuple[str, str]], *, sure: bool = False
) -> list[tuple[str, str]]:
    """Those of these resources and verbs that are not allowed in the namespace.

    Unknown ones count as not allowed; with `sure` they raise a ClusterError.
    """
    asked = [(one, kubectl.start_can_i(one[1], one[0])) for one in needed]
    answers = [(one, answer.result()) for one, answer in asked]
    for _, answer in answers if sure else []:
        if answer.stdout.split()[:1] not in (["yes"], ["no"]):
            raise cluster_error(
                "the cluster does not say what is allowed",
                answer.stderr,
                code=ErrorCode.PERMISSIONS_UNKNOWN,
            )
    return [one for one, answer in answers if answer.exit_code != 0]
