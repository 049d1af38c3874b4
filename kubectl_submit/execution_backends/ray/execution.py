"""The execution of a RayJob. Pure; fields are those of KubeRay's apis/ray/v1."""

from __future__ import annotations

from kubectl_submit.execution_backends.ray.cluster_pods import ROLE_LABEL
from kubectl_submit.model.containers import command_container
from kubectl_submit.model.execution import Execution
from kubectl_submit.model.objects import Object
from kubectl_submit.model.provenance import NAME_LABEL


def execution(ray_job: Object) -> Execution:
    """The execution to follow, from a RayJob object.

    The submitter's pod prints the command's output; its Job has the name of the RayJob.
    """
    metadata = ray_job["metadata"]
    submitter = ray_job["spec"]["submitterPodTemplate"]["spec"]
    return Execution(
        kind="rayjob",
        name=metadata["name"],
        namespace=metadata["namespace"],
        uid=metadata["uid"],
        object_path=f"/apis/ray.io/v1/namespaces/{metadata['namespace']}/rayjobs",
        workers=1,
        pod_selector=f"batch.kubernetes.io/job-name={metadata['name']}",
        container=command_container(ray_job, submitter),
        prerequisite_selector=f"{NAME_LABEL}={metadata['name']},{ROLE_LABEL}",
        restarts_from_beginning=True,
    )
