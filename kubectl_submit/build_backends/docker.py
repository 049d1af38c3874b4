"""Calls docker; the only module that does."""

from __future__ import annotations

import json
import math
import os
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from kubectl_submit.error_codes import ErrorCode
from kubectl_submit.errors import BuildError, MissingProgramError
from kubectl_submit.model.image import parse_digest
from kubectl_submit.process import command, lines
from kubectl_submit.process.pending import Pending

WHOLE_LOG = "Its last lines are above; --verbose shows all of them."
# What docker says of a plugin that it does not have: "'buildx' is not a docker command" (before
# 28), "unknown command: docker buildx".
NO_PLUGIN = re.compile(r"is not a docker command|unknown command")
IN_THE_CLUSTER = "or build in the cluster: --build remote."


def choose_builder(name: str) -> None:
    """Let every call from now on use this builder of buildx."""
    os.environ["BUILDX_BUILDER"] = name


def installed() -> bool:
    """Whether there is a docker to ask."""
    return shutil.which("docker") is not None


def check() -> None:
    """MissingProgramError unless docker and its buildx plugin are there.

    BuildError where docker itself does not work: a context that does not exist, say.
    """
    result = command.run(["docker", "buildx", "version"], check=False)
    if "buildah" in result.stdout:  # podman's own `buildx` has neither --push nor imagetools
        raise MissingProgramError(
            "docker is podman here, which has no buildx",
            code=ErrorCode.DOCKER_IS_PODMAN,
            remedy=f"Install docker with the plugin docker-buildx, {IN_THE_CLUSTER}",
        )
    if result.exit_code != 0 and NO_PLUGIN.search(result.stderr):
        raise MissingProgramError(
            "docker has no buildx",
            code=ErrorCode.DOCKER_WITHOUT_BUILDX,
            last_words=result.stderr,
            remedy=f"Install the plugin docker-buildx, {IN_THE_CLUSTER}",
        )
    if result.exit_code != 0:
        raise BuildError(
            "docker does not work",
            code=ErrorCode.DOCKER_NOT_WORKING,
            last_words=result.stderr,
            remedy=f"`docker buildx version` must work; {IN_THE_CLUSTER}",
        )


@dataclass(frozen=True, kw_only=True)
class Found:
    """What a registry says of a tag or a digest."""

    digest: str = ""
    """`sha256:…`, of the index or manifest that a pull would use; empty if there is none."""
    platforms: tuple[str, ...] = ()
    """Such as `linux/amd64`."""
    trouble: str = ""
    """docker's words, where it cannot tell whether there is one."""


def digest(reference: str) -> str:
    """The digest of a tag in its registry, `sha256:…`; empty if it is not there or not told."""
    return start_finding(reference).result().digest


def start_digest(reference: str) -> Pending[str]:
    """Ask a registry for a digest."""
    found = start_finding(reference)
    return Pending(lambda: found.result().digest)


def start_finding(reference: str, patience: float = math.inf) -> Pending[Found]:
    """Ask a registry for an image.

    `patience`: how many seconds it may take once its answer is needed.
    """
    argv = ["docker", "buildx", "imagetools", "inspect", reference, "--format", "{{json .}}"]
    asked = command.Started(argv)

    def answer() -> Found:
        if not asked.ends_within(patience):
            asked.stop()
            return Found(trouble=f"no answer in {patience:g} seconds")
        result = asked.result()
        if result.exit_code == 0:
            return _found(result.stdout)
        words = (result.stderr.strip().splitlines() or ["docker says nothing"])[-1]
        return Found(trouble="" if words.endswith(": not found") else words)

    return Pending(answer)


def _found(told: str) -> Found:
    """What `imagetools inspect` tells: `image` is the configuration, in an index one a platform."""
    try:
        answer = json.loads(told)
        configurations = answer.get("image") or {}
        if "architecture" in configurations:
            configurations = {f"{configurations['os']}/{configurations['architecture']}": {}}
        digest = parse_digest(answer["manifest"]["digest"])
        return Found(digest=digest, platforms=tuple(configurations))
    except (ValueError, KeyError, TypeError, AttributeError):
        return Found(trouble="docker buildx imagetools does not tell the digest")


@dataclass(frozen=True, kw_only=True)
class BuildPaths:
    """What docker builds from."""

    context: Path
    dockerfile: Path
    keep_open: tuple[int, ...] = ()
    """Descriptors that docker inherits."""


def build_and_push(
    paths: BuildPaths, reference: str, *, flags: list[str], metadata: Path, log: lines.Listener
) -> str:
    """Build a folder, push the image, and give the digest, `sha256:…`, of what was pushed.

    buildx' log goes to `log`. Raises BuildError.
    """
    argv = ["docker", "buildx", "build", "--push", "--provenance=false", "--tag", reference]
    argv += ["--metadata-file", str(metadata), "--file", str(paths.dockerfile), *flags]
    argv += ["--progress=plain", str(paths.context)]
    exit_code = lines.show(argv, log, paths.keep_open)
    if exit_code != 0:
        raise BuildError(
            f"the image build failed: docker buildx exited {exit_code}",
            code=ErrorCode.BUILD_FAILED,
            remedy=WHOLE_LOG,
        )
    return pushed_digest(metadata.read_text(encoding="utf-8") if metadata.exists() else "")


def write_cache(paths: BuildPaths, *, flags: list[str], metadata: Path) -> None:
    """Write the caches that the flags name, and nothing else, of what was just built."""
    argv = ["docker", "buildx", "build", "--output=type=cacheonly", "--provenance=false"]
    argv += ["--metadata-file", str(metadata), "--file", str(paths.dockerfile), *flags]
    command.run([*argv, str(paths.context)], check=False)


def pushed_digest(metadata: str) -> str:
    """The digest in buildx' metadata file: its key `containerimage.digest`, never a tag."""
    try:
        return parse_digest(json.loads(metadata)["containerimage.digest"])
    except (ValueError, KeyError, TypeError):
        raise BuildError(
            "docker buildx pushed nothing: no digest in its metadata",
            code=ErrorCode.NO_IMAGE_DIGEST,
        ) from None


def start_asking_for_cache_export() -> Pending[bool]:
    """Ask whether the builder can write a cache to a registry.

    The builder of docker itself can where docker keeps images in containerd's store.
    """
    asked = command.Started(["docker", "--debug", "buildx", "inspect"])

    def answer() -> bool:
        result = asked.result()
        told = re.search(r"(?m)^\s*Cache export:\s*(\w+)", result.stdout)
        if told:
            return told[1] == "true"
        # Before it told this (buildx 0.11), docker's own could not.
        return result.exit_code == 0 and not re.search(r"(?m)^Driver:\s*docker$", result.stdout)

    return Pending(answer)
