"""What the flags ask for in every pod that runs the command or a part of its cluster. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from kubectl_submit import carried, manifest, pod_template
from kubectl_submit.manifest import Node
from kubectl_submit.parameters import ExecutionParameters


def set_amounts(container: Node, amounts: Mapping[str, str | None]) -> None:
    """Ask for amounts of resources, as request and limit; None: as the manifest has it."""
    for resource, amount in amounts.items():
        if amount is not None:
            manifest.put(container, ("resources", "requests", resource), amount)
            manifest.put(container, ("resources", "limits", resource), amount)


def set_size(pod_spec: Node, container: Node, parameters: ExecutionParameters) -> None:
    """The CPUs, memory and GPUs of one worker."""
    set_amounts(container, {"cpu": parameters.cpu, "memory": parameters.memory})
    if parameters.gpus:
        # Kubernetes takes the limit of an extended resource as its request.
        limit = ("resources", "limits", parameters.gpu_resource)
        manifest.put(container, limit, str(parameters.gpus))
        _add_shared_memory(pod_spec, container)
    elif parameters.gpus == 0:
        for kind in ("requests", "limits"):
            manifest.child(container, "resources", kind).pop(parameters.gpu_resource, None)


def set_image(pod_spec: Node, container: Node, parameters: ExecutionParameters) -> None:
    """The image, and what is needed to pull it."""
    manifest.put(container, ("image",), parameters.image.reference)
    if parameters.registry_secret:
        pod_template.pull_with(pod_spec, parameters.registry_secret)


def set_credentials(pod_spec: Node, container: Node, parameters: ExecutionParameters) -> None:
    """What the command may read and do: Secrets, and a service account with its token."""
    for secret in parameters.secrets:
        pod_template.mount_secret(pod_spec, container, secret.name, secret.path)
    carried.add(pod_spec, container, parameters.name, parameters.carried)
    if parameters.service_account:
        manifest.put(pod_spec, ("serviceAccountName",), parameters.service_account)
        manifest.put(pod_spec, ("automountServiceAccountToken",), True)


def _add_shared_memory(pod_spec: Node, container: Node) -> None:
    """NCCL and data loaders need more than the 64 MiB that a container has by default."""
    volume = {"name": "shared-memory", "emptyDir": {"medium": "Memory"}}
    manifest.put_named(pod_spec, "volumes", volume)
    mount = {"name": "shared-memory", "mountPath": "/dev/shm"}  # noqa: S108
    manifest.put_named(container, "volumeMounts", mount, by="mountPath")
