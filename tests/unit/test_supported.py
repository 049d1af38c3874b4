"""Where it cannot run, it says so in one line."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("place", "words"),
    [
        ("sys.version_info = (3, 9, 6)", "needs Python 3.10 or newer, and "),
        ("sys.platform = 'win32'", "does not run on Windows; run it in WSL"),
    ],
)
def test_a_place_where_it_cannot_run(place: str, words: str) -> None:
    start = f"import sys; sys.path.insert(0, {str(PACKAGE)!r}); {place}; import kubectl_submit."
    result = subprocess.run(
        [sys.executable, "-c", f"{start}__main__"], capture_output=True, text=True, check=False
    )

    assert (result.returncode, result.stdout) == (125, "")
    assert result.stderr.startswith("error: kubectl-submit ")
    assert words in result.stderr
    assert result.stderr.count("\n") == 1
