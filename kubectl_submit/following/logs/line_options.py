"""The options for log lines. Pure."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class LineOptions:
    """Which lines to show, and how."""

    keep_times: bool = False
    """Show each line with its time."""
    since: str = ""
    """The time of the first line: RFC 3339 in whole seconds; empty: all."""


EVERY_LINE = LineOptions()
