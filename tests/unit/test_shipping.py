"""What a release is made of: files with the locked hash only, and an SBOM and checksums of them."""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
import zipfile
from pathlib import Path
from typing import Any

import pytest

from scripts.shipping import lock, sbom, single_file
from scripts.shipping.__main__ import checksums

WHEEL = "sample_package-1.0-py3-none-any.whl"
METADATA = "Metadata-Version: 2.4\nName: Sample._package\nVersion: 1.0\n"


def wheel(folder: Path, metadata: str = METADATA) -> Path:
    """A wheel of one module."""
    path = folder / WHEEL
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("sample.py", "")
        archive.writestr("sample_package-1.0.dist-info/METADATA", metadata)
        archive.writestr("sample_package-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\n")
    return path


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only place where pip finds packages: a folder with one wheel."""
    folder = tmp_path / "index"
    folder.mkdir()
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    monkeypatch.setattr(single_file, "DEPENDENCIES", tmp_path / "dependencies.txt")
    return wheel(folder)


def test_a_wheel_with_the_locked_hash_is_taken(index: Path, tmp_path: Path) -> None:
    lines = f"Sample.package==1.0 --hash=sha256:{sha256(index)}\n"
    single_file.DEPENDENCIES.write_text(lines)
    folder = tmp_path / "downloaded"

    assert [path.name for path in single_file.download(folder)] == [WHEEL]


@pytest.mark.parametrize(
    ("pin", "reason"),
    [
        (f" --hash=sha256:{'0' * 64}", "DO NOT MATCH THE HASHES"),
        ("", "Hashes are required"),
    ],
    ids=["another hash", "no hash"],
)
def test_no_wheel_without_the_locked_hash_is_taken(
    index: Path, tmp_path: Path, pin: str, reason: str, capfd: pytest.CaptureFixture[str]
) -> None:
    single_file.DEPENDENCIES.write_text(f"Sample.package==1.0{pin}\n")
    folder = tmp_path / "downloaded"

    with pytest.raises(subprocess.CalledProcessError):
        single_file.download(folder)
    assert reason in capfd.readouterr().err
    assert not list(folder.glob("*"))


@pytest.mark.parametrize("path", [single_file.DEPENDENCIES, lock.TOOLS], ids=lambda path: path.name)
def test_each_locked_package_has_one_version_and_one_hash(path: Path) -> None:
    lines = [line for line in path.read_text().splitlines() if not line.startswith("#")]

    assert lines
    for line in lines:
        assert re.fullmatch(r"[\w.-]+==[\w.]+ --hash=sha256:[0-9a-f]{64}", line)


def test_the_sbom_names_the_program_and_what_it_holds(tmp_path: Path) -> None:
    package = wheel(tmp_path)
    bom = json.loads(sbom.document(b"program", "1.2.3", [package]))
    [found] = bom["components"]
    ours = bom["metadata"]["component"]

    assert (found["name"], found["version"]) == ("Sample._package", "1.0")
    assert found["purl"] == "pkg:pypi/sample-package@1.0"
    assert found["hashes"] == [{"alg": "SHA-256", "content": sha256(package)}]
    assert ours["version"] == "1.2.3"
    assert ours["hashes"][0]["content"] == hashlib.sha256(b"program").hexdigest()
    assert bom["dependencies"] == [{"ref": ours["bom-ref"], "dependsOn": [found["bom-ref"]]}]


def test_the_sbom_is_another_for_another_program_only(tmp_path: Path) -> None:
    package = wheel(tmp_path)
    first = sbom.document(b"program", "1.2.3", [package])
    other = sbom.document(b"changed", "1.2.3", [package])

    assert first == sbom.document(b"program", "1.2.3", [package])
    assert json.loads(first)["serialNumber"] != json.loads(other)["serialNumber"]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("License-Expression: MIT OR Apache-2.0\n", [{"expression": "MIT OR Apache-2.0"}]),
        ("License: BSD License\n", [{"license": {"name": "BSD License"}}]),
        ("", []),
    ],
)
def test_the_sbom_says_the_license(tmp_path: Path, line: str, expected: list[Any]) -> None:
    package = wheel(tmp_path, METADATA + line + "\nLicense-Expression: no header\n")

    assert json.loads(sbom.document(b"", "1", [package]))["components"][0]["licenses"] == expected


def test_the_checksums_are_sorted_by_name() -> None:
    first, second = (hashlib.sha256(content).hexdigest() for content in (b"first", b"second"))

    assert checksums({"b": b"second", "a": b"first"}) == f"{first}  a\n{second}  b\n"
