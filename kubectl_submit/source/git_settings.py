"""The environment variables for git.

Settings there are git's (git-config(1), GIT_CONFIG_COUNT); the user's own stay.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote

from kubectl_submit.error_codes import ErrorCode
from kubectl_submit.errors import RepositoryError
from kubectl_submit.source.git_url import takes_password, userinfo, without_credentials

# A remote of the form `ext::…` is a command (git-remote-ext(1)); git refuses it by default.
QUIET_SETTINGS = (
    ("core.hooksPath", os.devnull),
    ("core.fsmonitor", "false"),
    ("protocol.ext.allow", "never"),
    ("core.splitIndex", "false"),  # an index of our own must leave nothing in the repository
)
ADDRESS = "kubectl-submit-remote"
"""The remote's alias in git's arguments; a setting maps it to the URL."""
# git and ssh fail where they would ask for a password.
ASK_NOBODY = {
    "GIT_TERMINAL_PROMPT": "0",
    "SSH_ASKPASS": "false",
    "SSH_ASKPASS_REQUIRE": "force",
}
# Those of `git rev-parse --local-env-vars` that say where a repository and its parts are.
OF_ONE_REPOSITORY = (
    *("GIT_DIR", "GIT_COMMON_DIR", "GIT_WORK_TREE", "GIT_IMPLICIT_WORK_TREE", "GIT_PREFIX"),
    *("GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY", "GIT_SHALLOW_FILE", "GIT_GRAFT_FILE"),
    *("GIT_REPLACE_REF_BASE", "GIT_NAMESPACE", "GIT_INTERNAL_SUPER_PREFIX"),
)
PASSWORD_VARIABLE = "KUBECTL_SUBMIT_GIT_PASSWORD"  # noqa: S105
PASSWORD_HELPER = f"""!f() {{ printf 'password=%s\\n' "${PASSWORD_VARIABLE}"; }}; f"""


@dataclass(frozen=True, kw_only=True)
class Access:
    """How git reaches a URL that it is to call ADDRESS."""

    settings: Sequence[tuple[str, str]]
    variables: Mapping[str, str] = field(default_factory=dict)

    @property
    def environment(self) -> dict[str, str]:
        """What git needs in its environment for that."""
        return {**quiet_environment(self.settings), **self.variables}


def quiet_environment(more: Sequence[tuple[str, str]] = ()) -> dict[str, str]:
    """The user's repository is only read: no index is refreshed, no hook or monitor started.

    A commit is what everybody gets under its name: `git replace` is this repository's alone.
    Raises RepositoryError where GIT_CONFIG_COUNT is no number, which git refuses, too.
    """
    given = os.environ.get("GIT_CONFIG_COUNT") or "0"
    if not (given.isascii() and given.isdigit()):
        raise RepositoryError(
            f"GIT_CONFIG_COUNT is {given!r}, which is not a number",
            code=ErrorCode.GIT_CONFIG_COUNT,
            remedy="Unset it, or set it to the number of settings (git-config(1)).",
        )
    count = int(given)
    settings = as_environment((*QUIET_SETTINGS, *more), count)
    return {"GIT_OPTIONAL_LOCKS": "0", "GIT_NO_REPLACE_OBJECTS": "1", **settings}


def forget_repository() -> None:
    """Let git look for a repository around each folder that we ask it about.

    git names its own one to what it starts: a hook, an alias, `git rebase --exec`. There it would
    be taken for that of a submodule, too (githooks(5)).
    """
    for name in OF_ONE_REPOSITORY:
        os.environ.pop(name, None)


def as_environment(settings: Sequence[tuple[str, str]], begin: int = 0) -> dict[str, str]:
    """The variables that give git these settings, after the first `begin` that it has already."""
    environment = {"GIT_CONFIG_COUNT": str(begin + len(settings))}
    for number, (key, value) in enumerate(settings, begin):
        environment |= {f"GIT_CONFIG_KEY_{number}": key, f"GIT_CONFIG_VALUE_{number}": value}
    return environment


def objects_beside(objects: Path) -> str:
    """An object database for GIT_ALTERNATE_OBJECT_DIRECTORIES, and those that are there already.

    Quoted, so that its path may have a colon (git(1)).
    """
    escaped = str(objects).replace("\\", "\\\\").replace('"', '\\"')
    already = os.environ.get("GIT_ALTERNATE_OBJECT_DIRECTORIES", "")
    return os.pathsep.join(filter(None, [f'"{escaped}"', already]))


def of_remote(settings: Sequence[tuple[str, str]], remote: str) -> list[tuple[str, str]]:
    """The proxy that is set for a remote alone, for the same remote under the name ADDRESS."""
    names = {f"remote.{remote}.{name}": name for name in ("proxy", "proxyauthmethod")}
    return [(f"remote.{ADDRESS}.{names[key]}", value) for key, value in settings if key in names]


def access(url: str, more: Sequence[tuple[str, str]] = ()) -> Access:
    """How git reaches a remote's URL, without a password in any argument.

    git calls the program of the transport with the URL. So it gets one without the password, and
    that from a credential helper (gitcredentials(7)). No setting of the remote and no `insteadOf`
    of the user's counts: they are part of the URL already. `more`: other settings that it needs.
    """
    clean = without_credentials(url)
    settings = [(f"url.{clean}.insteadOf", ADDRESS), *more]
    user, colon, password = userinfo(url).partition(":")
    user, password = unquote(user), unquote(password)
    # git itself refuses a line feed in a password.
    if not (user or colon) or not takes_password(url) or {"\n", "\0"} & {*user, *password}:
        return Access(settings=settings)
    host = "/".join(clean.split("/")[:3])
    settings.append((f"credential.{host}.username", user))
    if colon:
        settings += [
            (f"credential.{host}.helper", ""),  # … and no other helper is asked
            (f"credential.{host}.helper", PASSWORD_HELPER),
        ]
    return Access(settings=settings, variables={PASSWORD_VARIABLE: password})
