"""Builds the single file: a zip that Python runs, with the program and all that it imports."""

from __future__ import annotations

import hashlib
import io
import subprocess
import sys
import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path

HERE = Path(__file__).parent
DEPENDENCIES = HERE / "dependencies.txt"
PLATFORMS = ("manylinux2014_x86_64", "manylinux_2_17_x86_64", "manylinux_2_28_x86_64")
"""PyYAML has a wheel for each platform, with the same Python files in all. One platform is named,
so that the single file is the same wherever it is built."""
OLDEST_PYTHON = "3.10"
KEPT = (".py", ".yml", ".Dockerfile", "/dockerignore")
LEGAL = ("LICENSE", "LICENSE.txt", "AUTHORS")
SHEBANG = b"#!/usr/bin/env python3\n"
MODE = 0o100644 << 16
Moment = tuple[int, int, int, int, int, int]


def build(wheels: Iterable[Path], version: str, moment: Moment) -> bytes:
    """The single file of our wheel and what it needs; the same input gives the same bytes."""
    files = {path: data for wheel in wheels for path, data in _kept(wheel)}
    # Python finds a package without this file in a folder, but not in a zip, until 3.13.
    files["ruamel/__init__.py"] = b""
    digest = hashlib.sha256(_zip(files, moment)).hexdigest()
    files["__main__.py"] = (HERE / "starter.py").read_bytes()
    files["supported.py"] = files["kubectl_submit/supported.py"]
    files["contents.py"] = f'NAME = "{version}-{digest[:12]}"\n'.encode()
    return SHEBANG + _zip(files, moment)


def selection(python: str = OLDEST_PYTHON) -> list[str]:
    """The flags with which pip takes wheels for one version of Python, on one platform."""
    platforms = [f"--platform={platform}" for platform in PLATFORMS]
    return ["--only-binary=:all:", f"--python-version={python}", *platforms]


def download(folder: Path) -> list[Path]:
    """The wheels that go into the single file; pip fails for one with another hash than locked."""
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"]
    what = ["--no-deps", "--require-hashes", f"--requirement={DEPENDENCIES}", f"--dest={folder}"]
    subprocess.run([*pip, *selection(), *what], check=True)
    return sorted(folder.glob("*.whl"))


def _kept(wheel: Path) -> Iterable[tuple[str, bytes]]:
    """Python files, manifests, Dockerfiles, and what the licence of each dependency asks for."""
    with zipfile.ZipFile(wheel) as archive:
        for path in archive.namelist():
            legal = ".dist-info/" in path and path.endswith(LEGAL)
            if legal or path.endswith(KEPT):
                yield path, archive.read(path)


def _zip(files: Mapping[str, bytes], moment: Moment) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for path in sorted(files):
            entry = zipfile.ZipInfo(path, moment)
            entry.create_system = 3  # Unix, wherever it is built
            entry.external_attr = MODE
            archive.writestr(entry, files[path], zipfile.ZIP_DEFLATED, 9)
    return out.getvalue()
