"""A git working copy, and hooks of the remote it pushes to: what all test repositories share."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path


def run_git(argv: tuple[str, ...], folder: Path, environment: Mapping[str, str]) -> str:
    """Run git in a folder; what it prints. AssertionError with git's own words if it fails."""
    done = subprocess.run(
        ["git", *argv],
        cwd=folder,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"git {' '.join(argv)}: {done.stderr}"
    return done.stdout.strip()


def write_file(path: Path, text: str, mode: int) -> Path:
    """Write a file, in folders made for it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    path.chmod(mode)
    return path


def write_hook(bare: Path, name: str, script: str) -> None:
    """Give a bare repository a hook, such as `update`: $1 is the ref, $3 the new commit."""
    write_file(bare / "hooks" / name, f"#!/bin/sh\n{script}\n", 0o755)
