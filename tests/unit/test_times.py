"""Spans of time."""

from __future__ import annotations

import pytest

from kubectl_submit import times


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (None, "-"),
        (0, "0s"),
        (119.9, "119s"),
        (120, "2m"),
        (125, "2m5s"),
        (3599, "59m"),
        (3600, "1h"),
        (36000, "10h"),
        (180000, "2d2h"),
        (864000, "10d"),
    ],
)
def test_span(seconds: float | None, text: str) -> None:
    assert times.span(seconds) == text


def test_between() -> None:
    assert times.between("2026-11-22T17:00:00Z", "2026-11-22T17:00:05.25Z") == 5
    assert times.between("2026-11-22T17:00:05Z", "2026-11-22T17:00:00Z") == 0
    assert times.between("", "2026-11-22T17:00:00Z") is None
