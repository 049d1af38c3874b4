"""Parses the values of options about Secrets; each function raises ValueError."""

from __future__ import annotations

import os
import re
from typing import NamedTuple

from kubectl_submit.cli.options.values import ENVIRONMENT_NAME, encodable, secret_name


# Named tuples, because dataclasses take several times as long to create, and delay --help.
class SecretMount(NamedTuple):
    """An existing Secret, and the folder at which it is mounted."""

    name: str
    path: str


class SecretFile(NamedTuple):
    """A local file or folder, and its path in the containers."""

    local: str
    path: str


class SecretEnvironment(NamedTuple):
    """A variable in the containers, and the local variable that it is copied from."""

    name: str
    source: str


class BuildSecret(NamedTuple):
    """A build secret; its value is in a local file or variable."""

    id: str
    file: str = ""
    variable: str = ""


def secret_mount(text: str) -> SecretMount:
    """`NAME` or `NAME:/path`; the default path is /run/secrets/NAME."""
    name, colon, path = text.partition(":")
    secret_name(name)
    if colon and (not path.startswith("/") or ":" in path or path.rstrip("/") == ""):
        raise ValueError(f"{path!r} is not an absolute path; write NAME:/path")
    return SecretMount(name=name, path=path or f"/run/secrets/{name}")


def secret_file(text: str) -> SecretFile:
    """`LOCAL` or `LOCAL:/path`; the default path is /run/secrets/ and the local name."""
    local, colon, path = encodable(text).rpartition(":")
    if not (colon and path.startswith("/")):
        local, path = text, ""
    name = os.path.basename(os.path.abspath(local)) if local else ""
    if not name:
        raise ValueError(f"{text!r} names no file; write FILE or FILE:/path")
    if path and os.path.normpath(path) in ("/", "//"):
        raise ValueError(f"{path!r} is not a path for a file")
    return SecretFile(local=local, path=path or f"/run/secrets/{name}")


def secret_environment(text: str) -> SecretEnvironment:
    """`NAME`, or `NAME=KEY` for the value of the local variable KEY."""
    name, equals, source = text.partition("=")
    if not re.fullmatch(ENVIRONMENT_NAME, name):
        raise ValueError(f"{name!r} is not a name for a variable; write NAME or NAME=KEY")
    source = source if equals else name
    if source not in os.environ:
        raise ValueError(f"{source!r} is not set in the environment")
    try:
        os.environ[source].encode()
    except UnicodeEncodeError:  # not `encodable`, whose error shows the value
        raise ValueError(f"the value of {source!r} is not valid UTF-8") from None
    return SecretEnvironment(name=name, source=source)


def build_secret(text: str) -> BuildSecret:
    """`id=ID,src=FILE` or `id=ID,env=NAME`, as docker writes it."""
    fields = dict(field.partition("=")[::2] for field in encodable(text).split(","))
    source = fields.pop("src", "") or fields.pop("source", "")
    found = BuildSecret(id=fields.pop("id", ""), file=source, variable=fields.pop("env", ""))
    if fields or not re.fullmatch(r"[-._a-zA-Z0-9]+", found.id):
        raise ValueError(f"{text!r}: write id=ID,src=FILE or id=ID,env=NAME")
    if bool(found.file) == bool(found.variable):
        raise ValueError(f"{text!r}: either src=FILE or env=NAME is needed")
    if found.variable and found.variable not in os.environ:
        raise ValueError(f"{found.variable!r} is not set in the environment")
    return found
