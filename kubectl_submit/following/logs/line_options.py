"""Which lines of logs are wanted, and how. Pure."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class LineOptions:
    """Which lines are wanted, and how."""

    keep_times: bool = False
    """Each behind its time."""
    since: str = ""
    """From this moment on: RFC 3339 in whole seconds; empty: all."""


EVERY_LINE = LineOptions()
