"""Clean checkouts: exactly the files of a commit, and the repository left as it is."""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from kubectl_submit.error_codes import ErrorCode
from kubectl_submit.errors import RepositoryError
from kubectl_submit.output import Output
from kubectl_submit.source import checkout, tracked_files
from tests.errors import raises_code

from .repositories import PATH, Project, contents, pushed


@pytest.fixture(params=["kept", "temporary"], autouse=True)
def place(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where checkouts are: in the cache folder, or in the temporary one if there is none."""
    if request.param == "temporary":
        monkeypatch.setenv("XDG_CACHE_HOME", os.devnull)
        return tmp_path / "tmp"
    return tmp_path / "home" / ".cache" / "kubectl-submit" / "checkouts"


@contextlib.contextmanager
def clean(root: Path, commit: str) -> Iterator[Path]:
    with checkout.checkout(root, commit, Output()) as found:
        yield found.folder


def checked_out(project: Project, commit: str = "HEAD") -> dict[str, str]:
    """What a checkout has: path → text, or where a link points."""
    with clean(project.root, project.git("rev-parse", commit)) as folder:
        return {
            str(path.relative_to(folder)): os.readlink(path)
            if path.is_symlink()
            else path.read_text()
            for path in folder.rglob("*")
            if path.is_symlink() or path.is_file()
        }


FILES = {"Dockerfile": "FROM busybox\n", "main.py": "print('hello')\n"}


def test_has_the_files_of_the_commit(project: Project) -> None:
    assert checked_out(project) == FILES


def test_has_nothing_else(project: Project) -> None:
    project.write(".gitignore", "*.log\nvenv/\n")
    project.commit()
    project.write("a.log")
    project.write("venv/bin/python")
    project.write("new.py")
    project.write("main.py", "changed")
    project.write("staged.py")
    project.git("add", "staged.py")
    assert checked_out(project) == FILES | {".gitignore": "*.log\nvenv/\n"}


def test_of_an_older_commit(project: Project) -> None:
    project.write("main.py", "changed")
    project.write("more.py")
    project.commit()
    assert checked_out(project, "HEAD~") == FILES


@pytest.mark.parametrize("name", ["two words", "ünï", "line\nbreak", " ", "-dash", "\n"])
def test_has_files_and_folders_of_any_name(project: Project, name: str) -> None:
    project.write(f"{name}/{name}", "text")
    project.commit()
    assert checked_out(project) == FILES | {f"{name}/{name}": "text"}


@pytest.fixture(params=[0o022, 0o077, 0o002])
def umask(request: pytest.FixtureRequest) -> Iterator[int]:
    before = os.umask(request.param)
    yield request.param
    os.umask(before)


def test_modes_are_those_of_git_whatever_the_umask(project: Project, umask: int) -> None:
    project.write("run.sh", mode=0o755)
    project.write("folder/private", mode=0o600)
    commit = project.commit()
    with clean(project.root, commit) as folder:
        modes = {
            path: stat.S_IMODE((folder / path).stat().st_mode)
            for path in ("run.sh", "main.py", "folder", "folder/private")
        }
    assert modes == {"run.sh": 0o755, "main.py": 0o644, "folder": 0o755, "folder/private": 0o644}
    assert os.umask(umask) == umask


def test_links_stay_links(project: Project) -> None:
    (project.root / "link").symlink_to("main.py")
    (project.root / "outside").symlink_to("/etc/passwd")
    project.commit()
    assert checked_out(project) == FILES | {"link": "main.py", "outside": "/etc/passwd"}


def test_line_ends_are_those_of_the_commit(project: Project) -> None:
    project.git("config", "core.autocrlf", "true")
    assert checked_out(project) == FILES


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("core.eol", "crlf"),
        ("core.symlinks", "false"),
        ("core.attributesFile", "../attributes"),
        ("submodule.recurse", "true"),
    ],
)
def test_preferences_of_this_machine_do_not_count(project: Project, key: str, value: str) -> None:
    """As a repository has them that Git for Windows has cloned, looked at from WSL."""
    (project.root.parent / "attributes").write_text("*.py text eol=crlf\n")
    (project.root / "link").symlink_to("main.py")
    project.write(".gitattributes", "Dockerfile text\n")
    commit = project.commit()
    project.git("config", key, value.replace("..", str(project.root.parent)))
    with clean(project.root, commit) as folder:
        assert os.readlink(folder / "link") == "main.py"
        assert b"\r" not in (folder / "main.py").read_bytes()
        assert b"\r" not in (folder / "Dockerfile").read_bytes()


def test_has_what_the_commit_is_for_others(project: Project) -> None:
    """`git replace` puts another commit in its place, in this repository alone."""
    project.write("main.py", "changed")
    project.commit()
    project.git("replace", "HEAD", "HEAD~")
    assert checked_out(project) == FILES | {"main.py": "changed"}


def test_attributes_of_the_commit_count(project: Project) -> None:
    project.write(".gitattributes", "*.bat eol=crlf\n")
    project.write("a.bat", "one\n")
    commit = project.commit()
    with clean(project.root, commit) as folder:
        assert (folder / "a.bat").read_bytes() == b"one\r\n"
        assert (folder / "main.py").read_bytes() == b"print('hello')\n"


def test_has_what_the_user_has_not_checked_out(project: Project) -> None:
    project.write("data/big.txt", "text")
    project.commit()
    project.git("sparse-checkout", "set", "--no-cone", "/main.py")
    assert not (project.root / "data").exists()
    assert checked_out(project) == FILES | {"data/big.txt": "text"}


@pytest.fixture(scope="module")
def nested_original(tmp_path_factory: pytest.TempPathFactory, git: None) -> Project:
    """Two submodules, of which one has one of its own."""
    folder = tmp_path_factory.mktemp("nested")
    inner = pushed(folder / "inner", {"inner.py": "inner"})
    outer = pushed(folder / "outer", {"outer.py": "outer"})
    outer.add_submodule(inner, "deep/in ner")
    project = pushed(folder / "project", FILES)
    project.add_submodule(outer, "libs/öuter")
    project.add_submodule(inner, "libs/zwei")
    project.git("submodule", "--quiet", "update", "--init", "--recursive")
    return project


@pytest.fixture
def nested(nested_original: Project, tmp_path: Path) -> Project:
    return nested_original.copy(tmp_path / "project")


def test_has_the_submodules(nested: Project) -> None:
    found = checked_out(nested)
    assert found.pop(".gitmodules").count("[submodule") == 2
    assert found.pop("libs/öuter/.gitmodules").count("[submodule") == 1
    assert found == FILES | {
        "libs/öuter/outer.py": "outer",
        "libs/öuter/deep/in ner/inner.py": "inner",
        "libs/zwei/inner.py": "inner",
    }


def test_has_submodules_as_they_are_committed(nested: Project) -> None:
    nested.write("libs/zwei/inner.py", "changed")
    nested.commit(at="libs/zwei")
    nested.write("libs/zwei/new.py")
    assert checked_out(nested)["libs/zwei/inner.py"] == "inner"
    assert "libs/zwei/new.py" not in checked_out(nested)


def test_a_submodule_that_is_not_there_is_named(nested: Project) -> None:
    nested.git("submodule", "--quiet", "deinit", "libs/zwei")
    with raises_code(ErrorCode.SUBMODULE_NOT_CHECKED_OUT, RepositoryError) as refused:
        checked_out(nested)
    assert refused.value.message == "the submodule libs/zwei is not checked out"
    assert "git submodule update --init --recursive" in refused.value.remedy


def test_a_commit_that_is_not_there_is_named(project: Project) -> None:
    with (
        raises_code(ErrorCode.CHECKOUT_FAILED, RepositoryError) as refused,
        clean(project.root, "0" * 40),
    ):
        pass
    assert refused.value.message == "cannot check out 000000000000"
    assert refused.value.last_words


def test_of_a_worktree(project: Project, tmp_path: Path) -> None:
    project.git("worktree", "add", "--quiet", "-b", "side", str(tmp_path / "side"))
    with clean(tmp_path / "side", project.head()) as folder:
        assert (folder / "main.py").read_text() == FILES["main.py"]


def test_leaves_the_repository_as_it_is(nested: Project) -> None:
    nested.write("main.py", "changed")
    nested.git("add", "main.py")
    nested.write("new.py")
    os.utime(nested.root / "Dockerfile", (1, 1))  # so that git would like to refresh its index
    before = contents(nested.root)
    checked_out(nested)
    assert contents(nested.root) == before


@pytest.mark.parametrize("hook", ["post-index-change", "post-checkout", "fsmonitor"])
def test_starts_no_program_of_the_repository(project: Project, tmp_path: Path, hook: str) -> None:
    script = f"#!/bin/sh\n: > {tmp_path / 'hook-ran'}\n"
    project.write(f".git/hooks/{hook}", script, 0o755)
    if hook == "fsmonitor":
        project.git("config", "core.fsmonitor", ".git/hooks/fsmonitor")
    checked_out(project)
    assert not (tmp_path / "hook-ran").exists()


def test_leaves_nothing_in_the_temporary_folder(
    project: Project, place: Path, tmp_path: Path
) -> None:
    with clean(project.root, project.head()) as folder:
        assert folder.is_relative_to(place)
    assert list((tmp_path / "tmp").iterdir()) == []


POINTER = f"version https://git-lfs.github.com/spec/v1\noid sha256:{'4' * 64}\nsize 4\n"


@pytest.mark.parametrize("where", [".", "libs/öuter"])
def test_pointers_of_git_lfs_are_no_files(nested: Project, where: str) -> None:
    """In a clone without git-lfs; also where a macro of attributes says so, and in submodules."""
    nested.write(f"{where}/.gitattributes", "[attr]large filter=lfs -text\n*.bin large\n")
    nested.write(f"{where}/deep/a.bin", POINTER)
    nested.write(f"{where}/deep/text", POINTER)
    nested.commit(at=where)
    commit = nested.commit() if where != "." else nested.head()
    with (
        raises_code(ErrorCode.GIT_LFS_POINTERS, RepositoryError) as refused,
        clean(nested.root, commit),
    ):
        pass
    assert refused.value.message == "only the pointers of files in git LFS are here"
    assert refused.value.last_words == "deep/a.bin"
    assert "git lfs pull" in refused.value.remedy


def test_files_that_git_lfs_has_put_in_place(project: Project) -> None:
    filter_of_lfs = "sed s/.*// | head -c 0; echo large"
    project.git("config", "filter.lfs.smudge", filter_of_lfs)
    project.write(".gitattributes", "*.bin filter=lfs\n")
    project.write("a.bin", POINTER)
    project.commit()
    environment = os.environ["PATH"]
    os.environ["PATH"] = PATH  # the filter is a shell script
    try:
        assert checked_out(project)["a.bin"] == "large\n"
    finally:
        os.environ["PATH"] = environment


def test_pointers_in_the_working_tree(project: Project) -> None:
    project.write(".gitattributes", "*.bin filter=lfs\n")
    for number in range(7):
        project.write(f"{number}.bin", POINTER)
    project.write("gone.bin", POINTER)
    project.commit()
    (project.root / "gone.bin").unlink()
    with raises_code(ErrorCode.GIT_LFS_POINTERS, RepositoryError) as refused:
        tracked_files.refuse_lfs_pointers(project.root)
    assert refused.value.last_words == "0.bin, 1.bin, 2.bin, 3.bin, 4.bin and 2 more"
    for number in range(7):
        project.write(f"{number}.bin", "large")
    tracked_files.refuse_lfs_pointers(project.root)


def test_a_submodule_that_git_leaves_out(nested: Project) -> None:
    nested.git("config", "--file", ".gitmodules", "submodule.libs/zwei.update", "none")
    nested.git("submodule", "--quiet", "deinit", "--force", "libs/zwei")
    commit = nested.commit()
    with clean(nested.root, commit) as folder:
        assert list((folder / "libs/zwei").iterdir()) == []
        assert (folder / "libs/öuter/outer.py").exists()


def test_a_repository_inside_that_has_no_url(project: Project) -> None:
    """Whoever clones the remote gets an empty folder."""
    inside = Project(project.root / "inside")
    inside.write("a.py")
    inside.commit()
    commit = project.commit()
    with clean(project.root, commit) as folder:
        assert list((folder / "inside").iterdir()) == []
