"""The single file: what it holds, where it unpacks itself, and where it refuses."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import stat
import subprocess
import sys
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest

from scripts.shipping import sbom
from scripts.shipping.__main__ import CHECKSUMS
from tests.conftest import Commands, Finished
from tests.dist.conftest import DIST, ROOT

FILE = DIST / "kubectl-submit"
LARGEST = 2_000_000
"""Bytes."""


class Starts:
    """Starts a copy of the single file with a python3 and a HOME of its own."""

    def __init__(self, commands: Commands, folder: Path) -> None:
        self._commands = commands
        self._path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        self.home = folder / "home"
        self.home.mkdir()
        self.file = folder / "kubectl-submit"
        shutil.copy(FILE, self.file)

    def __call__(self, *arguments: str, env: Mapping[str, str] = {}) -> Finished:
        """Run it."""
        place = {"PATH": self._path, "HOME": str(self.home), "XDG_CACHE_HOME": ""}
        return self._commands.run(str(self.file), *arguments, env={**place, **env})

    def cache(self) -> Path:
        """The one folder that it has unpacked itself to."""
        [folder] = (self.home / ".cache" / "kubectl-submit").iterdir()
        return folder


@pytest.fixture
def start(commands: Commands, tmp_path: Path) -> Starts:
    return Starts(commands, tmp_path)


def test_it_is_an_executable_of_modest_size() -> None:
    assert stat.S_IMODE(FILE.stat().st_mode) == 0o755
    assert FILE.stat().st_size <= LARGEST


def test_it_holds_only_text(tmp_path: Path) -> None:
    with zipfile.ZipFile(FILE) as archive:
        for path in archive.namelist():
            archive.read(path).decode("utf-8")
        assert {"kubectl_submit/manifests/job.yml", "click/core.py"} <= {*archive.namelist()}


def test_the_sbom_lists_every_package_that_it_holds() -> None:
    """The folder with the license of each is there, too."""
    bom = json.loads((DIST / sbom.NAME).read_text(encoding="utf-8"))
    ours = bom["metadata"]["component"]
    with zipfile.ZipFile(FILE) as archive:
        folders = {path.partition("/")[0] for path in archive.namelist()}
    held = {name.removesuffix(".dist-info") for name in folders if name.endswith(".dist-info")}
    listed = {f"{one['name']}-{one['version']}" for one in [ours, *bom["components"]]}

    assert {normal(name) for name in held} == {normal(name) for name in listed}
    assert ours["hashes"][0]["content"] == hashlib.sha256(FILE.read_bytes()).hexdigest()


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def test_sha256sum_finds_everything_unchanged() -> None:
    check = ["sha256sum", "--check", CHECKSUMS]
    done = subprocess.run(check, cwd=DIST, capture_output=True, text=True, check=True)

    assert {line.removesuffix(": OK") for line in done.stdout.splitlines()} == {
        path.name for path in DIST.iterdir() if path.name != CHECKSUMS
    }


def test_the_same_sources_give_the_same_bytes(tmp_path: Path) -> None:
    """Of a copy elsewhere, made later, with other modes and another time zone."""
    copy = tmp_path / "copy"
    shutil.copytree(ROOT, copy, ignore=shutil.ignore_patterns(".venv", ".git", "dist", "tests"))
    for path in copy.rglob("*.py"):
        path.chmod(0o600)
    build = [sys.executable, "-m", "scripts.shipping"]
    env = {**os.environ, "TZ": "Pacific/Auckland", "PYTHONPATH": str(copy)}
    subprocess.run(build, cwd=copy, check=True, capture_output=True, env=env)

    assert sorted(path.name for path in (copy / "dist").iterdir()) == sorted(os.listdir(DIST))
    for path in (copy / "dist").iterdir():
        assert path.read_bytes() == (DIST / path.name).read_bytes(), path.name


def test_it_unpacks_itself_once(start: Starts) -> None:
    first = start("--help")
    unpacked = start.cache()
    second = start("--help")

    assert (first.exit_code, first.stderr) == (0, "")
    assert (second.stdout, second.stderr) == (first.stdout, "")
    assert start.cache() == unpacked
    assert unpacked.stat().st_mode & 0o077 == 0
    assert list((unpacked / "click" / "__pycache__").glob("core.*.pyc"))


def test_it_runs_what_it_has_unpacked_only_if_nobody_else_can_write_there(start: Starts) -> None:
    start("--version")
    start.cache().chmod(0o777)
    (start.cache() / "kubectl_submit" / "__init__.py").write_text("raise SystemExit(99)\n")

    assert start("--version").exit_code == 0
    start.cache().chmod(0o700)
    assert start("--version").exit_code == 99


@pytest.mark.parametrize("home", ["", "relative", os.devnull, "/proc/nowhere"])
def test_it_starts_without_a_place_to_unpack(start: Starts, home: str) -> None:
    result = start("--version", env={"HOME": home})

    assert (result.exit_code, result.stderr) == (0, "")
    assert list(start.home.iterdir()) == []


def test_an_older_python_is_refused_in_one_line(start: Starts, tmp_path: Path) -> None:
    """Whether it is one or only says so: sitecustomize is what Python runs first."""
    (tmp_path / "sitecustomize.py").write_text("import sys; sys.version_info = (3, 9, 6)\n")
    result = start("--help", env={"PYTHONPATH": str(tmp_path)})

    assert (result.exit_code, result.stdout) == (125, "")
    assert "needs Python 3.10 or newer" in result.stderr
    assert result.stderr.count("\n") == 1
    assert list(start.home.iterdir()) == []
