"""A release changes what it says, and refuses where there is nothing to release."""

from __future__ import annotations

from pathlib import Path

import pytest

from kubectl_submit import __version__
from scripts.shipping import release

ROOT = Path(__file__).parents[2]
LOG = "# Changelog\n\n## Unreleased\n\n- Something.\n\n## 0.0.1 (2020-01-01)\n\n- First.\n"


def test_what_is_unreleased_gets_a_heading() -> None:
    changed = release.with_heading(LOG, "1.2.3")
    assert changed.index("## Unreleased") < changed.index("## 1.2.3 (")
    assert changed.index("## 1.2.3 (") < changed.index("- Something.") < changed.index("## 0.0.1")


@pytest.mark.parametrize("log", [LOG.replace("- Something.\n", ""), "# Changelog\n"])
def test_nothing_to_release(log: str) -> None:
    with pytest.raises(SystemExit, match="nothing under Unreleased"):
        release.with_heading(log, "1.2.3")


def test_the_version() -> None:
    module = (ROOT / release.VERSION_FILE).read_text("utf-8")
    assert __version__ in module
    assert '__version__ = "1.2.3"' in release.with_version(module, "1.2.3")


@pytest.mark.parametrize("version", ["1.2", "v1.2.3", "1.2.3rc1"])
def test_what_is_no_version(version: str) -> None:
    with pytest.raises(SystemExit, match="is no version"):
        release.check(version)
