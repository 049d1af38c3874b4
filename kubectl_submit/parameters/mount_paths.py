"""Checks that no two options mount something at the same path of the containers."""

from __future__ import annotations

from collections.abc import Iterator

from kubectl_submit.cli.options import Options
from kubectl_submit.parameters.local_secrets import normal, refuse_twice

SHARED_MEMORY = "/dev/shm"  # noqa: S108


def check(options: Options) -> None:
    """UsageError where a volume, scratch space or shared memory would hide something else."""
    secrets = {normal(one.path): f"--secret {one.name}" for one in options.secret}
    secrets |= {normal(one.path): f"--secret-file {one.local}" for one in options.secret_file}
    refuse_twice(secrets, _volumes(options), "Give one of them another path.")


def _volumes(options: Options) -> Iterator[tuple[str, str]]:
    """Path and flag of each volume."""
    if options.shm_size:
        yield SHARED_MEMORY, f"--shm-size {options.shm_size}"
    for volume in options.volume:
        yield volume.path, f"--volume {volume.name}:{volume.path}"
    for scratch in options.scratch:
        yield scratch.path, f"--scratch {scratch.size}:{scratch.path}"
