"""Where the Dockerfile and the context are, and what cannot be built."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from kubectl_submit.errors import RepositoryError, UsageError

from .repositories import Project
from .test_parameters import collect


@pytest.fixture
def with_folders(project: Project, tmp_path: Path) -> Project:
    project.write("sub/Dockerfile", "FROM x\n")
    project.write("..dots/Dockerfile", "FROM x\n")
    (project.root / "inside").symlink_to("sub")
    (tmp_path / "link").symlink_to(project.root)
    return project


@pytest.mark.parametrize(
    ("here", "options", "paths"),
    [
        (".", {}, ("Dockerfile", ".")),
        ("sub", {}, ("Dockerfile", ".")),
        ("sub", {"dockerfile": "Dockerfile"}, ("sub/Dockerfile", ".")),
        ("sub", {"build_context": ".", "dockerfile": "../Dockerfile"}, ("Dockerfile", "sub")),
        (".", {"dockerfile": "sub/../sub/Dockerfile"}, ("sub/Dockerfile", ".")),
        (".", {"dockerfile": "..dots/Dockerfile"}, ("..dots/Dockerfile", ".")),
        (".", {"dockerfile": "../project/sub/Dockerfile"}, ("sub/Dockerfile", ".")),
        (".", {"dockerfile": "../link/sub/Dockerfile"}, ("sub/Dockerfile", ".")),
        (".", {"dockerfile": "inside/Dockerfile"}, ("inside/Dockerfile", ".")),
    ],
)
def test_paths_are_meant_from_here_and_given_from_the_root(
    with_folders: Project,
    monkeypatch: pytest.MonkeyPatch,
    here: str,
    options: dict[str, str],
    paths: tuple[str, str],
) -> None:
    monkeypatch.chdir(with_folders.root / here)
    found = collect(allow_dirty=True, **options)
    assert (found.dockerfile, found.context) == paths


@pytest.mark.parametrize(
    ("options", "kind", "message"),
    [
        ({"dockerfile": "missing"}, RepositoryError, "there is no missing in"),
        ({"dockerfile": "."}, RepositoryError, "there is no . in"),
        ({"build_context": "missing"}, RepositoryError, "there is no folder missing in"),
        ({"build_context": "main.py"}, RepositoryError, "there is no folder main.py in"),
        ({"dockerfile": "../Dockerfile"}, UsageError, "is outside of the repository"),
        ({"build_context": ".."}, UsageError, "is outside of the repository"),
        ({"build_context": "/"}, UsageError, "is outside of the repository"),
        ({"dockerfile": "ignored"}, RepositoryError, "git ignores it"),
        ({"git_remote": "fork"}, RepositoryError, "there is no remote 'fork'"),
        ({"name": "a" * 47}, UsageError, "is 47 characters long, 46 are allowed"),
    ],
)
def test_what_cannot_be_built_is_told(
    project: Project, options: dict[str, Any], kind: type[Exception], message: str
) -> None:
    project.write(".git/info/exclude", "ignored\n")
    project.write("ignored")
    with pytest.raises(kind, match=re.escape(message)):
        collect(**options)
