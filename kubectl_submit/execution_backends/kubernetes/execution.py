"""What is to be followed of a Job. Pure; fields are those of batch/v1."""

from __future__ import annotations

from kubectl_submit.model.execution import Execution
from kubectl_submit.model.objects import Object
from kubectl_submit.model.pods import command_container


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
