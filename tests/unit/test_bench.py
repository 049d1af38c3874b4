"""What the benchmark says of its bars."""

from __future__ import annotations

import pytest


def test_each_bar_is_said_to_be_held_or_missed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("LOCAL_PULL_REGISTRY", "registry.example")
    from scripts.bench.measuring import Report

    report = Report()
    report.ratio("fast", 1.1, 1.0, 1.15)
    report.ratio("slow", 1.17, 1.0, 1.15)
    report.most("small", 99, "MB", 100)
    report.line("no bar", "42")
    assert not report.conclude()

    fast, slow, small, no_bar, *summary = capsys.readouterr().out.splitlines()
    assert [line.split()[-1] for line in (fast, slow, small)] == ["held", "MISSED", "held"]
    assert no_bar.split() == ["no", "bar", "42"]
    assert summary == ["1 of 3 bars missed", "  missed: slow"]
