"""Collects what to run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from kubectl_submit.cli.options import Options
from kubectl_submit.error_codes import ErrorCode
from kubectl_submit.errors import UsageError
from kubectl_submit.manifests import run_secrets
from kubectl_submit.model.image import Image
from kubectl_submit.model.provenance import Source, recorded_command
from kubectl_submit.parameters import credentials, mount_paths
from kubectl_submit.parameters.build_parameters import BuildParameters
from kubectl_submit.parameters.run_name import run_name
from kubectl_submit.source.identity import me


@dataclass(frozen=True, kw_only=True)
class ExecutionParameters:
    """All that an execution backend needs."""

    name: str
    source: Source
    image: Image
    argv: tuple[str, ...]
    options: Options
    """The options for its manifest; None keeps the value of the manifest."""
    new_secrets: tuple[run_secrets.RunSecret, ...]
    """The Secrets that are created for it."""
    registry_secret: str | None
    own: object
    """The parameters of this kind of execution alone, from its backend."""
    gpu_labels: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """The labels of nodes, with their values, of which `--gpu-type` needs one; empty: any node."""

    @property
    def manifest(self) -> Path | None:
        """The user's own manifest."""
        return Path(self.options.manifest) if self.options.manifest else None

    def environment(self) -> dict[str, str]:
        """The facts as variables of every container, and the user's own after them."""
        return self.source.environment(self.name) | dict(self.options.env)

    def recorded(self) -> dict[str, object]:
        """What is recorded as annotations besides the facts of the source."""
        recorded = {"image": self.image.reference, **recorded_command(self.argv)}
        return recorded | ({"changes": self.source.changes} if self.source.changes else {})


def collect_execution_parameters(
    options: Options,
    argv: tuple[str, ...],
    build: BuildParameters | None,
    image: Image,
    limit: int,
    own: object = None,
) -> ExecutionParameters:
    """What to run; without a build, the source says only who runs it. Raises UsageError.

    `own`: what the backend has collected for itself; `limit`: characters of the run's name.
    """
    mount_paths.check(options)
    _check_limits(options)
    name = build.name if build else run_name(options.name, image.name.split("/")[-1], limit)
    known = credentials.run_credentials(options, name, image.name)
    return ExecutionParameters(
        name=name,
        source=build.source if build else Source(created_by=me()),
        image=image,
        argv=argv,
        options=options,
        new_secrets=known.new_secrets,
        registry_secret=known.registry_secret,
        own=own,
    )


def _check_limits(options: Options) -> None:
    if options.gpus is not None and options.gpu_resource in dict(options.limits):
        raise UsageError(
            f"--gpus and --limits both give {options.gpu_resource}",
            code=ErrorCode.GIVEN_TWICE,
            remedy="Leave one of them out.",
        )
