"""Mounts what the options ask for in a pod: data, scratch space, shared memory. Pure.

It comes before the Secrets of the run, whose mode depends on the volumes of the pod.
"""

from __future__ import annotations

import hashlib
import posixpath
from collections.abc import Iterator, Mapping, Sequence

from ruamel.yaml.comments import CommentedMap, CommentedSeq

from kubectl_submit.cli.options import Options
from kubectl_submit.cli.options.pod_values import CLAIM, Volume
from kubectl_submit.manifests import tree
from kubectl_submit.manifests.tree import Node

SHARED_MEMORY = "/dev/shm"  # noqa: S108
SHARED_MEMORY_VOLUME = "kubectl-submit-shm"


def set_data(pod_spec: Node, container: Node, options: Options) -> None:
    """The volumes, the scratch space and the working directory.

    A mount of the manifest at the same path is replaced.
    """
    for kind, name in dict.fromkeys((one.kind, one.name) for one in options.volume):
        mounts = [one for one in options.volume if (one.kind, one.name) == (kind, name)]
        read_only = all(one.read_only for one in mounts)
        volume = _claim(pod_spec, name, read_only) if kind == CLAIM else _config_map(pod_spec, name)
        for one in mounts:
            _mount(container, volume, one)
    for number, scratch in enumerate(options.scratch):
        volume = f"kubectl-submit-scratch{number}"
        empty = {"name": volume, "emptyDir": {"sizeLimit": scratch.size}}
        tree.put_named(pod_spec, "volumes", empty)
        _put_mount(container, {"name": volume, "mountPath": scratch.path})
    if options.workdir:
        tree.put(container, ("workingDir",), options.workdir)


def set_shared_memory(pod_spec: Node, container: Node, size: str | None) -> None:
    """Give the container a large /dev/shm; one of the manifest stays, but for a size that is asked.

    Data loaders and NCCL need more than the 64 MiB that a container has by default. What is in it
    counts as memory of the container, so its memory limit is the limit of both.
    """
    own = next(_mounts_at(container, SHARED_MEMORY), None)
    if own and not size:
        return
    volume = _volume(pod_spec, str(own.get("name"))) if own else None
    if volume is not None and "emptyDir" in volume:
        tree.put(volume, ("emptyDir", "sizeLimit"), size)
        return
    memory = {"medium": "Memory", **({"sizeLimit": size} if size else {})}
    tree.put_named(pod_spec, "volumes", {"name": SHARED_MEMORY_VOLUME, "emptyDir": memory})
    _put_mount(container, {"name": SHARED_MEMORY_VOLUME, "mountPath": SHARED_MEMORY})


def _claim(pod_spec: Node, name: str, read_only: bool) -> str:
    """The volume of a claim: the manifest's own, if it has one, as a pod may name a claim once.

    Nodes attach a claim for reading alone only if the volume says so, too.
    """
    for volume in _volumes(pod_spec):
        source = volume.get("persistentVolumeClaim")
        if isinstance(source, Mapping) and source.get("claimName") == name:
            if not read_only:
                tree.child(volume, "persistentVolumeClaim").pop("readOnly", None)
            return str(volume.get("name"))
    claim: dict[str, object] = {"claimName": name} | ({"readOnly": True} if read_only else {})
    volume_name = _volume_name("pvc", name)
    tree.put_named(pod_spec, "volumes", {"name": volume_name, "persistentVolumeClaim": claim})
    return volume_name


def _config_map(pod_spec: Node, name: str) -> str:
    volume = _volume_name("configmap", name)
    tree.put_named(pod_spec, "volumes", {"name": volume, "configMap": {"name": name}})
    return volume


def _volume_name(kind: str, name: str) -> str:
    """A DNS label; the name of an object may be longer and have dots."""
    unique = hashlib.sha256(name.encode()).hexdigest()[:8]
    return f"{kind}-{name.replace('.', '-')[:40].rstrip('-')}-{unique}"


def _mount(container: Node, volume: str, asked: Volume) -> None:
    read_only = {"readOnly": True} if asked.read_only else {}
    _put_mount(container, {"name": volume, "mountPath": asked.path, **read_only})


def _put_mount(container: Node, mount: Mapping[str, object]) -> None:
    """Mount, in place of what the manifest mounts at the same path, however that is spelled."""
    path = str(mount["mountPath"])
    mounts = tree.child(container, "volumeMounts", kind=CommentedSeq)
    old = [one for one in _mounts_at(container, path) if one["mountPath"] != path]
    for one in old:
        mounts.remove(one)
    tree.put_named(container, "volumeMounts", mount, by="mountPath")


def _mounts_at(container: Node, path: str) -> Iterator[Node]:
    """The mounts of a container at a path."""
    for one in list(container.get("volumeMounts") or []):
        if isinstance(one, CommentedMap) and _shortest(one.get("mountPath")) == path:
            yield one


def _shortest(path: object) -> str:
    """A path as `pod_values.mount_path` spells it."""
    return posixpath.normpath("/" + str(path).lstrip("/"))


def _volume(pod_spec: Node, name: str) -> Node | None:
    """The volume of a name."""
    return next((one for one in _volumes(pod_spec) if one.get("name") == name), None)


def _volumes(pod_spec: Node) -> Sequence[Node]:
    """The volumes of a pod, each of them for this pod alone to change."""
    if not pod_spec.get("volumes"):
        return ()
    volumes = tree.child(pod_spec, "volumes", kind=CommentedSeq)
    for index, one in enumerate(volumes):
        volumes[index] = tree.unshared(one)
    return [one for one in volumes if isinstance(one, CommentedMap)]
