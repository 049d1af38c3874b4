"""Writes dependencies.txt and tools.txt: the newest packages for a release, with their hashes."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterable
from importlib import metadata
from typing import Any

from scripts.shipping.single_file import DEPENDENCIES, HERE, selection

TOOLS = HERE / "tools.txt"
PYTHON_OF_TOOLS = "3.12"
LEFT_OUT = ("Pygments", "markdown-it-py", "mdurl")
"""Of rich, what colours source code and Markdown: 10 MB that nothing here imports."""
HEAD = """\
# What the single file holds. Written by `make lock`, from pyproject.toml.
# Without Pygments, markdown-it-py and mdurl: rich imports them where it shows source code or
# Markdown, and nothing here does.
"""
HEAD_OF_TOOLS = f"""\
# What the release workflow builds with: hatchling, and what the manual page needs, for Python
# {PYTHON_OF_TOOLS} on Linux, x86-64. Written by `make lock`, from pyproject.toml.
"""


def main() -> None:
    """Ask pip what it would install, and write it down."""
    wanted = metadata.requires("kubectl-submit") or []
    found = resolved([*selection(), *wanted])
    bundled = (package for package in found if package["metadata"]["name"] not in LEFT_OUT)
    DEPENDENCIES.write_text(HEAD + locked(bundled), encoding="utf-8")
    tools = [*selection(PYTHON_OF_TOOLS), "hatchling", *wanted]
    TOOLS.write_text(HEAD_OF_TOOLS + locked(resolved(tools)), encoding="utf-8")


def resolved(arguments: list[str]) -> list[dict[str, Any]]:
    """What pip would install, as it reports it."""
    pip = [sys.executable, "-m", "pip", "install", "--dry-run", "--ignore-installed", "--quiet"]
    report = subprocess.run(
        [*pip, "--report=-", "--target=/nowhere", *arguments],
        check=True,
        capture_output=True,
        text=True,
    )
    found: list[dict[str, Any]] = json.loads(report.stdout)["install"]
    return found


def locked(packages: Iterable[dict[str, Any]]) -> str:
    """A line for each package, as pip reads it: name, version, hash."""
    lines = [
        f"{package['metadata']['name']}=={package['metadata']['version']} "
        f"--hash=sha256:{package['download_info']['archive_info']['hashes']['sha256']}\n"
        for package in packages
    ]
    return "".join(sorted(lines, key=str.lower))


if __name__ == "__main__":
    main()
