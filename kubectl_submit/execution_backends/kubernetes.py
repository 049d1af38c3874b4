"""Runs the command as an Indexed Job."""

from __future__ import annotations

from typing import cast

from kubectl_submit import (
    carried,
    job,
    manifest,
    pod_security,
    pod_template,
    queueing,
    worker_template,
)
from kubectl_submit.execution import Execution
from kubectl_submit.kubectl import Kubectl
from kubectl_submit.manifest import Node
from kubectl_submit.parameters import ExecutionParameters

# A worker's host is `<name>-<rank>`, a DNS label of at most 63 characters.
NAME_LIMIT = 52
MASTER_PORT = "29500"  # torch.distributed's own default
RANK_ANNOTATION = "metadata.annotations['batch.kubernetes.io/job-completion-index']"


def render(parameters: ExecutionParameters) -> list[Node]:
    """The Job, with several workers their Service, and what else stands in the user's manifest.

    Pure. Raises ManifestError.
    """
    text, source = manifest.read(parameters.manifest, "job.yml")
    documents = manifest.load(text, source)
    root = manifest.only(documents, "Job", source)
    manifest.check_shape(root, job.SHAPE, source)
    facts = parameters.source.facts(parameters.name)
    recorded = parameters.recorded()
    pod_template.identify(root, parameters.name, facts, **recorded)
    _set_job(root, parameters)
    workers = manifest.child(root, "spec").get("completions") or 1
    if workers > 1:
        documents.append(_service(parameters.name, facts))

    template = manifest.child(root, "spec", "template")
    pod_template.describe(template, facts, **recorded)
    pod_spec = manifest.child(template, "spec")
    queueing.enqueue(root, [pod_spec], parameters.queue, parameters.priority)
    container = manifest.only_container(pod_spec, source)
    worker_template.set_image(pod_spec, container, parameters)
    _set_command(container, parameters)
    worker_template.set_size(pod_spec, container, parameters)
    _set_ranks(pod_spec, container, workers, parameters)
    worker_template.set_credentials(pod_spec, container, parameters)
    pod_security.restrict([pod_spec] if parameters.restricted else [])
    return [*documents, *carried.documents(parameters.name, facts, parameters.carried)]


def execute(parameters: ExecutionParameters, kubectl: Kubectl) -> Execution:
    """Create the Job and what belongs to it. Raises ManifestError, ClusterError."""
    return job.create(render(parameters), kubectl)


def _set_job(root: Node, parameters: ExecutionParameters) -> None:
    if parameters.workers is not None:
        manifest.put(root, ("spec", "completionMode"), "Indexed")
        manifest.put(root, ("spec", "completions"), parameters.workers)
        manifest.put(root, ("spec", "parallelism"), parameters.workers)
    if parameters.ttl is not None:
        manifest.put(root, ("spec", "ttlSecondsAfterFinished"), parameters.ttl)
    if parameters.timeout is not None:
        # On the pod, not on the Job: there it would count the time in the queue.
        path = ("spec", "template", "spec", "activeDeadlineSeconds")
        manifest.put(root, path, parameters.timeout)


def _set_command(container: Node, parameters: ExecutionParameters) -> None:
    manifest.put(container, ("command",), [pod_template.literal(arg) for arg in parameters.argv])
    container.pop("args", None)
    pod_template.set_environment(container, parameters.environment())


def _set_ranks(
    pod_spec: Node, container: Node, workers: int, parameters: ExecutionParameters
) -> None:
    """Where the workers find each other; not RANK and WORLD_SIZE: torchrun counts processes.

    What the user or the manifest says already stays.
    """
    name = parameters.name
    if workers > 1:
        manifest.put(pod_spec, ("subdomain",), name)
    limits = manifest.child(container, "resources").get("limits") or {}
    variables: dict[str, dict[str, object]] = {
        "NODE_RANK": {"valueFrom": {"fieldRef": {"fieldPath": RANK_ANNOTATION}}},
        "NNODES": {"value": str(workers)},
        "MASTER_ADDR": {"value": f"{name}-0.{name}" if workers > 1 else "localhost"},
        "MASTER_PORT": {"value": MASTER_PORT},
        "GPUS_PER_NODE": {"value": str(limits.get(parameters.gpu_resource, 0))},
    }
    taken = {variable["name"] for variable in container["env"]}
    for variable, value in variables.items():
        if variable not in taken:
            manifest.put_named(container, "env", {"name": variable, **value})


def _service(name: str, facts: dict[str, str]) -> Node:
    """A headless Service that gives every worker a host name, `<name>-<rank>.<name>`."""
    service = manifest.quoted(
        {
            "apiVersion": "v1",
            "kind": "Service",
            "spec": {
                "clusterIP": "None",
                "publishNotReadyAddresses": True,  # rank 0 is asked before any worker is ready
                "selector": {"batch.kubernetes.io/job-name": name},
            },
        }
    )
    pod_template.identify(service, name, facts)
    return cast("Node", service)
