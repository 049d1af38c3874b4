"""Writes manifests/build-remote.sh into manifests/build-remote.yml, where the build Job runs it."""

from __future__ import annotations

import textwrap
from pathlib import Path

MANIFESTS = Path(__file__).parents[1] / "manifests"
SHELL = MANIFESTS / "build-remote.sh"
MANIFEST = MANIFESTS / "build-remote.yml"
BEGIN = "        - |\n"
END = "        - build   "


def main() -> None:
    """Write it."""
    MANIFEST.write_text(embedded(), encoding="utf-8")


def script() -> str:
    """The shell script without the lines before its first empty one."""
    return SHELL.read_text(encoding="utf-8").partition("\n\n")[2]


def embedded() -> str:
    """The manifest as it is, with the script as it is now."""
    head, _, rest = MANIFEST.read_text(encoding="utf-8").partition(BEGIN)
    tail = rest[rest.index(END) :]
    return head + BEGIN + textwrap.indent(script(), " " * 10) + tail


if __name__ == "__main__":
    main()
