"""What this machine knows of passwords: from docker's configuration and from git's helpers.

docker's is `config.json`, its helpers are programs `docker-credential-NAME` that read the name of a
registry and answer in JSON (docker-credential-helpers, README.md); git's are asked by `git
credential fill` (git-credential(1)). What git tells a server besides comes from settings of its own
(`http.<url>.extraHeader`, git-config(1)) or from curl's (~/.netrc).
"""

from __future__ import annotations

import base64
import contextlib
import json
import netrc
import os
import re
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from kubectl_submit.errors import UsageError
from kubectl_submit.process import command
from kubectl_submit.source.git_settings import (
    ASK_NOBODY,
    QUIET_SETTINGS,
    as_environment,
    quiet_environment,
)

DOCKER_HUB = "https://index.docker.io/v1/"
FIELDS = ("auth", "username", "password", "identitytoken", "registrytoken")
REFUSED = re.compile(r"could not read Username|Authentication failed|error: 40[13]|not found")
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


def git_password(url: str) -> dict[str, str]:
    """What git would tell the server of an HTTP URL; empty if that is nothing.

    `username` and `password`, or `header`: a whole header of another kind. From the URL itself, a
    setting `http.<url>.extraHeader`, git's credential helpers, or a netrc file.
    """
    return _of_header(url) or _of_helpers(url) or _of_netrc(url)


def is_public(url: str) -> bool:
    """Whether the server of an HTTP URL tells anybody of it; also where it does not answer."""
    alone = {
        **as_environment(QUIET_SETTINGS),
        **ASK_NOBODY,
        "LC_ALL": "C",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_DIR": os.devnull,
        "HOME": os.devnull,
    }
    asked = command.run(["git", "ls-remote", "--quiet", url, "HEAD"], env=alone, check=False)
    return asked.exit_code == 0 or not REFUSED.search(asked.stderr)


def _of_header(url: str) -> dict[str, str]:
    """Of `http.<url>.extraHeader`, as actions/checkout sets it."""
    asked = command.run(
        ["git", "config", "--get-urlmatch", "http.extraHeader", url],
        env=quiet_environment(),
        check=False,
    )
    header = asked.stdout.strip()
    name, _, value = header.partition(":")
    if name.lower() != "authorization":
        return {}
    kind, _, account = value.strip().partition(" ")
    with contextlib.suppress(ValueError):
        user, colon, password = base64.b64decode(account, validate=True).decode().partition(":")
        if kind.lower() == "basic" and colon:
            return {"username": user, "password": password}
    return {"header": header}


def _of_helpers(url: str) -> dict[str, str]:
    settings = {**quiet_environment(), "GIT_TERMINAL_PROMPT": "0"}
    asked = command.run(
        ["git", "credential", "fill"], stdin=f"url={url}\n\n", env=settings, check=False
    )
    told = dict(line.partition("=")[::2] for line in asked.stdout.splitlines())
    found = {key: told.get(key, "") for key in ("username", "password")}
    return found if asked.exit_code == 0 and found["password"] else {}


def _of_netrc(url: str) -> dict[str, str]:
    """Of the file that curl reads for git."""
    path = Path.home() / ".netrc"
    try:
        found = netrc.netrc(path).authenticators(urlsplit(url).hostname or "")
    except (OSError, netrc.NetrcParseError, ValueError):
        return {}
    return {"username": found[0], "password": found[2] or ""} if found else {}


def _docker_configuration() -> dict[str, Any]:
    folder = Path(os.environ.get("DOCKER_CONFIG") or Path.home() / ".docker")
    path = folder / "config.json"
    try:
        configuration = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise UsageError(f"cannot read docker's configuration {path}: {error}") from None
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
    """A mapping inside of a mapping; empty where something else stands there."""
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
