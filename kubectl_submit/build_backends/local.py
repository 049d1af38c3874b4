"""Builds with docker buildx on this machine."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

from kubectl_submit import docker, repository
from kubectl_submit.image import Image
from kubectl_submit.kubectl import Kubectl
from kubectl_submit.manifest import Node
from kubectl_submit.output import Output
from kubectl_submit.parameters import BuildParameters


def render(parameters: BuildParameters) -> list[Node]:
    """Nothing: the cluster has no part in it."""
    del parameters
    return []


def build(parameters: BuildParameters, kubectl: Kubectl, output: Output) -> Image:
    """The image of a clean checkout, or with `--allow-dirty` of the working tree.

    Raises MissingProgramError, RepositoryError, BuildError.
    """
    del kubectl  # the cluster has no part in it
    reference = f"{parameters.push_name}:{parameters.tag}"
    digest = "" if parameters.rebuild else docker.digest(reference)
    if digest:
        output.status(f"image {reference} exists")
    else:
        docker.check()
        output.status(f"building {reference}")
        digest = _build(parameters, reference)
    return Image(name=parameters.pull_name, digest=digest)


def _build(parameters: BuildParameters, reference: str) -> str:
    flags = docker.build_flags(parameters.target, parameters.build_args, parameters.platform)
    for secret in parameters.secrets:
        flags.append(
            docker.secret_flag(secret, os.path.abspath(secret.file) if secret.file else "")
        )
    with _source(parameters) as folder, tempfile.TemporaryDirectory() as scratch:
        return docker.build_and_push(
            folder,
            reference,
            dockerfile=parameters.dockerfile,
            context=parameters.context,
            flags=flags,
            metadata=Path(scratch) / "metadata.json",
        )


@contextlib.contextmanager
def _source(parameters: BuildParameters) -> Iterator[Path]:
    if parameters.source.dirty:
        yield parameters.root
    else:
        with repository.checkout(parameters.root, parameters.source.commit) as folder:
            yield folder
