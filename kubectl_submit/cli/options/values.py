"""The forms that values of flags have, as pure functions; each raises ValueError."""

from __future__ import annotations

import os
import re
from typing import NamedTuple

UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
# Patterns as text: compiling them costs --help 4 ms.
# resource.Quantity without the exponent form, which nobody types.
QUANTITY = r"[0-9]+(\.[0-9]+)?(m|k|[MGTPE]|[KMGTPE]i)?"
DNS_LABEL = r"[a-z]([-a-z0-9]*[a-z0-9])?"
DNS_SUBDOMAIN = r"[a-z0-9]([-a-z0-9.]*[a-z0-9])?"
# Of a label's key behind its prefix, and of its value.
LABEL_PART = r"[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?"
LABEL_LENGTH = 63
DNS_LENGTH = 253
# What finds the objects of a run must stay as it is.
RESERVED_LABEL = (
    r"kubectl-submit/|app\.kubernetes\.io/managed-by$|batch\.kubernetes\.io/|job-name$"
    r"|controller-uid$|kueue\.x-k8s\.io/|ray\.io/"
)
ENVIRONMENT_NAME = r"[-._a-zA-Z][-._a-zA-Z0-9]*"
# The name part of distribution's reference grammar, with an optional host and port.
REPOSITORY = (
    r"([a-zA-Z0-9.-]+(:[0-9]+)?/)?[a-z0-9]+((\.|_{1,2}|-+)[a-z0-9]+)*"
    r"(/[a-z0-9]+((\.|_{1,2}|-+)[a-z0-9]+)*)*"
)


# Named tuples: --help would wait for dataclasses, which take several times as long to make.
class SecretMount(NamedTuple):
    """An existing Secret and the folder under which its keys appear as files."""

    name: str
    path: str


class SecretFile(NamedTuple):
    """A file or folder of this machine, and where it appears in the containers."""

    local: str
    path: str


class SecretEnvironment(NamedTuple):
    """A variable in the containers, and the one of this machine whose value it gets."""

    name: str
    source: str


class BuildSecret(NamedTuple):
    """A secret of the Dockerfile: its value is that of a file or of a variable of this machine."""

    id: str
    file: str = ""
    variable: str = ""


def duration(text: str) -> int:
    """Seconds of `90`, `90s`, `5m`, `1h30m` or `2d`."""
    parts = re.findall(r"([0-9]+)([smhd])", text)
    if text.isascii() and text.isdigit():
        return int(text)
    if not parts or "".join(number + unit for number, unit in parts) != text:
        raise ValueError(f"{text!r} is not a duration; write 90s, 5m, 1h30m or 2d")
    return sum(int(number) * UNITS[unit] for number, unit in parts)


def positive_duration(text: str) -> int:
    """Seconds, at least one."""
    seconds = duration(text)
    if seconds < 1:
        raise ValueError("it must be at least one second")
    return seconds


def quantity(text: str) -> str:
    """A Kubernetes quantity such as `500m`, `2`, `16Gi`, unchanged."""
    if not re.fullmatch(QUANTITY, text):
        raise ValueError(f"{text!r} is not a quantity; write 500m, 2 or 16Gi")
    return text


def assignment(text: str) -> tuple[str, str]:
    """`K=V`, or `K` alone for the value that K has in our own environment."""
    key, equals, value = text.partition("=")
    if not re.fullmatch(ENVIRONMENT_NAME, key):
        raise ValueError(f"{key!r} is not a name for a variable; write NAME=VALUE")
    if not equals:
        if key not in os.environ:
            raise ValueError(f"{key} is not set in the environment; write {key}=VALUE")
        value = os.environ[key]
    return key, encodable(value)


def label(text: str) -> tuple[str, str]:
    """`KEY=VALUE`, as Kubernetes takes labels; a key may have a prefix: `example.com/team`.

    The rules are those of k8s.io/apimachinery pkg/util/validation.
    """
    key, equals, value = text.partition("=")
    prefix, slash, name = key.rpartition("/")
    if not equals or not re.fullmatch(LABEL_PART, name) or len(name) > LABEL_LENGTH:
        raise ValueError(f"{text!r} is not a label; write KEY=VALUE")
    if slash and not (re.fullmatch(DNS_SUBDOMAIN, prefix) and len(prefix) <= DNS_LENGTH):
        raise ValueError(f"{prefix!r} is not a prefix for labels; write it as a DNS name")
    if value and (not re.fullmatch(LABEL_PART, value) or len(value) > LABEL_LENGTH):
        raise ValueError(
            f"{value!r} is not a value for a label: letters, digits, '-', '_' and '.', at most "
            f"{LABEL_LENGTH} characters, letters or digits at both ends"
        )
    if re.match(RESERVED_LABEL, key):
        raise ValueError(f"{key} is set by kubectl-submit or Kubernetes itself")
    return key, value


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
        raise ValueError(f"{path!r} is no path for a file")
    return SecretFile(local=local, path=path or f"/run/secrets/{name}")


def secret_environment(text: str) -> SecretEnvironment:
    """`NAME`, or `NAME=KEY` for the value that KEY has in our own environment."""
    name, equals, source = text.partition("=")
    if not re.fullmatch(ENVIRONMENT_NAME, name):
        raise ValueError(f"{name!r} is not a name for a variable; write NAME or NAME=KEY")
    source = source if equals else name
    if source not in os.environ:
        raise ValueError(f"{source!r} is not set in the environment")
    try:
        os.environ[source].encode()
    except UnicodeEncodeError:  # not `encodable`, which tells the value
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


def secret_name(text: str) -> str:
    """The name of a Secret or a ServiceAccount (a DNS subdomain), unchanged."""
    if not re.fullmatch(DNS_SUBDOMAIN, text) or len(text) > 253:
        raise ValueError(f"{text!r} is not a name for a Kubernetes object")
    return text


def name_prefix(text: str) -> str:
    """The beginning of a job's name (a DNS label that starts with a letter), unchanged."""
    if not re.fullmatch(DNS_LABEL, text):
        raise ValueError(
            f"{text!r} is not a valid name; use lower-case letters, digits and -, a letter first"
        )
    return text


def image_repository(text: str) -> str:
    """The name of an image without tag and digest, unchanged."""
    if not re.fullmatch(REPOSITORY, text):
        raise ValueError(f"{text!r} is no image name without a tag; write registry/team/app")
    return text


def encodable(text: str) -> str:
    """The text, if the Kubernetes API and a process can carry it: valid UTF-8 without NUL."""
    if "\0" in text:
        raise ValueError("it contains a NUL byte")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ValueError(f"{text!r} is not valid UTF-8") from None
    return text
