"""What git gets to know through its environment; pure.

Settings there are git's (git-config(1), GIT_CONFIG_COUNT); the user's own stay.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import unquote

from kubectl_submit.git_url import takes_password, userinfo, without_credentials

# A remote of the form `ext::…` is a command (git-remote-ext(1)); git refuses it unless told else.
QUIET_SETTINGS = (
    ("core.hooksPath", os.devnull),
    ("core.fsmonitor", "false"),
    ("protocol.ext.allow", "never"),
)
PASSWORD_VARIABLE = "KUBECTL_SUBMIT_GIT_PASSWORD"  # noqa: S105
PASSWORD_HELPER = f"""!f() {{ printf 'password=%s\\n' "${PASSWORD_VARIABLE}"; }}; f"""


@dataclass(frozen=True, kw_only=True)
class Access:
    """How git reaches a remote."""

    address: str
    """What to call it as an argument: its name, or a URL."""
    settings: Sequence[tuple[str, str]] = ()
    variables: Mapping[str, str] = field(default_factory=dict)

    @property
    def environment(self) -> dict[str, str]:
        """What git needs in its environment for that."""
        return {**quiet_environment(self.settings), **self.variables}


def quiet_environment(more: Sequence[tuple[str, str]] = ()) -> dict[str, str]:
    """The user's repository is only read: no index is refreshed, no hook or monitor started."""
    count = int(os.environ.get("GIT_CONFIG_COUNT") or 0)
    settings = (*QUIET_SETTINGS, *more)
    environment = {"GIT_OPTIONAL_LOCKS": "0", "GIT_CONFIG_COUNT": str(count + len(settings))}
    for number, (key, value) in enumerate(settings, count):
        environment |= {f"GIT_CONFIG_KEY_{number}": key, f"GIT_CONFIG_VALUE_{number}": value}
    return environment


def access(remote: str, url: str) -> Access:
    """How git reaches a remote with a password in its URL, without one in any argument.

    git calls the program of the transport with the URL. So it gets the URL without the password,
    and that from a credential helper (gitcredentials(7)).
    """
    user, colon, password = userinfo(url).partition(":")
    user, password = unquote(user), unquote(password)
    if not (user or colon) or not takes_password(url) or {"\n", "\0"} & {*user, *password}:
        return Access(address=remote)  # git itself refuses a line feed in a password
    clean = without_credentials(url)
    host = "/".join(clean.split("/")[:3])
    settings = [
        # The longest `insteadOf` counts: none of the user's brings the password back.
        (f"url.{clean}.insteadOf", clean),
        (f"url.{clean}.pushInsteadOf", clean),
        (f"credential.{host}.username", user),
    ]
    if colon:
        settings += [
            (f"credential.{host}.helper", ""),  # … and no other helper is asked
            (f"credential.{host}.helper", PASSWORD_HELPER),
        ]
    return Access(address=clean, settings=settings, variables={PASSWORD_VARIABLE: password})
