"""Runs the command as an Indexed Job."""

from __future__ import annotations

from kubectl_submit import (
    carried,
    job,
    manifest,
    pod_template,
    queueing,
    rendezvous,
    worker_template,
)
from kubectl_submit.execution import Execution
from kubectl_submit.kubectl import Kubectl
from kubectl_submit.manifest import Node
from kubectl_submit.parameters import ExecutionParameters

# A worker's host is `<name>-<rank>`, a DNS label of at most 63 characters.
NAME_LIMIT = 52


def render(parameters: ExecutionParameters) -> list[Node]:
    """The Job, with several workers their Services, and what else the user's manifest has.

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
    template = manifest.child(root, "spec", "template")
    pod_template.describe_pod(template, facts, **recorded)
    pod_spec = manifest.child(template, "spec")
    queueing.enqueue(root, [pod_spec], parameters.queue, parameters.priority)
    container = manifest.only_container(pod_spec, source)
    pod_template.record_container(root, container)
    worker_template.set_image(pod_spec, container, parameters)
    _set_command(container, parameters)
    worker_template.set_size(container, parameters)
    worker_template.add_shared_memory(pod_spec, container)
    workers = manifest.child(root, "spec").get("completions") or 1
    documents += _let_workers_meet(workers, pod_spec, container, parameters)
    worker_template.set_credentials(pod_spec, container, parameters)
    return [*documents, *carried.documents(parameters.name, facts, parameters.carried)]


def execute(documents: list[Node], kubectl: Kubectl) -> Execution:
    """Create the Job and what belongs to it. Raises ClusterError."""
    return job.create(documents, kubectl)


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


def _let_workers_meet(
    workers: int, pod_spec: Node, container: Node, parameters: ExecutionParameters
) -> list[Node]:
    """Set what the workers know of each other; the Services that it needs."""
    limits = manifest.child(container, "resources").get("limits") or {}
    gpus = limits.get(parameters.gpu_resource, 0)
    rendezvous.set_variables(container, parameters.name, workers, gpus)
    if workers == 1:
        return []
    manifest.put(pod_spec, ("subdomain",), parameters.name)
    rendezvous.resolve_names(pod_spec)
    facts = parameters.source.facts(parameters.name)
    return rendezvous.services(parameters.name, facts, container)


def _set_command(container: Node, parameters: ExecutionParameters) -> None:
    """As `command` in place of the image's ENTRYPOINT, or as `args` behind it."""
    given, other = ("args", "command") if parameters.keep_entrypoint else ("command", "args")
    manifest.put(container, (given,), [pod_template.literal(arg) for arg in parameters.argv])
    container.pop(other, None)
    worker_template.set_environment(container, parameters)
