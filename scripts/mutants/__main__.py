"""Runs the mutants, several at a time, each in a copy; exits 1 where one survives."""

from __future__ import annotations

import os
import queue
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from scripts.mutants.edits import EDITS, MODULES, TESTS, Edit

ROOT = Path(__file__).parents[2]
NEEDED = (
    "kubectl_submit",
    "manifests",
    "scripts",
    "tests",
    "docs",
    "examples",
    "pyproject.toml",
    "README.md",
)
# A mutant that hangs counts as seen.
TOO_LONG = 300


def main(words: Sequence[str]) -> int:
    """Run those whose description has one of the words."""
    edits = [edit for edit in EDITS if not words or any(word in edit.description for word in words)]
    stale = [edit for edit in edits if _count(edit) != 1]
    for edit in stale:
        print(f"stands {_count(edit)} times, not once: {edit.description}")
    if stale or not edits:
        print("Edit scripts/mutants/edits.py: these edits do not apply any more.")
        return 2
    with tempfile.TemporaryDirectory() as folder:
        copies: queue.Queue[Path] = queue.Queue()
        for number in range(os.cpu_count() or 1):
            copies.put(_copy(Path(folder) / str(number)))
        every_test = sorted({test for edit in edits for test in TESTS[edit.module]})
        first = copies.get()
        if not _passes(first, every_test):
            print("The tests fail without a mutant.")
            return 2
        copies.put(first)
        with ThreadPoolExecutor(copies.qsize()) as pool:
            seen = list(pool.map(lambda edit: _is_seen(edit, copies), edits))
    survivors = seen.count(False)
    print(f"{len(edits)} mutants, {survivors} survive")
    return 1 if survivors else 0


def _count(edit: Edit) -> int:
    return (ROOT / MODULES[edit.module]).read_text(encoding="utf-8").count(edit.old)


def _copy(folder: Path) -> Path:
    folder.mkdir()
    for name in NEEDED:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, folder / name)
        else:
            shutil.copy(ROOT / name, folder)
    return folder


def _is_seen(edit: Edit, copies: queue.Queue[Path]) -> bool:
    """Whether a test fails once the edit is made."""
    copy = copies.get()
    module = copy / MODULES[edit.module]
    text = module.read_text(encoding="utf-8")
    try:
        module.write_text(text.replace(edit.old, edit.new), encoding="utf-8")
        seen = not _passes(copy, TESTS[edit.module])
        print(f"{'seen    ' if seen else 'SURVIVES'} {edit.description}", flush=True)
        return seen
    finally:
        module.write_text(text, encoding="utf-8")
        copies.put(copy)


def _passes(copy: Path, tests: Sequence[str]) -> bool:
    # A file that is written twice within a second looks unchanged to Python's cache of bytecode.
    environment = {**os.environ, "PYTHONPATH": str(copy), "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", *tests]
    try:
        done = subprocess.run(
            command, cwd=copy, env=environment, capture_output=True, check=False, timeout=TOO_LONG
        )
    except subprocess.TimeoutExpired:
        return False
    return done.returncode == 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
