"""The Dockerfiles that `init` offers, with stand-ins for pip, uv and conda."""

from __future__ import annotations

import io
import re
import subprocess
import tarfile
import uuid
from pathlib import Path

import pytest

from kubectl_submit.commands import starter_files
from kubectl_submit.model.image import Image
from tests.conftest import Repository, local
from tests.docker.conftest import Build

STUB = '#!/bin/sh\necho "$(basename "$0") $*" >> /installed\n'


@pytest.fixture
def base(tmp_path: Path) -> str:
    """An image with such programs."""
    folder = tmp_path / "base"
    folder.mkdir()
    (folder / "stub").write_text(STUB, encoding="utf-8")
    copies = "".join(f"COPY --chmod=755 stub /bin/{name}\n" for name in ("pip", "uv", "conda"))
    dockerfile = f"FROM {local('LOCAL_REGISTRY')}/busybox:1\n{copies}"
    (folder / "Dockerfile").write_text(dockerfile, encoding="utf-8")
    name = f"{local('LOCAL_REGISTRY')}/submit:stubs"
    argv = ["docker", "buildx", "build", "--push", "--quiet", "--provenance=false"]
    subprocess.run([*argv, "--tag", name, str(folder)], check=True, capture_output=True)
    return name


@pytest.mark.parametrize(
    ("names", "called"),
    [
        (["uv.lock", "pyproject.toml"], "pip install uv\nuv sync --frozen --no-install-project\n"),
        (["requirements.txt"], "pip install -r requirements.txt\n"),
        (["environment.yml"], "conda env create --prefix /env --file environment.yml\n"),
        ([], ""),
    ],
)
def test_dependencies_are_installed_once(
    repository: Repository,
    build: Build,
    base: str,
    names: list[str],
    called: str,
    capfd: pytest.CaptureFixture[str],
) -> None:
    for name in (*names, "train.py"):
        repository.write(name, "")
    kind, _ = starter_files.kind(repository.folder)
    for path, text in starter_files.texts(repository.folder, kind).items():
        path.write_text(text, encoding="utf-8")
    repository.commit()
    build(repository.folder, build_arg=(("BASE", base),))
    capfd.readouterr()
    changed = f"print('{uuid.uuid4()}')\n"
    repository.write("train.py", changed)
    repository.commit()

    image = build(repository.folder, build_arg=(("BASE", base),))

    shown = capfd.readouterr().err
    steps = re.findall(r"(?m)^ +(cached|[\d.]+ s)  \[[^]]*\] (\w+)", shown)
    assert [name for took, name in steps if took != "cached"] == ["COPY"], shown
    files = exported(image)
    assert content(files, "installed") == called
    assert content(files, "app/train.py") == changed
    assert {files.getmember(name).uid for name in ("app", "app/train.py", "home/user")} == {10001}


def exported(image: Image) -> tarfile.TarFile:
    """The files of an image."""
    argv = ["crane", "export", image.reference, "-"]
    content = subprocess.run(argv, check=True, capture_output=True).stdout
    return tarfile.open(fileobj=io.BytesIO(content))


def content(files: tarfile.TarFile, name: str) -> str:
    """The text of a file; empty if there is none."""
    found = files.extractfile(name) if name in files.getnames() else None
    return found.read().decode() if found else ""
