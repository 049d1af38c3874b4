"""Where a run comes from, as labels, annotations and variables. Pure."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass

PREFIX = "kubectl-submit/"
MANAGED = "app.kubernetes.io/managed-by"
NAME_LABEL = f"{PREFIX}name"
CANCELLED_BY = f"{PREFIX}cancelled-by"
CONTAINER = f"{PREFIX}container"
"""The annotation with the name of the container that runs the command."""
OUTCOME = f"{PREFIX}outcome"
"""The annotation with the outcome of a run, if the cluster would forget it: JSON."""
LABEL_LENGTH = 63
# All annotations of an object have 256 KiB (k8s.io/apimachinery: TotalAnnotationSizeLimitB).
LONGEST_COMMAND = 1 << 14
LONGEST_ARGUMENT = 256
ELLIPSIS = "…"


@dataclass(frozen=True, kw_only=True)
class Source:
    """Where a run comes from; recorded on every object and in every container."""

    created_by: str
    commit: str = ""
    branch: str = ""
    remote: str = ""
    """The remote's URL without credentials."""
    dirty: bool = False
    changes: str = ""
    """How the working tree differs from the commit, for people."""

    def facts(self, name: str) -> dict[str, str]:
        """The known facts, by the name under which they are recorded."""
        facts = {"name": name, "created-by": self.created_by}
        if self.commit:
            facts |= {"commit": self.commit, "dirty": str(self.dirty).lower()}
            facts |= {"branch": self.branch, "remote": self.remote}
        return {key: value for key, value in facts.items() if value}

    def environment(self, name: str) -> dict[str, str]:
        """The known facts as variables for every container."""
        return {
            f"KUBECTL_SUBMIT_{key.upper().replace('-', '_')}": value
            for key, value in self.facts(name).items()
        }


def as_labels(facts: dict[str, str]) -> dict[str, str]:
    """The facts as labels, shortened to the limits of labels."""
    named = {PREFIX + key: label_value(value) for key, value in facts.items()}
    return {MANAGED: "kubectl-submit", **named}


def as_annotations(facts: dict[str, str], **more: object) -> dict[str, str]:
    """The facts as annotations, and more values, as JSON unless they are text."""
    extra = {
        key.replace("_", "-"): value if isinstance(value, str) else json.dumps(value)
        for key, value in more.items()
    }
    return {PREFIX + key: value for key, value in {**facts, **extra}.items()}


def recorded_command(argv: Sequence[str]) -> dict[str, object]:
    """The command as annotations; a long one is shortened, with its size and hash.

    The sha256 is of all arguments, each followed by a NUL byte.
    """
    if len(json.dumps(argv)) <= LONGEST_COMMAND:
        return {"command": list(argv)}
    whole = b"".join(arg.encode() + b"\0" for arg in argv)
    digest = hashlib.sha256(whole).hexdigest()
    cut = {"arguments": len(argv), "bytes": len(whole), "sha256": digest}
    return {"command": _shortened(argv), "command_cut": cut}


def _shortened(argv: Sequence[str]) -> list[str]:
    kept: list[str] = []
    room = LONGEST_COMMAND
    for arg in argv:
        kept.append(arg if len(arg) <= LONGEST_ARGUMENT else arg[:LONGEST_ARGUMENT] + ELLIPSIS)
        room -= len(json.dumps(kept[-1])) + 2
        if room < 0:
            return [*kept[:-1], ELLIPSIS]
    return kept


def label_value(text: str) -> str:
    """The text as a label's value: letters, digits, `-_.`, at most 63, alphanumeric at both ends.

    >>> label_value("https://git.example/team/app.git")
    'https-git.example-team-app.git'
    """
    safe = re.sub(r"[^A-Za-z0-9_.-]+", "-", text)
    return safe[:LABEL_LENGTH].strip("-_.")
