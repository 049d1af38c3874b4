"""Sends a manifest with a Job, which both a build and a run are."""

from __future__ import annotations

from collections.abc import Iterable

from kubectl_submit.cluster import creation
from kubectl_submit.cluster.kubectl import Kubectl
from kubectl_submit.manifests import tree
from kubectl_submit.manifests.tree import Node
from kubectl_submit.model.execution import Execution
from kubectl_submit.model.objects import Object
from kubectl_submit.model.pods import command_container

SHAPE: tree.Shape = {"spec.completions": int, **tree.template_shape("spec.template")}
"""What is edited in a Job."""


def create(documents: Iterable[Node], kubectl: Kubectl) -> Execution:
    """Create the Job and what belongs to it, all or nothing. Raises ClusterError."""
    return execution(creation.create(documents, "Job", kubectl))


def execution(job: Object) -> Execution:
    """What is to be followed of a Job, as the server has it."""
    metadata = job["metadata"]
    return Execution(
        kind="job",
        name=metadata["name"],
        namespace=metadata["namespace"],
        uid=metadata["uid"],
        object_path=f"/apis/batch/v1/namespaces/{metadata['namespace']}/jobs",
        workers=job["spec"].get("completions") or 1,
        pod_selector=f"batch.kubernetes.io/job-name={metadata['name']}",
        container=command_container(job, job["spec"]["template"]["spec"]),
    )
