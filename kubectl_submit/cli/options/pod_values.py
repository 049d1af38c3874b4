"""Parses the values of options about volumes and nodes; each function raises ValueError."""

from __future__ import annotations

import posixpath
import re
from typing import NamedTuple

from kubectl_submit.cli.options.values import (
    DNS_SUBDOMAIN,
    LABEL_LENGTH,
    LABEL_PART,
    encodable,
    label_parts,
    quantity,
    secret_name,
)

CLAIM, CONFIG_MAP = "persistentvolumeclaim", "configmap"
# What a volume can be, as kubectl names it.
VOLUME_KINDS = {
    "pvc": CLAIM,
    CLAIM: CLAIM,
    "cm": CONFIG_MAP,
    CONFIG_MAP: CONFIG_MAP,
}
VOLUME_FORM = "write [pvc/]NAME:/PATH[:ro] or configmap/NAME:/PATH"
EFFECTS = ("NoSchedule", "PreferNoSchedule", "NoExecute")
TOLERATION_FORM = "write KEY[=VALUE][:EFFECT]"
QUALIFIED = rf"({DNS_SUBDOMAIN}/)?{LABEL_PART}"
TOPOLOGY_MODES = ("required", "preferred")


# Named tuples, because dataclasses take several times as long to create, and delay --help.
class Volume(NamedTuple):
    """A PersistentVolumeClaim or a ConfigMap, and the folder at which it is mounted."""

    kind: str
    """CLAIM or CONFIG_MAP."""
    name: str
    path: str
    read_only: bool = False


class Scratch(NamedTuple):
    """An empty folder of the pod, which holds so much at most."""

    size: str
    path: str


class Toleration(NamedTuple):
    """Taints that a pod tolerates."""

    key: str
    value: str | None
    """None: any value."""
    effect: str
    """Empty: any effect."""


def volume(text: str) -> Volume:
    """`[pvc/]NAME:/path[:ro]` or `configmap/NAME:/path`."""
    source, _, rest = text.partition(":")
    kind, slash, name = source.rpartition("/")
    if source.startswith(("/", ".", "~")):
        raise ValueError(
            f"{text!r}: folders of this machine or of a node cannot be mounted; {VOLUME_FORM}"
        )
    if slash and kind not in VOLUME_KINDS:
        other = " (a Secret: --secret NAME:/PATH)" if kind == "secret" else ""
        raise ValueError(f"{text!r}: {kind!r} is no kind of volume; {VOLUME_FORM}{other}")
    folder, colon, mode = rest.partition(":")
    if not re.fullmatch(DNS_SUBDOMAIN, name) or (colon and mode not in ("ro", "rw")):
        raise ValueError(f"{text!r} is not a volume; {VOLUME_FORM}")
    found = VOLUME_KINDS[kind or "pvc"]
    if found == CONFIG_MAP and mode == "rw":
        raise ValueError(f"{text!r}: a ConfigMap can only be read; {VOLUME_FORM}")
    return Volume(
        kind=found,
        name=secret_name(name),
        path=mount_path(folder, VOLUME_FORM),
        read_only=mode == "ro" or found == CONFIG_MAP,
    )


def scratch(text: str) -> Scratch:
    """`SIZE:/path`."""
    amount, _, folder = text.partition(":")
    return Scratch(size=size(amount), path=mount_path(folder, "write SIZE:/PATH"))


def size(text: str) -> str:
    """A quantity of bytes, more than none, unchanged."""
    quantity(text)
    if text.endswith("m"):
        raise ValueError(f"{text!r} counts thousandths of a byte; write 512Mi or 16Gi")
    if not re.search(r"[1-9]", text):
        raise ValueError(f"{text!r}: it must be more than 0; write 512Mi or 16Gi")
    return text


def mount_path(text: str, form: str) -> str:
    """The path of a folder in a container, in its shortest spelling; `form` is for the error."""
    folder = working_directory(text, form)
    if folder == "/" or ":" in folder or ".." in text.split("/"):
        raise ValueError(f"{text!r} is not a folder to mount at; {form}")
    return folder


def working_directory(text: str, form: str = "write /PATH") -> str:
    """An absolute path in a container, in its shortest spelling."""
    if not text.startswith("/"):
        raise ValueError(f"{text!r} is not an absolute path; {form}")
    return posixpath.normpath("/" + encodable(text).lstrip("/"))


def gpu_type(text: str) -> str:
    """A type of GPUs, or a part of its name, unchanged."""
    if not re.search(r"[A-Za-z0-9]", text) or "," in text:
        raise ValueError(
            f"{text!r} is not a type of GPUs; write one of those that `kubectl submit gpus` shows, "
            "or a part of it"
        )
    return encodable(text)


def node_label(text: str) -> tuple[str, str]:
    """`KEY=VALUE`, a label of nodes."""
    return label_parts(text)


def annotation(text: str) -> tuple[str, str]:
    """`KEY=VALUE`; the value may be any text."""
    key, equals, value = text.partition("=")
    if not equals or not is_qualified(key):
        raise ValueError(f"{text!r} is not an annotation; write KEY=VALUE")
    if key.startswith("kubectl-submit/"):
        raise ValueError(f"{key} is set by kubectl-submit itself; write another KEY=VALUE")
    return key, encodable(value)


def toleration(text: str) -> Toleration:
    """`KEY[=VALUE][:EFFECT]`, as `kubectl taint` spells taints."""
    taint, colon, effect = text.partition(":")
    key, equals, value = taint.partition("=")
    if colon and effect not in EFFECTS:
        effects = ", ".join(EFFECTS)
        raise ValueError(f"{effect!r} is not an effect ({effects}); {TOLERATION_FORM}")
    good = is_qualified(key) and (not value or is_label_part(value))
    if not good:
        raise ValueError(f"{text!r} is not a toleration; {TOLERATION_FORM}")
    return Toleration(key=key, value=value if equals else None, effect=effect)


def limit(text: str) -> tuple[str, str]:
    """`NAME=QUANTITY`, the limit of a resource."""
    name, equals, amount = text.partition("=")
    if not equals or not is_qualified(name):
        raise ValueError(f"{text!r} is not a limit; write NAME=QUANTITY, as in rdma/ib=1")
    return name, quantity(amount)


def topology(text: str) -> tuple[str, str]:
    """`required=LEVEL` or `preferred=LEVEL`, where a level is a label of nodes."""
    mode, _, level = text.partition("=")
    if mode not in TOPOLOGY_MODES or not is_qualified(level):
        raise ValueError(
            f"{text!r} is not a topology; write required=LEVEL or preferred=LEVEL, where LEVEL is "
            "a label of nodes"
        )
    return mode, level


def is_qualified(name: str) -> bool:
    """Whether it is a name as keys of labels and resources have: `[prefix/]name`."""
    return bool(re.fullmatch(QUALIFIED, name)) and len(name.rpartition("/")[2]) <= LABEL_LENGTH


def is_label_part(text: str) -> bool:
    """Whether it can be the value of a label or a taint."""
    return bool(re.fullmatch(LABEL_PART, text)) and len(text) <= LABEL_LENGTH
