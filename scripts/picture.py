"""Draws the README's picture of a run, from what a run on the local cluster really writes.

Run it after `make demo`, which makes the repository: `make picture`.
"""

from __future__ import annotations

import os
import pty
import subprocess
import tempfile
from pathlib import Path

from rich.console import Console
from rich.text import Text

PICTURE = Path("docs/run.svg")
WIDTH = 120
SUBMIT = (
    "kubectl submit --workers 2 --gpus 1 -- python hello.py 'two words'",
    "kubectl submit --workers 2 -- sh -c 'echo rank $NODE_RANK; [ $NODE_RANK = 0 ] || exit 3'",
)


def main() -> None:
    """Submit twice, the first time unseen, so that the image exists; draw what is seen then."""
    with tempfile.TemporaryDirectory() as folder:
        url = f"{os.environ['LOCAL_GIT']}/hello.git"
        subprocess.run(["git", "clone", "--quiet", "--branch=main", url, folder], check=True)
        base = f"build-arg: [BASE={os.environ['LOCAL_PULL_REGISTRY']}/python:3]\n"
        (Path(folder) / ".kubectl-submit.yaml").write_text(base, encoding="utf-8")
        exclude = Path(folder) / ".git" / "info" / "exclude"
        exclude.write_text(".kubectl-submit.yaml\n", encoding="utf-8")
        written(SUBMIT[0], folder)
        console = Console(record=True, width=WIDTH, file=open(os.devnull, "w"))  # noqa: SIM115
        for line in SUBMIT:
            output, code = written(line, folder)
            console.print(Text(f"$ {line}", style="bold"))
            console.print(Text.from_ansi(output))
            console.print(Text("$ echo $?", style="bold"))
            console.print(str(code))
    console.save_svg(str(PICTURE), title="kubectl submit")


def written(line: str, folder: str) -> tuple[str, int]:
    """What a command writes to a terminal that cannot move its cursor, and its exit code."""
    ours, theirs = pty.openpty()
    environment = {**os.environ, "TERM": "dumb", "COLUMNS": str(WIDTH)}
    with subprocess.Popen(
        ["sh", "-c", line], cwd=folder, env=environment, stdout=theirs, stderr=theirs
    ) as running:
        os.close(theirs)
        output = b""
        try:
            while data := os.read(ours, 1 << 16):
                output += data
        except OSError:  # the end of a terminal
            pass
    os.close(ours)
    return output.decode().replace("\r\n", "\n").strip("\n"), running.returncode


if __name__ == "__main__":
    main()
