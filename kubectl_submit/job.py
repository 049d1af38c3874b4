"""Sends a manifest with a Job: the Job first, then everything else in it, owned by the Job."""

from __future__ import annotations

from collections.abc import Iterable

from kubectl_submit import manifest
from kubectl_submit.execution import Execution
from kubectl_submit.kubectl import Kubectl, Object
from kubectl_submit.manifest import Node


def create(documents: Iterable[Node], kubectl: Kubectl) -> Execution:
    """Create all documents, or none; what is beside the Job disappears with it.

    Raises ClusterError.
    """
    documents = list(documents)
    (job,) = kubectl.create(manifest.dump([one for one in documents if one["kind"] == "Job"]))
    execution = _execution(job)
    others = [one for one in documents if one["kind"] != "Job"]
    for other in others:
        _own(other, job)
    try:
        if others:
            kubectl.create(manifest.dump(others))
    except BaseException as error:
        kubectl.take_back("job", execution.name, execution.namespace, error)
        raise
    return execution


def _execution(job: Object) -> Execution:
    metadata = job["metadata"]
    return Execution(
        kind="job",
        name=metadata["name"],
        namespace=metadata["namespace"],
        uid=metadata["uid"],
        workers=job["spec"].get("completions") or 1,
        pod_selector=f"batch.kubernetes.io/job-name={metadata['name']}",
        container=job["spec"]["template"]["spec"]["containers"][0]["name"],
    )


def _own(document: Node, job: Object) -> None:
    """Let the Job own an object, which only one in its own namespace can be."""
    metadata = manifest.child(document, "metadata")
    namespace = job["metadata"]["namespace"]
    if metadata.setdefault("namespace", namespace) == namespace:
        owner = {"apiVersion": "batch/v1", "kind": "Job"}
        owner |= {key: job["metadata"][key] for key in ("name", "uid")}
        manifest.put(document, ("metadata", "ownerReferences"), [owner])
