"""The flags of `docker buildx build`. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from kubectl_submit.cli.options.secret_values import BuildSecret
from kubectl_submit.parameters.build_parameters import BuildParameters


def common_flags(parameters: BuildParameters) -> list[str]:
    """The flags that a build has wherever it runs: all but its secrets and its own cache."""
    return [
        *build_flags(parameters.target, parameters.build_args, parameters.platform),
        *(f"--label={name}={value}" for name, value in parameters.labels),
        *cache_flags(parameters.cache_from, parameters.cache_to),
    ]


def build_flags(
    target: str | None, build_args: tuple[tuple[str, str], ...], platform: str | None
) -> list[str]:
    """The flags of `docker buildx build` that decide what is in the image."""
    flags = [f"--build-arg={key}={value}" for key, value in build_args]
    if target:
        flags.append(f"--target={target}")
    if platform:
        flags.append(f"--platform={platform}")
    return flags


def cache_flags(read: Iterable[str], written: Iterable[str]) -> list[str]:
    """The flags that name caches, in docker's own notation."""
    return [
        *(f"--cache-from={one}" for one in read),
        *(f"--cache-to={one}" for one in written),
    ]


def secret_flag(secret: BuildSecret, file: str) -> str:
    """The flag that names a secret's source, which is a file unless it is a variable here."""
    source = f"src={file}" if file else f"env={secret.variable}"
    if set(',"\r\n') & set(source):  # docker reads the flag as a line of CSV (RFC 4180)
        escaped = source.replace('"', '""')
        source = f'"{escaped}"'
    return f"--secret=id={secret.id},{source}"
