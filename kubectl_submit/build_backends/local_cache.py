"""The caches of a local build, in a registry: those that are there, and the one to be written."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from dataclasses import dataclass

from kubectl_submit.build_backends import docker, docker_flags, platforms
from kubectl_submit.errors import BuildError
from kubectl_submit.output import Output
from kubectl_submit.parameters.build_parameters import BuildParameters
from kubectl_submit.process.pending import Pending


@dataclass(frozen=True, kw_only=True)
class LocalCaches:
    """The caches that a build uses."""

    read: tuple[str, ...] = ()
    """References of those that are there: docker tells of any other one as an error."""
    written: str = ""
    """The reference of the one to write; empty where the builder cannot write it."""

    @property
    def flags(self) -> list[str]:
        """The flags of `docker buildx build` for them.

        What is written has the layers of every stage, in a manifest that looks like an image's:
        some registries take no other. Where it cannot be written, the build still succeeds.
        """
        form = "mode=max,image-manifest=true,oci-mediatypes=true,ignore-error=true"
        return docker_flags.cache_flags(
            [f"type=registry,ref={one}" for one in self.read],
            [f"type=registry,ref={self.written},{form}"] if self.written else [],
        )

    @contextlib.contextmanager
    def explaining_failures(self) -> Iterator[None]:
        """Add to a failure of the build what to do where a cache is the reason."""
        try:
            yield
        except BuildError as error:
            if self.read:
                error.remedy += (
                    "\nIf they say that a layer is not found, the build cache has lost it: build "
                    f"with --build-cache none, or delete the tag {' and '.join(self.read)}."
                )
            raise

    def must_be_written(self, metadata: str) -> bool:
        """Whether the metadata of a build that ended well tells of no cache, though it should."""
        return bool(self.written) and not _has_written(metadata)

    def warn_if_not_written(self, metadata: str, output: Output) -> None:
        """Say so, if the metadata of a build that ended well tells of no cache."""
        if self.must_be_written(metadata):
            output.error(
                f"warning: the build cache {self.written} was not written: its reason is above.\n"
                "Use another one with --build-cache registry=REPOSITORY, or none with "
                "--build-cache none."
            )


def start_finding(parameters: BuildParameters, platform: str) -> Pending[LocalCaches]:
    """Ask which caches there are, and whether the builder can write one.

    `platform`: that of the cluster's nodes; empty if it is not known.
    """
    built_for = parameters.platform or platform or platforms.here()
    references = parameters.cache.references(parameters.push_name, built_for)
    if not references:
        return Pending(LocalCaches)
    can_write = docker.start_asking_for_cache_export()
    there = [docker.start_digest(one) for one in references]

    def answer() -> LocalCaches:
        found = [digest.result() for digest in there]
        if not can_write.result():
            return LocalCaches()
        read = (one for one, digest in zip(references, found, strict=True) if digest)
        return LocalCaches(read=tuple(read), written=references[0])

    return Pending(answer)


def _has_written(metadata: str) -> bool:
    """Whether buildx' metadata file tells of a cache that was written."""
    try:
        return "cache.manifest" in json.loads(metadata)
    except (ValueError, TypeError):
        return False
