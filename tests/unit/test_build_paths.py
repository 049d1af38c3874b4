"""Where the Dockerfile and the context are, and what cannot be built."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from kubectl_submit.error_codes import ErrorCode
from kubectl_submit.errors import RepositoryError, SubmitError, UsageError
from tests.errors import raises_code

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
    ("options", "kind", "code", "told"),
    [
        (
            {"dockerfile": "missing"},
            RepositoryError,
            ErrorCode.DOCKERFILE_NOT_FOUND,
            "there is no missing in",
        ),
        ({"dockerfile": "."}, RepositoryError, ErrorCode.DOCKERFILE_NOT_FOUND, " . "),
        (
            {"build_context": "missing"},
            RepositoryError,
            ErrorCode.BUILD_CONTEXT_NOT_FOUND,
            "there is no folder missing in",
        ),
        (
            {"build_context": "main.py"},
            RepositoryError,
            ErrorCode.BUILD_CONTEXT_NOT_FOUND,
            "main.py",
        ),
        (
            {"dockerfile": "../Dockerfile"},
            UsageError,
            ErrorCode.PATH_OUTSIDE_REPOSITORY,
            "--dockerfile ../Dockerfile is outside of the repository",
        ),
        (
            {"build_context": ".."},
            UsageError,
            ErrorCode.PATH_OUTSIDE_REPOSITORY,
            "--build-context .. ",
        ),
        (
            {"build_context": "/"},
            UsageError,
            ErrorCode.PATH_OUTSIDE_REPOSITORY,
            "--build-context / ",
        ),
        (
            {"dockerfile": "ignored"},
            RepositoryError,
            ErrorCode.DOCKERFILE_IGNORED,
            "ignored is not part of the commit: git ignores it",
        ),
        ({"git_remote": "fork"}, RepositoryError, ErrorCode.NO_SUCH_REMOTE, "'fork'"),
        ({"name": "a" * 47}, UsageError, ErrorCode.RUN_NAME_TOO_LONG, "47"),
    ],
)
def test_what_cannot_be_built_is_told(
    project: Project, options: dict[str, Any], kind: type[SubmitError], code: ErrorCode, told: str
) -> None:
    project.write(".git/info/exclude", "ignored\n")
    project.write("ignored")
    with raises_code(code, kind) as refused:
        collect(**options)
    assert told in refused.value.message
