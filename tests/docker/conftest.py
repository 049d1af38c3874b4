"""Local builds through the package's own functions, and a look into what they pushed."""

from __future__ import annotations

import io
import subprocess
import tarfile
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from kubectl_submit.build_backends import local as local_backend
from kubectl_submit.cli.options import Options
from kubectl_submit.cluster.kubectl import Kubectl
from kubectl_submit.model.image import Image
from kubectl_submit.output import Output
from kubectl_submit.parameters.build_parameters import collect_build_parameters
from tests.conftest import local

Build = Callable[..., Image]


@pytest.fixture
def temporary_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The temporary folder of the package and the programs it starts; empty at the end."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(folder))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    yield folder
    assert list(folder.iterdir()) == []


@pytest.fixture
def build(temporary_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Build:
    """What `kubectl submit --build local` does until the image is there."""
    del temporary_folder

    def build(folder: Path, **given: Any) -> Image:
        monkeypatch.chdir(folder)
        options = Options(
            **{
                "build": "local",
                "image_repository": local("KUBECTL_SUBMIT_IMAGE_REPOSITORY"),
                **given,
            }
        )
        parameters = collect_build_parameters(options, name_limit=52)
        kubectl = Kubectl()
        asked = local_backend.start_lookup(parameters, kubectl)
        return local_backend.build(parameters, asked, kubectl, Output())

    return build


def files(image: Image) -> dict[str, tarfile.TarInfo]:
    """What is in the image's folder /app, by its path there."""
    export = ["crane", "export", image.reference, "-"]
    exported = subprocess.run(export, check=True, capture_output=True).stdout
    with tarfile.open(fileobj=io.BytesIO(exported)) as archive:
        return {
            member.name.removeprefix("app/"): member
            for member in archive
            if member.name.startswith("app/")
        }
