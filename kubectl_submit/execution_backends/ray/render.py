"""The manifest of a run as a RayJob: a Ray cluster of its own, which ends with it."""

from __future__ import annotations

import shlex

from ruamel.yaml.comments import CommentedSeq

from kubectl_submit.error_codes import ErrorCode
from kubectl_submit.errors import ManifestError
from kubectl_submit.execution_backends import placement, pod_volumes, worker_pod
from kubectl_submit.execution_backends.ray import authentication, submitter
from kubectl_submit.execution_backends.ray.parameters import RayParameters
from kubectl_submit.manifests import files, kueue, run_secrets, shape, tree
from kubectl_submit.manifests.tree import Node
from kubectl_submit.parameters.execution_parameters import ExecutionParameters

CLUSTER = "spec.rayClusterSpec"
SHAPE: shape.Shape = {
    "spec.entrypoint": str,
    CLUSTER: Node,
    f"{CLUSTER}.headGroupSpec": Node,
    **shape.template_shape(f"{CLUSTER}.headGroupSpec.template"),
    f"{CLUSTER}.workerGroupSpecs": CommentedSeq,
    f"{CLUSTER}.workerGroupSpecs[]": Node,
    f"{CLUSTER}.workerGroupSpecs[].maxReplicas": int,
    f"{CLUSTER}.workerGroupSpecs[].rayStartParams": Node,
    **shape.template_shape(f"{CLUSTER}.workerGroupSpecs[].template"),
    **shape.template_shape("spec.submitterPodTemplate"),
}


def render(parameters: ExecutionParameters) -> list[Node]:
    """The RayJob, and what else the user's manifest contains. Raises ManifestError."""
    text, source = files.read(parameters.manifest, "ray-job.yml")
    documents = tree.load(text, source)
    root = tree.only(documents, "RayJob", source)
    shape.check_shape(root, SHAPE, source)
    _check_kind(root, source)
    facts = parameters.source.facts(parameters.name)
    worker_pod.identify(root, parameters)
    head = tree.child(root, "spec", "rayClusterSpec", "headGroupSpec")
    groups = _worker_groups(root, parameters, source)
    _set_job(root, parameters)
    submitter.set_program(root)
    templates = [
        *(tree.child(one, "template") for one in (head, *groups)),
        tree.child(root, "spec", "submitterPodTemplate"),
    ]
    pods = [_pod(template, source) for template in templates]
    for template, pod in zip(templates, pods, strict=True):
        name = pod[1].get("name", "")
        worker_pod.describe(template, parameters, container=name)
        worker_pod.set_image(*pod, parameters)
        placement.select_nodes(pod[0], parameters.options)  # the submitter has the same image
    *cluster, (_, submitter_container) = pods
    for pod_spec, container in cluster:
        _set_cluster_pod(pod_spec, container, parameters)
    _set_head(*cluster[0], parameters)
    for group, (pod_spec, container) in zip(groups, cluster[1:], strict=True):
        _set_workers(group, pod_spec, container, parameters)
    submitter.set_request(root, submitter_container, source)
    kueue.enqueue(
        root, [pod for pod, _ in pods], parameters.options.queue, parameters.options.priority
    )
    kueue.set_topology(root, templates[1:-1], parameters.options.topology)
    return [*documents, *run_secrets.documents(parameters.name, facts, parameters.new_secrets)]


def _own(parameters: ExecutionParameters) -> RayParameters:
    """The flags that only Ray has, as this backend collected them."""
    assert isinstance(parameters.own, RayParameters)
    return parameters.own


def _check_kind(root: Node, source: str) -> None:
    spec = tree.child(root, "spec")
    if not spec.get("rayClusterSpec"):
        message = f"{source}: no rayClusterSpec; each run has a cluster of its own"
        raise ManifestError(message, code=ErrorCode.MANIFEST_WITHOUT_CLUSTER)
    if spec.get("submissionMode", "K8sJobMode") != "K8sJobMode":
        message = f"{source}: submissionMode must be K8sJobMode, or left out"
        raise ManifestError(message, code=ErrorCode.MANIFEST_SUBMISSION_MODE)


def _worker_groups(root: Node, parameters: ExecutionParameters, source: str) -> list[Node]:
    groups = tree.child(root, "spec", "rayClusterSpec", "workerGroupSpecs", kind=CommentedSeq)
    sizes = ("workers", "gpus", "cpu", "memory", "limits")
    asked = [f"--{size}" for size in sizes if getattr(parameters.options, size)]
    if asked and len(groups) != 1:
        raise ManifestError(
            f"{source}: {len(groups)} worker groups, where {asked[0]} needs one",
            code=ErrorCode.MANIFEST_WRONG_NUMBER_OF_WORKER_GROUPS,
            remedy="Say the sizes of the groups in the manifest.",
        )
    return list(groups)


def _pod(template: Node, source: str) -> tuple[Node, Node]:
    """The pod and its container of a template."""
    pod_spec = tree.child(template, "spec")
    return pod_spec, tree.first_container(pod_spec, source)


def _set_job(root: Node, parameters: ExecutionParameters) -> None:
    tree.put(root, ("spec", "entrypoint"), shlex.join(parameters.argv))
    if parameters.options.ttl is not None:
        tree.put(root, ("spec", "ttlSecondsAfterFinished"), parameters.options.ttl)
    if parameters.options.timeout is not None:
        tree.put(root, ("spec", "activeDeadlineSeconds"), parameters.options.timeout)
    ray = _own(parameters)
    if ray.entrypoint_gpus is not None:
        tree.put(root, ("spec", "entrypointNumGpus"), ray.entrypoint_gpus)
    cluster = tree.child(root, "spec", "rayClusterSpec")
    if ray.ray_version:
        tree.put(cluster, ("rayVersion",), ray.ray_version)
    authentication.ask_for_token(cluster)
    if ray.autoscale:
        tree.put(cluster, ("enableInTreeAutoscaling",), True)
    if ray.idle_timeout is not None:
        tree.put(cluster, ("autoscalerOptions", "idleTimeoutSeconds"), ray.idle_timeout)


def _set_cluster_pod(pod_spec: Node, container: Node, parameters: ExecutionParameters) -> None:
    """What head and workers have in common."""
    worker_pod.set_environment(container, parameters)
    pod_volumes.set_data(pod_spec, container, parameters.options)
    if parameters.options.shm_size:  # KubeRay's own is as large as the memory
        pod_volumes.set_shared_memory(pod_spec, container, parameters.options.shm_size)
    worker_pod.set_credentials(pod_spec, container, parameters)


def _set_head(pod_spec: Node, container: Node, parameters: ExecutionParameters) -> None:
    ray = _own(parameters)
    worker_pod.set_amounts(container, {"cpu": ray.head_cpu, "memory": ray.head_memory})
    if ray.autoscale:  # the autoscaler beside it creates and deletes workers
        tree.put(pod_spec, ("automountServiceAccountToken",), True)


def _set_workers(
    group: Node, pod_spec: Node, container: Node, parameters: ExecutionParameters
) -> None:
    if parameters.options.workers is not None:
        for key in ("replicas", "minReplicas", "maxReplicas"):
            tree.put(group, (key,), parameters.options.workers)
    if _own(parameters).autoscale:
        for key in ("replicas", "minReplicas"):
            tree.put(group, (key,), 0)
    if parameters.options.gpus is not None:  # KubeRay knows them by some names of resources only
        tree.put(group, ("rayStartParams", "num-gpus"), str(parameters.options.gpus))
    worker_pod.set_size(container, parameters)
    placement.require_one_of(pod_spec, parameters.gpu_labels)
