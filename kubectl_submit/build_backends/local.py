"""Builds with docker buildx on this machine."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from kubectl_submit.build_backends import docker, docker_flags, image_lookup, local_cache, platforms
from kubectl_submit.build_backends.build_lines import BuildLines
from kubectl_submit.build_backends.image_lookup import Lookup
from kubectl_submit.build_backends.local_cache import LocalCaches
from kubectl_submit.cli.options.secret_values import BuildSecret
from kubectl_submit.cluster.kubectl import Kubectl
from kubectl_submit.errors import BuildError
from kubectl_submit.manifests.tree import Node
from kubectl_submit.model.image import Image
from kubectl_submit.output import Output
from kubectl_submit.parameters import local_secrets
from kubectl_submit.parameters.build_parameters import BuildParameters
from kubectl_submit.process.pending import Pending
from kubectl_submit.source import checkout, tracked_files

IGNORE = ".dockerignore"


def render(parameters: BuildParameters) -> list[Node]:
    """Nothing: the cluster has no part in it."""
    del parameters
    return []


def start_lookup(parameters: BuildParameters, kubectl: Kubectl) -> Pending[Lookup]:
    """Ask for the image. Raises MissingProgramError."""
    if parameters.buildx_builder:
        docker.choose_builder(parameters.buildx_builder)
    return image_lookup.start(parameters, kubectl)


def build(
    parameters: BuildParameters, asked: Pending[Lookup], kubectl: Kubectl, output: Output
) -> Image:
    """The image of a clean checkout, or with `--allow-dirty` of the working tree.

    Raises MissingProgramError, RepositoryError, BuildError, UsageError.
    """
    del kubectl
    found = asked.result()
    found.report_others(output)
    if found.digest:
        found.report_found(output)
        return Image(name=parameters.pull_name, digest=found.digest)
    if found.trouble:
        unknown = f"it is not known whether {found.reference} exists"
        output.error(f"warning: building, as {unknown}: {found.trouble}")
    caches = local_cache.start_finding(parameters, found.platform)
    docker.check()
    if not parameters.platform and found.platform not in ("", platforms.here()):
        output.status(f"building for {found.platform}, the platform of the cluster's nodes")
        parameters = replace(parameters, platform=found.platform)
    output.status(f"building {found.reference}")
    digest = _build_or_take(parameters, found.reference, caches.result(), output)
    return Image(name=parameters.pull_name, digest=digest)


def _build_or_take(
    parameters: BuildParameters, reference: str, caches: LocalCaches, output: Output
) -> str:
    """The digest of what was built, or (where a tag is written once) was pushed meanwhile."""
    try:
        return _build(parameters, reference, caches, output)
    except BuildError:
        there = docker.Found() if parameters.rebuild else docker.start_finding(reference).result()
        if not there.digest:
            raise
        return there.digest


def _build(parameters: BuildParameters, reference: str, caches: LocalCaches, output: Output) -> str:
    flags, log = _flags(parameters), BuildLines(output)
    with _paths(parameters, output) as paths, tempfile.TemporaryDirectory() as scratch:
        metadata = Path(scratch) / "metadata.json"
        try:
            with caches.explaining_failures(), log.to_the_end():
                digest = docker.build_and_push(
                    paths, reference, flags=[*flags, *caches.flags], metadata=metadata, log=log
                )
        except BuildError:
            if not (caches.written and log.push_failed):
                raise
            # The cache is written at the same time, with the same layers, and some registries then
            # mix them up. BuildKit still has what it built.
            output.error("warning: pushing once more, and the build cache after it")
            with BuildLines(output).to_the_end() as log:
                digest = docker.build_and_push(
                    paths, reference, flags=flags, metadata=metadata, log=log
                )
        if caches.must_be_written(metadata.read_text(encoding="utf-8")):
            docker.write_cache(paths, flags=[*flags, *caches.flags], metadata=metadata)
            caches.warn_if_not_written(metadata.read_text(encoding="utf-8"), output)
    return digest


def _flags(parameters: BuildParameters) -> list[str]:
    flags = docker_flags.common_flags(parameters)
    for secret in parameters.secrets:
        local_secrets.check_build_secret_size(secret, _size(secret))
        flags.append(
            docker_flags.secret_flag(secret, os.path.abspath(secret.file) if secret.file else "")
        )
    return flags


def _size(secret: BuildSecret) -> int:
    """The bytes that docker will read; nothing is read here: of a pipe it would be gone."""
    if secret.variable:
        return len(os.fsencode(os.environ[secret.variable]))
    try:
        return os.stat(secret.file).st_size
    except OSError:  # docker says what is wrong
        return 0


@contextlib.contextmanager
def _paths(parameters: BuildParameters, output: Output) -> Iterator[docker.BuildPaths]:
    if parameters.source.dirty:
        tracked_files.refuse_lfs_pointers(parameters.root)
        with _without_git(parameters) as paths:
            yield paths
    else:
        with checkout.checkout(parameters.root, parameters.source.commit, output) as clean:
            yield docker.BuildPaths(
                context=clean.folder / parameters.context,
                dockerfile=clean.folder / parameters.dockerfile,
                keep_open=clean.keep_open,
            )


@contextlib.contextmanager
def _without_git(parameters: BuildParameters) -> Iterator[docker.BuildPaths]:
    """The working tree without `.git`, which no clean build has and where passwords may stand.

    An ignore file beside the Dockerfile, with its name, goes before the one of the context
    (docs.docker.com/build/concepts/context, "Filename and location").
    """
    context = parameters.root / parameters.context
    theirs = parameters.root / parameters.dockerfile
    ignores = (theirs.with_name(theirs.name + IGNORE), context / IGNORE)
    ignored = next((path.read_bytes() for path in ignores if path.is_file()), b"")
    with tempfile.TemporaryDirectory(prefix="kubectl-submit-") as folder:
        ours = Path(folder) / theirs.name
        ours.write_bytes(theirs.read_bytes())
        ours.with_name(ours.name + IGNORE).write_bytes(ignored + b"\n**/.git\n")
        yield docker.BuildPaths(context=context, dockerfile=ours)
