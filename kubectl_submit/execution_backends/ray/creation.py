"""Creates a RayJob, with a token where the cluster's KubeRay knows of tokens."""

from __future__ import annotations

import re

from kubectl_submit.cluster import creation
from kubectl_submit.cluster.kubectl import Kubectl
from kubectl_submit.error_codes import ErrorCode
from kubectl_submit.errors import ClusterError
from kubectl_submit.execution_backends.ray import authentication
from kubectl_submit.execution_backends.ray.execution import execution
from kubectl_submit.manifests import tree
from kubectl_submit.manifests.tree import Node
from kubectl_submit.model.execution import Execution
from kubectl_submit.model.objects import Object

# The words of kubectl where the cluster does not know the kind.
NO_KIND = r'no matches for kind "RayJob"|doesn\'t have a resource type \"rayjob'


def create(documents: list[Node], kubectl: Kubectl) -> Execution:
    """Create the RayJob and what belongs to it, all or nothing. Raises ClusterError."""
    try:
        return execution(
            authentication.send(documents, lambda sent: creation.create(sent, "RayJob", kubectl))
        )
    except ClusterError as error:
        raise _explained(error) from None


def check(documents: list[Node], kubectl: Kubectl) -> None:
    """Ask the server whether it would take them. Raises ClusterError."""

    def ask(sent: list[Node]) -> list[Object]:
        return creation.create_manifest(tree.dump(sent), kubectl, dry_run=True)

    try:
        authentication.send(documents, ask)
    except ClusterError as error:
        raise _explained(error) from None


def _explained(error: ClusterError) -> ClusterError:
    if not re.search(NO_KIND, error.last_words):
        return error
    return ClusterError(
        "the cluster has no RayJobs: KubeRay is not installed",
        code=ErrorCode.OPERATOR_NOT_INSTALLED,
        last_words=error.last_words,
        remedy="Have its operator installed (https://docs.ray.io/en/latest/cluster/kubernetes), "
        "such as with helm: helm install kuberay-operator --repo "
        "https://ray-project.github.io/kuberay-helm kuberay-operator",
    )
