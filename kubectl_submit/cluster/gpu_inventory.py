"""Asks the cluster for its GPUs, and who holds them."""

from __future__ import annotations

from kubectl_submit.cluster.kubectl import Kubectl
from kubectl_submit.error_codes import ErrorCode
from kubectl_submit.errors import ClusterError, ClusterErrorKind
from kubectl_submit.model.gpu_match import labels_of_type
from kubectl_submit.model.gpus import GpuNode, gpu_nodes, gpu_types
from kubectl_submit.model.objects import Object
from kubectl_submit.process.pending import Pending

NODES, PODS = "/api/v1/nodes", "/api/v1/pods"
NOT_ENDED = "status.phase!=Succeeded,status.phase!=Failed"


def read(kubectl: Kubectl, resource: str) -> list[GpuNode]:
    """The nodes with GPUs; without the holders, where pods of all namespaces may not be listed.

    Raises ClusterError.
    """
    nodes = kubectl.start_list(NODES)
    pods = kubectl.start_list(PODS, fieldSelector=NOT_ENDED)
    found = _nodes(nodes)
    return gpu_nodes(found, _pods(pods), resource)


def labels(kubectl: Kubectl, wanted: str, resource: str) -> dict[str, list[str]]:
    """The labels and values by which nodes with GPUs of a type can be chosen.

    Raises ClusterError, also where there is no such type.
    """
    nodes = gpu_nodes(_nodes(kubectl.start_list(NODES)), None, resource)
    found = labels_of_type(nodes, wanted)
    if found:
        return found
    there = [_told(one.name, one.free, one.total) for one in gpu_types(read(kubectl, resource))]
    raise ClusterError(
        f"--gpu-type {wanted}: no node has GPUs of this type",
        code=ErrorCode.GPU_TYPE_NOT_FOUND,
        remedy=f"There is: {', '.join(there) or f'no node with {resource}'}. If an autoscaler "
        "would create such nodes, name their label with --node-selector.",
    )


def _told(name: str, free: int | None, total: int) -> str:
    return f"{name} ({total} GPUs)" if free is None else f"{name} ({free} of {total} free)"


def _nodes(asked: Pending[list[Object]]) -> list[Object]:
    try:
        return asked.result()
    except ClusterError as error:
        if error.kind is not ClusterErrorKind.NOT_PERMITTED:
            raise
        raise ClusterError(
            "the types of GPUs are in the labels of nodes, which you may not list",
            code=ErrorCode.NOT_ALLOWED,
            last_words=error.last_words,
            remedy="Ask for the right to list nodes (a ClusterRole), or choose nodes by a label "
            "that you know: --node-selector KEY=VALUE.",
            kind=error.kind,
        ) from None


def _pods(asked: Pending[list[Object]]) -> list[Object] | None:
    try:
        return asked.result()
    except ClusterError as error:
        if error.kind is not ClusterErrorKind.NOT_PERMITTED:
            raise
        return None
