"""The shell script of the build Job."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from scripts import embed_shell

SHELLCHECK = shutil.which("shellcheck", path=f"{Path(sys.executable).parent}:{os.environ['PATH']}")


def test_the_manifest_has_the_script() -> None:
    """If not: python -m scripts.embed_shell."""
    assert embed_shell.MANIFEST.read_text(encoding="utf-8") == embed_shell.embedded()


def test_shellcheck_finds_nothing() -> None:
    assert SHELLCHECK, "this test needs shellcheck: pip install --group dev"
    argv = [SHELLCHECK, "--shell=sh", str(embed_shell.SHELL)]
    found = subprocess.run(argv, capture_output=True, text=True, check=False)
    assert (found.returncode, found.stdout, found.stderr) == (0, "", "")
