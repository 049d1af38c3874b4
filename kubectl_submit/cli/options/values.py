"""Parses the values of flags; each function raises ValueError."""

from __future__ import annotations

import os
import re

UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
# Patterns as text: compiling them costs --help 4 ms.
# resource.Quantity without the exponent form, which is not used in practice.
QUANTITY = r"[0-9]+(\.[0-9]+)?(m|k|[MGTPE]|[KMGTPE]i)?"
DNS_LABEL = r"[a-z]([-a-z0-9]*[a-z0-9])?"
DNS_SUBDOMAIN = r"[a-z0-9]([-a-z0-9.]*[a-z0-9])?"
# Of a label's key behind its prefix, and of its value.
LABEL_PART = r"[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?"
LABEL_LENGTH = 63
DNS_LENGTH = 253
# Users must not change the labels that identify the objects of a run.
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

# What `docker buildx create --name` takes, which allows what Kubernetes allows.
BUILDER_NAME = r"[a-zA-Z0-9][-._a-zA-Z0-9]*"
BUILDER_ADDRESS = r"tcp://([-.a-zA-Z0-9]+|\[[0-9a-fA-F:.]+\]):[0-9]+"

# The attributes of docker's caches (s3, azblob, gha) that are secret.
CACHE_CREDENTIAL = (
    r"(?i)(?:^|,)\"?\s*(access_key_id|secret_access_key|session_token|account_key|ghtoken|token)="
)


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
    """`K=V`, or `K` alone for the value of the local variable K."""
    key, equals, value = text.partition("=")
    if not re.fullmatch(ENVIRONMENT_NAME, key):
        raise ValueError(f"{key!r} is not a name for a variable; write NAME=VALUE")
    if not equals:
        if key not in os.environ:
            raise ValueError(f"{key} is not set in the environment; write {key}=VALUE")
        value = os.environ[key]
    return key, encodable(value)


def label(text: str) -> tuple[str, str]:
    """`KEY=VALUE`, as Kubernetes takes labels; a key may have a prefix: `example.com/team`."""
    key, value = label_parts(text)
    if re.match(RESERVED_LABEL, key):
        raise ValueError(f"{key} is set by kubectl-submit or Kubernetes itself")
    return key, value


def label_parts(text: str) -> tuple[str, str]:
    """Key and value of a label, whoever sets it.

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
    return key, value


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
        raise ValueError(f"{text!r} is not an image name without a tag; write registry/team/app")
    return text


def build_cache(text: str) -> str:
    """`none`, `registry` or `registry=REPOSITORY`, unchanged."""
    if text in ("none", "registry"):
        return text
    kind, _, repository = text.partition("=")
    if kind != "registry" or not re.fullmatch(REPOSITORY, repository):
        raise ValueError(
            f"{text!r} is no build cache; write none, registry or registry=REPOSITORY, without a "
            "tag (docker's own caches: --cache-from, --cache-to)"
        )
    return text


def builder(text: str) -> str:
    """`none`, the name of a builder or `tcp://HOST:PORT`, unchanged."""
    if not re.fullmatch(f"{BUILDER_NAME}|{BUILDER_ADDRESS}", text):
        raise ValueError(f"{text!r} is not a builder; write NAME, tcp://HOST:PORT or none")
    return text


def docker_cache(text: str) -> str:
    """A value of docker's --cache-from or --cache-to without credentials, unchanged."""
    found = re.search(CACHE_CREDENTIAL, text)
    if found:
        raise ValueError(
            f"{found[1]} would be seen by others here; give it to BuildKit in its environment"
        )
    return encodable(text)


def overrides(text: str) -> str:
    """The name of a file, or JSON, unchanged."""
    if not text.strip():
        raise ValueError("it is empty; write the name of a file, or JSON that begins with {")
    if is_inline(text):
        import json  # --help does not need it

        try:
            json.loads(text)
        except ValueError as error:
            raise ValueError(f"it is not valid JSON: {error}; write a file or {{…}}") from None
    return encodable(text)


def is_inline(text: str) -> bool:
    """Whether overrides are JSON, and not the name of a file."""
    return text.lstrip().startswith("{")


def encodable(text: str) -> str:
    """The text, if the Kubernetes API and a process accept it: valid UTF-8 without NUL."""
    if "\0" in text:
        raise ValueError("it contains a NUL byte")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ValueError(f"{text!r} is not valid UTF-8") from None
    return text
