"""Checks whether PersistentVolumeClaims can be mounted by the pods of a run."""

from __future__ import annotations

from kubectl_submit.cli.options.pod_values import CLAIM
from kubectl_submit.cluster.kubectl import Kubectl
from kubectl_submit.cluster.namespace import current_namespace
from kubectl_submit.error_codes import ErrorCode
from kubectl_submit.errors import ClusterError, ClusterErrorKind
from kubectl_submit.model.objects import Object

KIND = CLAIM
ONE_POD, ONE_NODE = "ReadWriteOncePod", "ReadWriteOnce"
SEVERAL_NODES = ("ReadWriteMany", "ReadOnlyMany")


def check(kubectl: Kubectl, name: str, pods: int) -> str:
    """ClusterError if so many pods cannot use a claim; what else there is to say of it.

    A claim that is not there, or that may not be read, is no error here.
    """
    try:
        claim = kubectl.get(KIND, name, current_namespace(kubectl))
    except ClusterError as error:
        if error.kind is not ClusterErrorKind.NOT_PERMITTED:
            raise
        return ""
    if claim is None:
        return ""
    _check_state(claim)
    modes = claim["spec"].get("accessModes") or []
    if pods == 1 or any(mode in SEVERAL_NODES for mode in modes):
        return ""
    if ONE_POD in modes:
        raise ClusterError(
            f"{KIND}/{name} is for one pod ({ONE_POD}), and the run has {pods}",
            code=ErrorCode.CLAIM_FOR_ONE_POD,
            remedy="Mount a claim that is ReadWriteMany, or use one worker.",
        )
    return (
        f"{KIND}/{name} is {ONE_NODE}: one node at a time can mount it, so all {pods} pods must "
        "run on the same node, or they wait"
    )


def _check_state(claim: Object) -> None:
    name = claim["metadata"]["name"]
    if claim.get("status", {}).get("phase") == "Lost":
        volume = claim["spec"].get("volumeName") or "its volume"
        raise ClusterError(
            f"{KIND}/{name} is Lost: {volume} does not exist any more",
            code=ErrorCode.CLAIM_LOST,
            remedy="Mount another claim, or have this one created again.",
        )
    if "deletionTimestamp" in claim["metadata"]:
        raise ClusterError(
            f"{KIND}/{name} is being deleted",
            code=ErrorCode.CLAIM_BEING_DELETED,
            remedy="Mount another claim.",
        )
