"""What can be said of a git URL without asking git; pure. The forms are those of gitprotocol(7)."""

from __future__ import annotations

import re

TRANSPORTS = ("https", "http", "ssh", "git")
# Also with a remote helper before it: gcrypt::https://… (gitremote-helpers(7)).
WITH_SCHEME = re.compile(
    r"((?:[a-z0-9+.-]+::)*[a-z][a-z0-9+.-]*)://(?:[^/]*@)?(.*)", re.IGNORECASE | re.DOTALL
)
# user@host:path, no slash before the colon; never an option, never `transport::address`.
SCP_FORM = re.compile(r"(?:[\w.-]+@)?[\w.-]+:(?!:)[^:].*")


def without_credentials(url: str) -> str:
    """The URL as it may be shown and stored: without user and password.

    >>> without_credentials("https://me:secret@git.example/team/app.git")
    'https://git.example/team/app.git'
    >>> without_credentials("git@git.example:team/app.git")
    'git@git.example:team/app.git'
    """
    match = WITH_SCHEME.fullmatch(url)
    if not match:
        return url
    user = re.match(r"ssh://([^/@:]+)(?::[^/]*)?@", url)  # ssh needs its user, which is no secret
    return f"{match[1]}://{user[1] + '@' if user else ''}{match[2]}"


def userinfo(url: str) -> str:
    """The part before the `@` of a URL with a scheme, `user:password`, still encoded."""
    match = WITH_SCHEME.fullmatch(url)
    return url[len(match[1]) + 3 : match.start(2)].removesuffix("@") if match else ""


def reachable_from_cluster(url: str) -> bool:
    """Whether a pod could fetch it: a network transport, not a folder of this machine."""
    if url.startswith("-") or not url.isprintable():
        return False
    match = WITH_SCHEME.fullmatch(url)
    if match:
        return match[1].lower() in TRANSPORTS
    return SCP_FORM.fullmatch(url) is not None


def takes_password(url: str) -> bool:
    """Whether its transport asks for a username and a password."""
    match = WITH_SCHEME.fullmatch(url)
    return match is not None and match[1].lower() in ("http", "https") and url.isprintable()


def project_name(url: str) -> str:
    """The last part of the path, without `.git`: `app`."""
    last = re.split(r"[/:]", url.rstrip("/"))[-1]
    return last.removesuffix(".git")
