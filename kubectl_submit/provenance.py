"""Where a run comes from, and how that is written on objects and into containers. Pure."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

PREFIX = "kubectl-submit/"
MANAGED = "app.kubernetes.io/managed-by"
NAME_LABEL = f"{PREFIX}name"
CANCELLED_BY = f"{PREFIX}cancelled-by"
LABEL_LENGTH = 63


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
        """What is known, by the name under which it is recorded."""
        facts = {"name": name, "created-by": self.created_by}
        if self.commit:
            facts |= {"commit": self.commit, "dirty": str(self.dirty).lower()}
            facts |= {"branch": self.branch, "remote": self.remote}
        return {key: value for key, value in facts.items() if value}

    def environment(self, name: str) -> dict[str, str]:
        """What is known, as variables for every container."""
        return {
            f"KUBECTL_SUBMIT_{key.upper().replace('-', '_')}": value
            for key, value in self.facts(name).items()
        }


def as_labels(facts: dict[str, str]) -> dict[str, str]:
    """The facts as labels: shortened to what a label may hold."""
    named = {PREFIX + key: label_value(value) for key, value in facts.items()}
    return {MANAGED: "kubectl-submit", **named}


def as_annotations(facts: dict[str, str], **more: object) -> dict[str, str]:
    """The facts as they are, and more of them as JSON where they are not text."""
    extra = {
        key.replace("_", "-"): value if isinstance(value, str) else json.dumps(value)
        for key, value in more.items()
    }
    return {PREFIX + key: value for key, value in {**facts, **extra}.items()}


def label_value(text: str) -> str:
    """The text as a label's value: letters, digits, `-_.`, at most 63, alphanumeric at both ends.

    >>> label_value("https://git.example/team/app.git")
    'https-git.example-team-app.git'
    """
    safe = re.sub(r"[^A-Za-z0-9_.-]+", "-", text)
    return safe[:LABEL_LENGTH].strip("-_.")
