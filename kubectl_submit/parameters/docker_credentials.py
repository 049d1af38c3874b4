"""Finds docker's passwords for registries on this machine.

Its configuration is `config.json`; its helpers are programs `docker-credential-NAME` that read the
name of a registry and answer in JSON (docker-credential-helpers, README.md).
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from kubectl_submit.error_codes import ErrorCode
from kubectl_submit.errors import UsageError
from kubectl_submit.process import command

DOCKER_HUB = "https://index.docker.io/v1/"
FIELDS = ("auth", "username", "password", "identitytoken", "registrytoken")
# What a helper says in place of a user where the secret is a token (docker/cli, cli/config/
# credentials/native_store.go).
TOKEN_USER = "<token>"  # noqa: S105


def registry_password(image_name: str) -> dict[str, str]:
    """What docker knows for the registry of an image, as in `auths` of its configuration.

    Empty if that is nothing. Raises UsageError, MissingProgramError.
    """
    host = registry_key(image_name)
    configuration = _docker_configuration()
    helper = _part(configuration, "credHelpers").get(host) or configuration.get("credsStore")
    for key in (host, f"https://{host}", f"https://{host}/v1/", f"https://{host}/v2/"):
        found = _kept(_of_environment(), key)
        if not found and helper and isinstance(helper, str):
            found = _of_helper(helper, key)
        found = found or _kept(configuration, key)
        if found:
            return found
    return {}


def registry_key(image_name: str) -> str:
    """The registry of an image as docker's configuration calls it: `registry.example:5000`."""
    host, slash, _ = image_name.partition("/")
    if not slash or not (set(".:") & set(host) or host == "localhost"):
        host = "docker.io"
    return DOCKER_HUB if host in ("docker.io", "index.docker.io") else host


def _docker_configuration() -> dict[str, Any]:
    folder = Path(os.environ.get("DOCKER_CONFIG") or Path.home() / ".docker")
    path = folder / "config.json"
    try:
        configuration = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise UsageError(
            f"cannot read docker's configuration {path}: {error}",
            code=ErrorCode.DOCKER_CONFIGURATION_UNREADABLE,
        ) from None
    return configuration if isinstance(configuration, dict) else {}


def _of_environment() -> dict[str, Any]:
    """What goes before the configuration since docker 28.3; as there, only if it can be read."""
    try:
        configuration = json.loads(os.environ.get("DOCKER_AUTH_CONFIG", "{}"))
    except ValueError:
        return {}
    return configuration if isinstance(configuration, dict) else {}


def _kept(configuration: dict[str, Any], key: str) -> dict[str, str]:
    """What a configuration itself has for a registry."""
    kept = _part(_part(configuration, "auths"), key)
    return {name: kept[name] for name in FIELDS if _is_text(kept.get(name))}


def _part(configuration: dict[str, Any], key: str) -> dict[str, Any]:
    """A mapping inside a mapping; empty where the value is something else."""
    found = configuration.get(key)
    return found if isinstance(found, dict) else {}


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value)


def _of_helper(helper: str, key: str) -> dict[str, str]:
    """What one of docker's credential helpers answers."""
    asked = command.run([f"docker-credential-{helper}", "get"], stdin=key, check=False)
    if asked.exit_code != 0:
        return {}
    try:
        told = json.loads(asked.stdout)
        user, secret = str(told["Username"]), str(told["Secret"])
    except (ValueError, KeyError, TypeError):
        return {}
    if user == TOKEN_USER:
        return {"identitytoken": secret}
    return {"username": user, "password": secret}
