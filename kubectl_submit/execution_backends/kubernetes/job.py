"""Sends a manifest with a Job, which both a build and a run are."""

from __future__ import annotations

from collections.abc import Iterable

from kubectl_submit.cluster import creation
from kubectl_submit.cluster.kubectl import Kubectl
from kubectl_submit.execution_backends.kubernetes.execution import execution
from kubectl_submit.manifests import shape
from kubectl_submit.manifests.tree import Node
from kubectl_submit.model.execution import Execution

SHAPE: shape.Shape = {"spec.completions": int, **shape.template_shape("spec.template")}
"""What is edited in a Job."""


def create(documents: Iterable[Node], kubectl: Kubectl) -> Execution:
    """Create the Job and what belongs to it, all or nothing. Raises ClusterError."""
    return execution(creation.create(documents, "Job", kubectl))
