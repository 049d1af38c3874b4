"""What `init` writes is a configuration that is taken, with every option in it."""

from __future__ import annotations

from pathlib import Path

import pytest

from kubectl_submit.cli import main
from kubectl_submit.cli.command_line import subcommand
from kubectl_submit.cli.options import Options, configuration
from kubectl_submit.cli.options.declaration import declared
from kubectl_submit.commands import init


def test_writes_a_file_that_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / "deeper").mkdir()
    monkeypatch.chdir(tmp_path / "deeper")
    assert main.run(["init", "--manifests"]) == 0
    written = tmp_path / configuration.FILE_NAME
    known = configuration.load(str(written), declared(Options))
    told = Path(known["build_manifest"]).resolve()
    assert told == tmp_path / "kubectl-submit/build-remote.yml"
    assert "kind: RayJob" in (tmp_path / "kubectl-submit/ray-job.yml").read_text("utf-8")


def test_every_line_can_be_switched_on() -> None:
    text = init.configuration("registry.example/app", manifests=False)
    keys = {one.key for one in declared(Options) if one.configurable}
    lines = [line.lstrip("#") for line in text.splitlines() if not line.startswith("# ")]
    found = {line.partition(":")[0] for line in lines if line}
    assert {"image-repository", "gpus", "queue", "context"} <= found <= keys
    assert "token" not in found
    assert "\nimage-repository: registry.example/app\n" in text


def test_overwrites_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "kubectl-submit").mkdir()
    (tmp_path / "kubectl-submit" / "job.yml").write_text("mine", "utf-8")
    assert main.run(["init", "--manifests"]) == 1
    assert "kubectl-submit/job.yml already exists\nNothing was written." in capfd.readouterr().err
    assert not (tmp_path / configuration.FILE_NAME).exists()
    assert subcommand("init").help
