"""What a run carries from this machine in Secrets of its own: files, folders, variables, passwords.

The Secrets are owned by what runs, so that they disappear with it. Values stand nowhere else.
"""

from __future__ import annotations

import base64
import json
import os
import posixpath
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

from kubectl_submit.cli.options.values import (
    BuildSecret,
    SecretEnvironment,
    SecretFile,
    SecretMount,
)
from kubectl_submit.errors import UsageError
from kubectl_submit.manifests import pod_template, tree
from kubectl_submit.manifests.tree import Node

# The API server takes no larger Secret (k8s.io/api core/v1: MaxSecretSize).
LARGEST = 1 << 20
# BuildKit takes no larger one (moby/buildkit session/secrets: MaxSecretSize).
LARGEST_BUILD_SECRET = 500 << 10
PULL_SECRET = "kubernetes.io/dockerconfigjson"  # noqa: S105 (a type of Secrets)
BUILD_SECRETS_PATH = "/run/build-secrets"
SINGLE = "file"
"""The name of a file that is mounted alone, inside of its volume, where nobody sees it."""
# For the user that the container runs as, whoever that is: the kubelet lets the group of a pod
# (its fsGroup) read what only the owner may.
MODE = 0o400
GROUP = 65534
MODE_WITHOUT_GROUP = 0o444
GROUPLESS = {"secret", "configMap", "projected", "downwardAPI", "emptyDir"}
"""The volumes that each pod gets anew, so that their group is nobody else's concern."""


@dataclass(frozen=True, kw_only=True)
class RunSecret:
    """One Secret to be: what is in it, and where it goes; nowhere if it is used by its name."""

    suffix: str
    """Its name is the run's name with this behind it."""
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


def collect(
    files: Sequence[SecretFile],
    variables: Sequence[SecretEnvironment],
    mounts: Sequence[SecretMount] = (),
    environment: Sequence[tuple[str, str]] = (),
) -> tuple[RunSecret, ...]:
    """Read the files and the environment of this machine.

    `mounts` and `environment`: what the run gets besides, whose paths and names are taken. Raises
    UsageError.
    """
    _refuse_twice(
        {_normal(one.path): f"--secret {one.name}" for one in mounts},
        [(_normal(one.path), f"--secret-file {one.local}") for one in files],
        "Give one of them a path of its own: --secret-file LOCAL:/PATH.",
    )
    _refuse_twice(
        {name: f"--env {name}" for name, _ in environment},
        [(one.name, f"--secret-env {one.name}={one.source}") for one in variables],
        "Leave one of them out.",
    )
    made = [_of_path(number, one) for number, one in enumerate(files)]
    if variables:
        values = {one.name: os.environ[one.source].encode() for one in variables}
        _check_size(values, "what --secret-env carries")
        made.append(RunSecret(suffix="-env", data=values, variables=True))
    return tuple(made)


def collect_build_secrets(secrets: Sequence[BuildSecret]) -> RunSecret:
    """The secrets of a Dockerfile, by their place in the list. Raises UsageError."""
    data = {str(number): _value(one) for number, one in enumerate(secrets)}
    _check_size(data, "what --build-secret carries")
    return RunSecret(suffix="-secrets", data=data, path=BUILD_SECRETS_PATH)


def check_build_secret_size(secret: BuildSecret, size: int) -> None:
    """UsageError where a secret of that many bytes is more than BuildKit takes."""
    if size > LARGEST_BUILD_SECRET:
        raise UsageError(f"the build secret {secret.id} is larger than BuildKit takes (500 KiB)")


def registry_secret(known: Mapping[str, Mapping[str, str]]) -> RunSecret:
    """What is known for registries, by their names, as a Secret to push and to pull with."""
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
    """Give a container what its run carries."""
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


def _value(secret: BuildSecret) -> bytes:
    if secret.variable:
        value = os.fsencode(os.environ[secret.variable])
    else:
        try:
            value = _beginning(Path(secret.file), LARGEST_BUILD_SECRET + 1)
        except OSError as error:
            raise UsageError(f"cannot read {secret.file}: {error.strerror}") from None
    check_build_secret_size(secret, len(value))
    return value


def _check_size(values: Mapping[str, bytes], what: str) -> None:
    if sum(map(len, values.values())) > LARGEST:
        raise UsageError(f"{what} is more than a Secret can hold (1 MiB)")


def _refuse_twice(taken: Mapping[str, str], added: Iterable[tuple[str, str]], remedy: str) -> None:
    """UsageError where two flags give the same place, of which one would be lost silently."""
    flags = dict(taken)
    for place, flag in added:
        if place in flags:
            raise UsageError(f"{flags[place]} and {flag} both give {place}", remedy=remedy)
        flags[place] = flag


def _normal(path: str) -> str:
    """A path in a container, as every spelling of it comes out: `/a//b/` as `/a/b`."""
    return posixpath.normpath(f"/{path.lstrip('/')}")


def _of_path(number: int, asked: SecretFile) -> RunSecret:
    local = Path(asked.local)
    try:
        # Whatever is no folder can be read as a file: a pipe of the shell, too.
        single = not local.is_dir()
        found = _read(local, [(SINGLE, local)] if single else _below(local))
    except OSError as error:
        raise UsageError(f"cannot read {error.filename or local}: {error.strerror}") from None
    if not found:
        raise UsageError(f"{local} is an empty folder")
    keys = {f"file-{index}": path for index, path in enumerate(sorted(found))}
    return RunSecret(
        suffix=f"-file{number}",
        data={key: found[path] for key, path in keys.items()},
        path=asked.path,
        files=keys,
        single=single,
    )


def _read(local: Path, files: Iterable[tuple[str, Path]]) -> dict[str, bytes]:
    """What is in files, by their paths in the Secret; of what is too large only the beginning."""
    found: dict[str, bytes] = {}
    room = LARGEST
    for name, path in files:
        found[name] = _beginning(path, room + 1)
        room -= len(found[name])
        if room < 0:
            raise UsageError(
                f"{local} has more than a Secret can hold (1 MiB)",
                remedy="Put it into the image, or onto a volume.",
            )
    return found


def _beginning(path: Path, size: int) -> bytes:
    with path.open("rb") as file:
        return file.read(size)


def _below(local: Path) -> Iterator[tuple[str, Path]]:
    """The files of a folder by their paths in it; links must not lead out. Raises UsageError."""
    root = local.resolve()
    for folder, folders, names in os.walk(root, followlinks=True):
        for name in (*folders, *names):
            path = Path(folder) / name
            _check_name(path)
            target = path.resolve()
            if not target.is_relative_to(root):
                raise UsageError(f"{path} is a link that leads out of {local}")
            if path.is_symlink() and Path(folder).resolve().is_relative_to(target):
                raise UsageError(f"{path} is a link to a folder that it is in itself")
            if name in names:
                yield path.relative_to(root).as_posix(), path


def _check_name(path: Path) -> None:
    """UsageError where no volume can have a file of this name (k8s.io/api core/v1: KeyToPath)."""
    if path.name.startswith(".."):
        raise UsageError(f"{path}: a volume has no names that begin with two dots")
    try:
        path.name.encode()
    except UnicodeEncodeError:
        raise UsageError(f"{str(path)!r} is not valid UTF-8") from None
