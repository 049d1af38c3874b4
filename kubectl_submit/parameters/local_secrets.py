"""Reads local files, folders and variables for Secrets."""

from __future__ import annotations

import os
import posixpath
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from kubectl_submit.cli.options.secret_values import (
    BuildSecret,
    SecretEnvironment,
    SecretFile,
    SecretMount,
)
from kubectl_submit.error_codes import ErrorCode
from kubectl_submit.errors import UsageError
from kubectl_submit.manifests.run_secrets import BUILD_SECRETS_PATH, RunSecret

# The API server takes no larger Secret (k8s.io/api core/v1: MaxSecretSize).
LARGEST = 1 << 20
# BuildKit takes no larger one (moby/buildkit session/secrets: MaxSecretSize).
LARGEST_BUILD_SECRET = 500 << 10
SINGLE = "file"
"""The name, inside its volume, of a file that is mounted alone; users do not see it."""


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
    refuse_twice(
        {normal(one.path): f"--secret {one.name}" for one in mounts},
        [(normal(one.path), f"--secret-file {one.local}") for one in files],
        "Give one of them a path of its own: --secret-file LOCAL:/PATH.",
    )
    refuse_twice(
        {name: f"--env {name}" for name, _ in environment},
        [(one.name, f"--secret-env {one.name}={one.source}") for one in variables],
        "Leave one of them out.",
    )
    made = [_of_path(number, one) for number, one in enumerate(files)]
    if variables:
        values = {one.name: os.environ[one.source].encode() for one in variables}
        _check_size(values, "the total size of --secret-env")
        made.append(RunSecret(suffix="-env", data=values, variables=True))
    return tuple(made)


def collect_build_secrets(secrets: Sequence[BuildSecret]) -> RunSecret:
    """The secrets of a Dockerfile, by their place in the list. Raises UsageError."""
    data = {str(number): _value(one) for number, one in enumerate(secrets)}
    _check_size(data, "the total size of --build-secret")
    return RunSecret(suffix="-secrets", data=data, path=BUILD_SECRETS_PATH)


def check_build_secret_size(secret: BuildSecret, size: int) -> None:
    """UsageError where a secret of that many bytes is more than BuildKit takes."""
    if size > LARGEST_BUILD_SECRET:
        raise UsageError(
            f"the build secret {secret.id} is larger than BuildKit takes (500 KiB)",
            code=ErrorCode.BUILD_SECRET_TOO_LARGE,
        )


def _value(secret: BuildSecret) -> bytes:
    if secret.variable:
        value = os.fsencode(os.environ[secret.variable])
    else:
        try:
            value = _beginning(Path(secret.file), LARGEST_BUILD_SECRET + 1)
        except OSError as error:
            raise UsageError(
                f"cannot read {secret.file}: {error.strerror}",
                code=ErrorCode.SECRET_FILE_UNREADABLE,
            ) from None
    check_build_secret_size(secret, len(value))
    return value


def _check_size(values: Mapping[str, bytes], what: str) -> None:
    if sum(map(len, values.values())) > LARGEST:
        raise UsageError(
            f"{what} is more than a Secret can hold (1 MiB)", code=ErrorCode.SECRET_TOO_LARGE
        )


def refuse_twice(taken: Mapping[str, str], added: Iterable[tuple[str, str]], remedy: str) -> None:
    """UsageError where two flags give the same place, of which one would be lost silently."""
    flags = dict(taken)
    for place, flag in added:
        if place in flags:
            raise UsageError(
                f"{flags[place]} and {flag} both give {place}",
                code=ErrorCode.GIVEN_TWICE,
                remedy=remedy,
            )
        flags[place] = flag


def normal(path: str) -> str:
    """A path in a container, as every spelling of it comes out: `/a//b/` as `/a/b`."""
    return posixpath.normpath(f"/{path.lstrip('/')}")


def _of_path(number: int, asked: SecretFile) -> RunSecret:
    local = Path(asked.local)
    try:
        # Whatever is no folder can be read as a file: a pipe of the shell, too.
        single = not local.is_dir()
        found = _read(local, [(SINGLE, local)] if single else _below(local))
    except OSError as error:
        raise UsageError(
            f"cannot read {error.filename or local}: {error.strerror}",
            code=ErrorCode.SECRET_FILE_UNREADABLE,
        ) from None
    if not found:
        raise UsageError(f"{local} is an empty folder", code=ErrorCode.SECRET_FOLDER_EMPTY)
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
                code=ErrorCode.SECRET_TOO_LARGE,
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
                raise UsageError(
                    f"{path} is a link that leads out of {local}",
                    code=ErrorCode.SECRET_FOLDER_LINK_OUT,
                )
            if path.is_symlink() and Path(folder).resolve().is_relative_to(target):
                raise UsageError(
                    f"{path} is a link to a folder that it is in itself",
                    code=ErrorCode.SECRET_FOLDER_LINK_CIRCLE,
                )
            if name in names:
                yield path.relative_to(root).as_posix(), path


def _check_name(path: Path) -> None:
    """UsageError where no volume can have a file of this name (k8s.io/api core/v1: KeyToPath)."""
    if path.name.startswith(".."):
        raise UsageError(
            f"{path}: a volume has no names that begin with two dots",
            code=ErrorCode.SECRET_FILE_NAME_NOT_POSSIBLE,
        )
    try:
        path.name.encode()
    except UnicodeEncodeError:
        raise UsageError(
            f"{str(path)!r} is not valid UTF-8", code=ErrorCode.SECRET_FILE_NAME_NOT_POSSIBLE
        ) from None
