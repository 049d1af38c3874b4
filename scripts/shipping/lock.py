"""Writes dependencies.txt: the newest dependencies that the single file may have, with hashes."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib import metadata

from scripts.shipping.single_file import DEPENDENCIES, selection

LEFT_OUT = ("Pygments", "markdown-it-py", "mdurl")
"""Of rich, what colours source code and Markdown: 10 MB that nothing here imports."""
HEAD = """\
# What the single file holds. Written by `make lock`, from pyproject.toml.
# Without Pygments, markdown-it-py and mdurl: rich imports them where it shows source code or
# Markdown, and nothing here does.
"""


def main() -> None:
    """Ask pip what it would install, and write it down."""
    pip = [sys.executable, "-m", "pip", "install", "--dry-run", "--ignore-installed", "--quiet"]
    wanted = metadata.requires("kubectl-submit") or []
    report = subprocess.run(
        [*pip, "--report=-", "--target=/nowhere", *selection(), *wanted],
        check=True,
        capture_output=True,
        text=True,
    )
    lines = [
        f"{found['metadata']['name']}=={found['metadata']['version']} "
        f"--hash=sha256:{found['download_info']['archive_info']['hashes']['sha256']}\n"
        for found in json.loads(report.stdout)["install"]
        if found["metadata"]["name"] not in LEFT_OUT
    ]
    DEPENDENCIES.write_text(HEAD + "".join(sorted(lines, key=str.lower)), encoding="utf-8")


if __name__ == "__main__":
    main()
