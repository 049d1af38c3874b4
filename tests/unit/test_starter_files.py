"""The Dockerfile that `init` offers."""

from __future__ import annotations

from pathlib import Path

import pytest

from kubectl_submit.cli import main
from kubectl_submit.cli.options.configuration import FILE_NAME
from kubectl_submit.commands import starter_files


@pytest.fixture(autouse=True)
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / ".git").mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("names", "kind"),
    [
        (["uv.lock", "requirements.txt", "main.py"], ("uv", "uv.lock")),
        (["environment.yml", "requirements.txt"], ("conda", "environment.yml")),
        (["requirements.txt"], ("pip", "requirements.txt")),
        (["train.py", "eval.py"], ("python", "eval.py")),
        (["main.go"], ("", "")),
    ],
)
def test_the_kind_of_a_repository(root: Path, names: list[str], kind: tuple[str, str]) -> None:
    for name in names:
        (root / name).touch()
    assert starter_files.kind(root) == kind
    assert starter_files.offered(root) == bool(kind[0])
    (root / "Dockerfile").touch()
    assert not starter_files.offered(root)


@pytest.mark.parametrize("name", ["uv.lock", "environment.yml", "requirements.txt", "train.py"])
def test_each_dockerfile_installs_before_it_copies_the_code(root: Path, name: str) -> None:
    (root / name).touch()
    assert main.run(["init", "--dockerfile"]) == 0
    lines = (root / "Dockerfile").read_text("utf-8").splitlines()
    code = lines.index("COPY --link --chown=10001:10001 . .")
    assert "RUN" not in "".join(lines[code:])
    assert (f"{name} ./" in "\n".join(lines[:code])) == (name != "train.py")
    installs = [line for line in lines if "install" in line or "create" in line][1:]
    assert all("--mount=type=cache" in line for line in installs if line.startswith("RUN"))
    assert lines[-1] == "USER 10001:10001"
    assert ".git\n" in (root / ".dockerignore").read_text("utf-8")


def test_what_exists_stays(root: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (root / "train.py").touch()
    (root / ".dockerignore").write_text("mine", "utf-8")
    (root / "Dockerfile").write_text("mine", "utf-8")
    assert main.run(["init", "--dockerfile"]) == 1
    assert "Dockerfile already exists\nNothing was written." in capfd.readouterr().err
    assert not (root / FILE_NAME).exists()
    (root / "Dockerfile").unlink()
    assert main.run(["init", "--dockerfile"]) == 0
    assert (root / ".dockerignore").read_text("utf-8") == "mine"


def test_without_a_terminal_it_is_only_named(root: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (root / "train.py").touch()
    assert main.run(["init"]) == 0
    assert "init --dockerfile" in capfd.readouterr().err
    assert not (root / "Dockerfile").exists()


def test_nothing_to_write_one_for(root: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert main.run(["init", "--dockerfile"]) == 1
    assert "requirements.txt" in capfd.readouterr().err
    assert not (root / FILE_NAME).exists()
