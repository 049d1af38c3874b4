"""Renders the manifest of a run, with what only the cluster or kubectl can tell."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from kubectl_submit.cluster.kubectl import Kubectl
from kubectl_submit.execution_backends import ExecutionBackend
from kubectl_submit.manifests.tree import Node

if TYPE_CHECKING:  # takes long, while the registry answers
    from kubectl_submit.parameters.execution_parameters import ExecutionParameters


def render(
    parameters: ExecutionParameters, backend: ExecutionBackend, kubectl: Kubectl
) -> list[Node]:
    """The manifest of a run. Raises ManifestError, and ClusterError for a type of GPUs."""
    options = parameters.options
    if options.gpu_type:
        from kubectl_submit.cluster import gpu_inventory

        labels = gpu_inventory.labels(kubectl, options.gpu_type, options.gpu_resource)
        parameters = replace(parameters, gpu_labels=labels)
    documents = backend.render(parameters)
    if options.overrides:
        from kubectl_submit.commands import overrides

        documents = overrides.apply(documents, options.overrides, backend, kubectl)
    return documents
