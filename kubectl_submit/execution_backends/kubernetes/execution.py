"""The execution of a Job. Pure; fields are those of batch/v1."""

from __future__ import annotations

from kubectl_submit.model.containers import command_container
from kubectl_submit.model.execution import Execution
from kubectl_submit.model.objects import Object

JOB_LABEL = "batch.kubernetes.io/job-name"
"""On the pods of a Job: its name."""


def execution(job: Object) -> Execution:
    """The execution to follow, from a Job object."""
    metadata = job["metadata"]
    return Execution(
        kind="job",
        name=metadata["name"],
        namespace=metadata["namespace"],
        uid=metadata["uid"],
        object_path=f"/apis/batch/v1/namespaces/{metadata['namespace']}/jobs",
        workers=job["spec"].get("completions") or 1,
        pod_selector=f"{JOB_LABEL}={metadata['name']}",
        container=command_container(job, job["spec"]["template"]["spec"]),
    )
