"""The parameters of a Ray cluster."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from kubectl_submit.cli.options import Options
from kubectl_submit.error_codes import ErrorCode
from kubectl_submit.errors import UsageError

FIELDS = (
    "autoscale",
    "idle_timeout",
    "ray_version",
    "entrypoint_gpus",
    "head_cpu",
    "head_memory",
)


@dataclass(frozen=True, kw_only=True)
class RayParameters:
    """The flags for Ray; None means: as the manifest has it."""

    autoscale: bool = False
    """Workers come when they are needed, and go when they are idle."""
    idle_timeout: int | None = None
    """Seconds after which an idle worker goes."""
    ray_version: str | None = None
    entrypoint_gpus: int | None = None
    """GPUs for the command itself, which then runs on a worker."""
    head_cpu: str | None = None
    head_memory: str | None = None


def collect_ray_parameters(options: Options) -> RayParameters:
    """The flags for Ray. Raises UsageError where they are given and something else runs it."""
    if options.keep_entrypoint and options.execution == "ray":
        raise UsageError(
            "--keep-entrypoint is not for --execution ray",
            code=ErrorCode.OPTION_NOT_FOR_EXECUTION,
            remedy="Ray runs the command on its head, whose container KubeRay starts itself.",
        )
    found = {field: getattr(options, field) for field in FIELDS}
    # 0 is a value, and equal to False, which is none.
    given: dict[str, Any] = {
        field: value for field, value in found.items() if value or type(value) is int
    }
    if given and options.execution != "ray":
        flag = "--" + next(iter(given)).replace("_", "-")
        raise UsageError(f"{flag} is for --execution ray", code=ErrorCode.OPTION_NOT_FOR_EXECUTION)
    if "idle_timeout" in given and not options.autoscale:
        raise UsageError(
            "--idle-timeout is for --autoscale", code=ErrorCode.IDLE_TIMEOUT_NEEDS_AUTOSCALE
        )
    given.setdefault("ray_version", _version_in(options.image or ""))
    return RayParameters(**given)


def _version_in(reference: str) -> str | None:
    """The version in the tag of an image of Ray, as in `rayproject/ray:2.60.0-gpu`."""
    match = re.search(r"ray[^/:]*:(\d+\.\d+\.\d+)(?:[-.].*)?$", reference.partition("@")[0])
    return match[1] if match else None
