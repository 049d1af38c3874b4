"""The manifest of a run as an Indexed Job."""

from __future__ import annotations

from kubectl_submit.execution_backends import placement, pod_volumes, worker_pod
from kubectl_submit.execution_backends.kubernetes import job, rendezvous
from kubectl_submit.manifests import files, kueue, pod_template, run_secrets, shape, tree
from kubectl_submit.manifests.tree import Node
from kubectl_submit.parameters.execution_parameters import ExecutionParameters


def render(parameters: ExecutionParameters) -> list[Node]:
    """The Job, with several workers their Services, and what else the user's manifest has.

    Raises ManifestError.
    """
    text, source = files.read(parameters.manifest, "job.yml")
    documents = tree.load(text, source)
    root = tree.only(documents, "Job", source)
    shape.check_shape(root, job.SHAPE, source)
    facts = parameters.source.facts(parameters.name)
    worker_pod.identify(root, parameters)
    _set_job(root, parameters)
    template = tree.child(root, "spec", "template")
    worker_pod.describe(template, parameters)
    pod_spec = tree.child(template, "spec")
    kueue.enqueue(root, [pod_spec], parameters.options.queue, parameters.options.priority)
    kueue.set_topology(root, [template], parameters.options.topology)
    container = tree.only_container(pod_spec, source)
    pod_template.record_container(root, container)
    worker_pod.set_image(pod_spec, container, parameters)
    _set_command(container, parameters)
    worker_pod.set_size(container, parameters)
    placement.select_nodes(pod_spec, parameters.options)
    placement.require_one_of(pod_spec, parameters.gpu_labels)
    pod_volumes.set_data(pod_spec, container, parameters.options)
    pod_volumes.set_shared_memory(pod_spec, container, parameters.options.shm_size)
    workers = tree.child(root, "spec").get("completions") or 1
    documents += _let_workers_meet(workers, pod_spec, container, parameters)
    worker_pod.set_credentials(pod_spec, container, parameters)
    return [*documents, *run_secrets.documents(parameters.name, facts, parameters.new_secrets)]


def _set_job(root: Node, parameters: ExecutionParameters) -> None:
    if parameters.options.workers is not None:
        tree.put(root, ("spec", "completionMode"), "Indexed")
        tree.put(root, ("spec", "completions"), parameters.options.workers)
        tree.put(root, ("spec", "parallelism"), parameters.options.workers)
    if parameters.options.ttl is not None:
        tree.put(root, ("spec", "ttlSecondsAfterFinished"), parameters.options.ttl)
    if parameters.options.timeout is not None:
        # On the pod, not on the Job: there it would count the time in the queue.
        path = ("spec", "template", "spec", "activeDeadlineSeconds")
        tree.put(root, path, parameters.options.timeout)


def _let_workers_meet(
    workers: int, pod_spec: Node, container: Node, parameters: ExecutionParameters
) -> list[Node]:
    """Set what the workers know of each other; the Services that it needs."""
    limits = tree.child(container, "resources").get("limits") or {}
    gpus = limits.get(parameters.options.gpu_resource, 0)
    rendezvous.set_variables(container, parameters.name, workers, gpus)
    if workers == 1:
        return []
    tree.put(pod_spec, ("subdomain",), parameters.name)
    rendezvous.resolve_names(pod_spec)
    facts = parameters.source.facts(parameters.name)
    return rendezvous.services(parameters.name, facts, container)


def _set_command(container: Node, parameters: ExecutionParameters) -> None:
    """As `command` in place of the image's ENTRYPOINT, or as `args` behind it."""
    given, other = (
        ("args", "command") if parameters.options.keep_entrypoint else ("command", "args")
    )
    tree.put(container, (given,), [pod_template.literal(arg) for arg in parameters.argv])
    container.pop(other, None)
    worker_pod.set_environment(container, parameters)
