"""Times and durations, in the format of the API and for people."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone


def now() -> str:
    """The current time in the format of the API: RFC 3339 in whole seconds."""
    return ago(0)


def ago(seconds: int) -> str:
    """The time that many seconds ago."""
    moment = datetime.now(timezone.utc) - timedelta(seconds=seconds)
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def between(begin: str, end: str) -> float | None:
    """Seconds from one time (RFC 3339) to another; None if one of them is empty."""
    if not (begin and end):
        return None
    return max(0.0, (_moment(end) - _moment(begin)).total_seconds())


def span(seconds: float | None) -> str:
    """A duration in at most two units; `-` if it is unknown.

    >>> span(4000)
    '1h6m'
    """
    if seconds is None:
        return "-"
    whole = int(seconds)
    minutes, hours, days = whole // 60, whole // 3600, whole // 86400
    if whole < 120:
        return f"{whole}s"
    if minutes < 60:
        return _two(minutes, "m", whole % 60, "s", small=minutes < 10)
    if hours < 48:
        return _two(hours, "h", minutes % 60, "m", small=hours < 10)
    return _two(days, "d", hours % 24, "h", small=days < 10)


def _two(first: int, unit: str, second: int, smaller: str, *, small: bool) -> str:
    """Leave the smaller unit out if there are many of the larger one."""
    return f"{first}{unit}{second}{smaller}" if small and second else f"{first}{unit}"


def _moment(text: str) -> datetime:
    whole, _, _ = text.removesuffix("Z").partition(".")
    return datetime.fromisoformat(whole[:19]).replace(tzinfo=timezone.utc)
