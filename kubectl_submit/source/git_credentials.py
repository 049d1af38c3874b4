"""Finds git's passwords for servers on this machine.

Its helpers are asked by `git credential fill` (git-credential(1)). What git sends a server besides
comes from settings of its own (`http.<url>.extraHeader`, git-config(1)) or from curl's (~/.netrc).
"""

from __future__ import annotations

import base64
import contextlib
import netrc
import os
import re
from pathlib import Path
from urllib.parse import urlsplit

from kubectl_submit.process import command
from kubectl_submit.source import remotes
from kubectl_submit.source.git_settings import (
    ASK_NOBODY,
    QUIET_SETTINGS,
    as_environment,
    quiet_environment,
)
from kubectl_submit.source.git_url import without_credentials

# How a server is reached, but not by whom.
WAY = re.compile(r"http\.(.*\.)?(proxy\w*|ssl(cainfo|capath|verify|backend))$", re.DOTALL)
REFUSED = re.compile(r"could not read Username|Authentication failed|error: 40[13]|not found")


def git_password(url: str) -> dict[str, str]:
    """The credentials that git would use for an HTTP URL; empty if there are none.

    `username` and `password`, or `header`: a whole header of another kind. From the URL itself, a
    setting `http.<url>.extraHeader`, git's credential helpers, or a netrc file.
    """
    return _of_header(url) or _of_helpers(url) or _of_netrc(url)


def is_public(url: str) -> bool:
    """Whether an HTTP server lets anyone read the repository; true where it does not answer."""
    network = [(key, value) for key, value in remotes.configuration(Path.cwd()) if WAY.match(key)]
    alone = {
        **as_environment((*QUIET_SETTINGS, *network)),
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
        # Arguments are for everybody on this machine to see.
        ["git", "config", "--get-urlmatch", "http.extraHeader", without_credentials(url)],
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
