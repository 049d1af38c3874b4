"""The commands that a user may type next, ready to copy. Pure."""

from __future__ import annotations

import shlex
from collections.abc import Sequence


def typed(word: str, name: str, namespace: str, flags: Sequence[str]) -> str:
    """`kubectl submit WORD NAME` for the same cluster, without a token.

    `word` may include flags: `logs -f`.
    """
    place = [flag for flag in flags if not flag.startswith(("--token=", "--namespace="))]
    return f"kubectl submit {word} {shlex.join([name, '-n', namespace, *place])}"


def how_to_go_on(name: str, namespace: str, flags: Sequence[str]) -> str:
    """How to follow and how to cancel a run that goes on without us."""
    return (
        f"See it:    {typed('logs -f', name, namespace, flags)}\n"
        f"Cancel it: {typed('cancel', name, namespace, flags)}"
    )
