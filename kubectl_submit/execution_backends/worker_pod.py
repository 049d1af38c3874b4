"""Applies the options to every pod of a run. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping

from ruamel.yaml.comments import CommentedMap, CommentedSeq

from kubectl_submit.manifests import pod_template, run_secrets, tree
from kubectl_submit.manifests.tree import Node
from kubectl_submit.model.image import Image
from kubectl_submit.model.provenance import PREFIX
from kubectl_submit.parameters.execution_parameters import ExecutionParameters

# Annotations, as ExecutionParameters.recorded() and as_annotations() name them.
IMAGE = f"{PREFIX}image"
BUILD_SECONDS = f"{PREFIX}build-seconds"
OVERCOMMITTED = ("cpu", "memory", "ephemeral-storage")
"""The resources of which a container may request less than its limit."""


def identify(root: Node, parameters: ExecutionParameters) -> None:
    """Name the object that runs the command, and write on it what is known of the run."""
    facts = parameters.source.facts(parameters.name)
    pod_template.identify(root, parameters.name, facts, **parameters.recorded())
    _set_own_metadata(root, parameters)


def describe(template: Node, parameters: ExecutionParameters, **more: object) -> None:
    """Write what is known of the run on the template of its pods."""
    facts = parameters.source.facts(parameters.name)
    pod_template.describe_pod(template, facts, **more, **parameters.recorded())
    _set_own_metadata(template, parameters)


def _set_own_metadata(obj: Node, parameters: ExecutionParameters) -> None:
    tree.put_all(obj, ("metadata", "labels"), dict(parameters.options.label))
    tree.put_all(obj, ("metadata", "annotations"), dict(parameters.options.annotation))


def set_amounts(container: Node, amounts: Mapping[str, str | None]) -> None:
    """Ask for amounts of resources, as request and limit; None: as the manifest has it."""
    for resource, amount in amounts.items():
        if amount is not None:
            tree.put(container, ("resources", "requests", resource), amount)
            tree.put(container, ("resources", "limits", resource), amount)


def set_size(container: Node, parameters: ExecutionParameters) -> None:
    """The CPUs, memory, GPUs and other resources of one worker."""
    set_amounts(container, {"cpu": parameters.options.cpu, "memory": parameters.options.memory})
    _set_gpus(container, parameters)
    for resource, amount in parameters.options.limits:
        tree.put(container, ("resources", "limits", resource), amount)
        requests = tree.child(container, "resources").get("requests") or {}
        # Kubernetes takes the limit as the request, and no other one for these.
        if resource in requests and resource not in OVERCOMMITTED:
            tree.put(container, ("resources", "requests", resource), amount)


def _set_gpus(container: Node, parameters: ExecutionParameters) -> None:
    if parameters.options.gpus:
        # Kubernetes takes the limit of an extended resource as its request.
        limit = ("resources", "limits", parameters.options.gpu_resource)
        tree.put(container, limit, str(parameters.options.gpus))
    elif parameters.options.gpus == 0:
        for kind in ("requests", "limits"):
            tree.child(container, "resources", kind).pop(parameters.options.gpu_resource, None)


def set_image(pod_spec: Node, container: Node, parameters: ExecutionParameters) -> None:
    """The image, and what is needed to pull it."""
    tree.put(container, ("image",), parameters.image.reference)
    if parameters.registry_secret:
        pod_template.pull_with(pod_spec, parameters.registry_secret)


def put_built_image(documents: Iterable[Node], promised: Image, built: Image) -> None:
    """Put the built image wherever its name is used, and how long the build took."""
    for document in documents:
        _replace(document, promised.reference, built)


def _replace(node: object, promised: str, built: Image) -> None:
    if isinstance(node, CommentedSeq):
        for item in node:
            _replace(item, promised, built)
    if not isinstance(node, CommentedMap):
        return
    for key, value in node.items():
        if value == promised:
            node[key] = tree.quoted(built.reference)
        _replace(value, promised, built)
    if IMAGE in node and built.build_seconds is not None:
        node[BUILD_SECONDS] = tree.quoted(json.dumps(round(built.build_seconds, 1)))


def set_credentials(pod_spec: Node, container: Node, parameters: ExecutionParameters) -> None:
    """What the command may read and do: Secrets, and a service account with its token."""
    for secret in parameters.options.secret:
        pod_template.mount_secret(pod_spec, container, secret.name, secret.path)
    run_secrets.add_to_pod(pod_spec, container, parameters.name, parameters.new_secrets)
    if parameters.options.service_account:
        tree.put(pod_spec, ("serviceAccountName",), parameters.options.service_account)
        tree.put(pod_spec, ("automountServiceAccountToken",), True)


def set_environment(container: Node, parameters: ExecutionParameters) -> None:
    """The facts and the user's variables, and what Python needs to write each line at once.

    Where stdout is a pipe, as in a container, Python keeps 8 KiB back, and loses them if it is
    killed. What the manifest or `--env` says of PYTHONUNBUFFERED stays.
    """
    pod_template.set_environment(container, parameters.environment())
    pod_template.set_default(container, "PYTHONUNBUFFERED", {"value": "1"})
