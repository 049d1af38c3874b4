"""The Secrets that are created for a run, and their use in its pods: files, variables, passwords.

The run owns the Secrets, so they are deleted with it. Their values appear nowhere else.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import cast

from kubectl_submit.manifests import pod_template, tree
from kubectl_submit.manifests.tree import Node

PULL_SECRET = "kubernetes.io/dockerconfigjson"  # noqa: S105 (a type of Secrets)
BUILD_SECRETS_PATH = "/run/build-secrets"
AUTHORITIES_PATH = "/run/ca"
# For the user that the container runs as, whoever that is: the kubelet lets the group of a pod
# (its fsGroup) read what only the owner may.
MODE = 0o400
GROUP = 65534
MODE_WITHOUT_GROUP = 0o444
GROUPLESS = {"secret", "configMap", "projected", "downwardAPI", "emptyDir"}
"""The volumes that each pod gets anew: changing their group affects nothing else."""


@dataclass(frozen=True, kw_only=True)
class RunSecret:
    """A Secret to create: its data and its use in the pod, if any."""

    suffix: str
    """Its name is the name of the run followed by this."""
    data: Mapping[str, bytes] = field(repr=False)
    type: str = "Opaque"
    variables: bool = False
    """Whether its keys become variables."""
    path: str = ""
    """Where it is mounted; empty if it is not."""
    files: Mapping[str, str] = field(default_factory=dict)
    """Key → path below the mounted folder."""
    single: bool = False
    """Whether it is one file, which is mounted by itself."""


def registry_secret(known: Mapping[str, Mapping[str, str]]) -> RunSecret:
    """Registry credentials, by registry, as a Secret to push and pull with."""
    configuration = json.dumps({"auths": known}).encode()
    data = {".dockerconfigjson": configuration}
    return RunSecret(suffix="-registry", data=data, type=PULL_SECRET)


def git_secret(known: Mapping[str, str]) -> RunSecret:
    """The username and password for a git server, or a header, as a Secret to fetch with."""
    data = {key: value.encode() for key, value in known.items()}
    kind = "kubernetes.io/basic-auth" if "password" in data else "Opaque"
    return RunSecret(suffix="-git", data=data, type=kind)


def documents(name: str, facts: dict[str, str], made: Sequence[RunSecret]) -> Iterator[Node]:
    """The Secrets of a run, for creation beside what runs."""
    for one in made:
        encoded = {key: base64.b64encode(value).decode() for key, value in one.data.items()}
        secret = tree.quoted(
            {"apiVersion": "v1", "kind": "Secret", "immutable": True, "type": one.type}
        )
        pod_template.identify(secret, name + one.suffix, facts)
        tree.put(secret, ("data",), encoded)
        yield cast("Node", secret)


def redacted(document: Node) -> Node:
    """A document as it may be shown: a Secret without its values."""
    if document.get("kind") != "Secret":
        return document
    parts = [document.get(part) for part in ("data", "stringData")]
    keys = [key for part in parts if isinstance(part, Mapping) for key in part]
    rest = {key: value for key, value in document.items() if key != "data"}
    values = dict.fromkeys(keys, "(not shown)")
    return cast("Node", tree.quoted({**rest, "stringData": values}))


def add_to_pod(pod_spec: Node, container: Node, name: str, made: Sequence[RunSecret]) -> None:
    """Mount the Secrets of a run in a container, or set them as variables."""
    for one in made:
        if one.path:
            _mount(pod_spec, container, name + one.suffix, one)
        for key in one.data if one.variables else ():
            source = {"secretKeyRef": {"name": name + one.suffix, "key": key}}
            tree.put_named(container, "env", {"name": key, "valueFrom": source})


def _mount(pod_spec: Node, container: Node, secret: str, one: RunSecret) -> None:
    """Readable for the user that the container runs as: many images do not run as root."""
    mode = _mode(pod_spec)
    volume = secret.rpartition("-")[2]
    items = [{"key": key, "path": path} for key, path in one.files.items()]
    source = {"secretName": secret, "defaultMode": mode, "items": items}
    tree.put_named(pod_spec, "volumes", {"name": f"kubectl-submit-{volume}", "secret": source})
    mount: dict[str, object] = {"name": f"kubectl-submit-{volume}", "mountPath": one.path}
    if one.single:
        mount["subPath"] = next(iter(one.files.values()))
    tree.put_named(container, "volumeMounts", mount | {"readOnly": True}, by="mountPath")


def _mode(pod_spec: Node) -> int:
    """The mode of the files; where only their owner can read them, the pod has a group for them."""
    given = pod_spec.get("securityContext") is not None
    security = tree.child(pod_spec, "securityContext") if given else {}
    if "fsGroup" in security:
        return MODE
    volumes = pod_spec.get("volumes") or []
    if not all(isinstance(one, Mapping) and GROUPLESS & one.keys() for one in volumes):
        # The kubelet would give that group every file of a user's own volumes, and change their
        # modes, for good where it is a PersistentVolumeClaim.
        return MODE_WITHOUT_GROUP
    tree.put(pod_spec, ("securityContext", "fsGroup"), security.get("runAsGroup", GROUP))
    return MODE
