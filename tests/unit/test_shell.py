"""Arguments as they are shown, read back by real shells."""

from __future__ import annotations

import os
import shutil
import subprocess

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from kubectl_submit import shell

from ..cluster.hostile import HOSTILE

# Found before the tests lose their PATH; zsh is not everywhere.
SHELLS = [path for path in map(shutil.which, ("sh", "bash", "zsh")) if path]


def read(path: str, argv: list[str]) -> list[str]:
    """What a shell makes of the arguments."""
    script = f"printf '%s\\0' {shell.join(argv)}"
    environment = {**os.environ, "LC_ALL": "C.UTF-8"}
    done = subprocess.run(
        [path], input=script.encode(), capture_output=True, env=environment, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.decode().split("\0")[:-1]


@pytest.mark.parametrize("path", SHELLS)
def test_hostile_arguments_come_back(path: str) -> None:
    more = ["=ls", "==", "\n", "a\n", "a\n\n", "\n\na\n\n", "\\n\n", "-n\t", "%s\x07", "!\x1b!'"]
    for word in (*HOSTILE, *more):
        assert read(path, [word]) == [word]
    assert read(path, [*HOSTILE, *more]) == [*HOSTILE, *more]


@pytest.mark.parametrize("path", SHELLS)
@given(
    argv=st.lists(
        st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])), min_size=1
    )
)
@example(argv=["a=b", "\x85\u2028", "\U0001f986\n"])
def test_any_arguments_come_back(path: str, argv: list[str]) -> None:
    assert read(path, argv) == argv


@pytest.mark.parametrize(
    ("argv", "shown"),
    [
        (["python", "train.py", "--lr=0.1"], "python train.py --lr=0.1"),
        (["sh", "-c", "a; b"], "sh -c 'a; b'"),
        (["sh", "-c", "a\nb!"], "sh -c \"$(printf %b 'a\\nb\\0041')\""),
        (["A=1", "A=1"], "'A=1' A=1"),
        (["\x1b[2J\u202e"], "\"$(printf %b '\\0033[2J\\0342\\0200\\0256')\""),
    ],
)
def test_what_is_shown_stays_in_its_line(argv: list[str], shown: str) -> None:
    assert shell.join(argv) == shown
