"""Checkouts that are kept: only what has changed is written, and what is there can be trusted."""

from __future__ import annotations

import contextlib
import os
import shutil
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from kubectl_submit.error_codes import ErrorCode
from kubectl_submit.errors import RepositoryError
from kubectl_submit.output import Output
from kubectl_submit.source import checkout, commit_files, kept_folders
from kubectl_submit.source.checkout import Checkout
from tests.conftest import eventually
from tests.errors import raises_code

from .repositories import PATH, Project, contents, pushed

POINTER = f"version https://git-lfs.github.com/spec/v1\noid sha256:{'4' * 64}\nsize 4\n"


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """Where checkouts are kept."""
    return tmp_path / "home" / ".cache" / "kubectl-submit" / "checkouts"


@contextlib.contextmanager
def held(project: Project) -> Iterator[Checkout]:
    with checkout.checkout(project.root, project.head(), Output()) as found:
        yield found


def folder_of(project: Project) -> Path:
    """Where its commit is checked out."""
    with held(project) as found:
        return found.folder


def files(folder: Path) -> dict[str, bytes | str]:
    """Path → content, or where a link points; folders are None."""
    return {
        str(path.relative_to(folder)): os.readlink(path)
        if path.is_symlink()
        else path.read_bytes()
        if path.is_file()
        else "/"
        for path in folder.rglob("*")
    }


def fresh(project: Project, monkeypatch: pytest.MonkeyPatch) -> dict[str, bytes | str]:
    """What a checkout that is not kept has."""
    with monkeypatch.context() as changed:
        changed.setenv("XDG_CACHE_HOME", os.devnull)
        with held(project) as found:
            return files(found.folder)


def test_is_found_again(project: Project, place: Path) -> None:
    first, second = folder_of(project), folder_of(project)
    assert first == second
    assert first.is_relative_to(place)
    assert stat.S_IMODE(place.stat().st_mode) == 0o700


def test_writes_only_what_has_changed(project: Project) -> None:
    for number in range(20):
        project.write(f"folder/{number}")
    project.commit()
    before = contents(folder_of(project))
    project.write("folder/7", "changed")
    project.write("new")
    project.commit()
    after = contents(folder_of(project))
    assert {path for path, found in after.items() if found != before.get(path)} == {
        "folder",  # its time
        "folder/7",
        "new",
    }


def test_each_has_a_name_of_its_own(project: Project, tmp_path: Path) -> None:
    """BuildKit takes contexts for the same one whose folders have the same name."""
    other = project.copy(tmp_path / "copy" / project.root.name)
    with held(project) as one, held(project) as two, held(other) as three:
        assert len({found.folder.name for found in (one, two, three)}) == 3


def test_a_worktree_shares_it(project: Project, tmp_path: Path) -> None:
    project.git("worktree", "add", "--quiet", "-b", "side", str(tmp_path / "side"))
    assert folder_of(project) == folder_of(Project(tmp_path / "side"))


def spoil(folder: Path) -> None:
    """Add, delete, and change a mode."""
    (folder / "main.py").chmod(0o755)
    (folder / ".gitignore").write_text("*\n")
    (folder / "more/and/more").mkdir(parents=True)
    (folder / "more/.git").mkdir()
    (folder / ".git").write_text("gitdir: /nowhere\n")
    (folder / "Dockerfile").unlink()


@pytest.mark.parametrize("one", ["main.py", "folder/file", "link", "."])
def test_files_that_somebody_has_changed(
    project: Project, one: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also those with the same size and the same time, and where git is told to look at less."""
    for setting in ("core.trustctime", "core.fileMode"):
        project.git("config", setting, "false")
    project.git("config", "core.checkStat", "minimal")
    project.write("folder/file")
    (project.root / "link").symlink_to("main.py")
    project.commit()
    folder = folder_of(project)
    changed, time_before = folder / one, (folder / one).lstat()
    [index] = [path for path in (folder.parent / "indexes").iterdir() if not path.suffix]
    os.utime(index, (time.time() + 100,) * 2)  # else git trusts no file of the same second
    # The clock of file systems is some milliseconds late.
    eventually(lambda: time.time() >= int(time_before.st_ctime) + 1.1, "another second")
    if one == ".":
        spoil(folder)
    elif changed.is_symlink():
        changed.unlink()
        changed.symlink_to("else.py")
    else:
        changed.write_bytes(changed.read_bytes().swapcase())
        os.utime(changed, ns=(time_before.st_atime_ns, time_before.st_mtime_ns))
    assert folder_of(project) == folder
    assert files(folder) == fresh(project, monkeypatch)
    assert not (folder / "main.py").stat().st_mode & 0o111


def test_a_file_becomes_a_folder_and_a_link_and_back(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    for step in range(5):
        thing = project.root / "thing"
        if thing.is_dir() and not thing.is_symlink():
            shutil.rmtree(thing)
        else:
            thing.unlink(missing_ok=True)
        if step % 3 == 0:
            project.write("thing/inside")
        elif step % 3 == 1:
            thing.symlink_to("main.py")
        else:
            project.write("thing", mode=0o755)
        project.commit()
        folder = folder_of(project)
        (folder / "junk").write_text("left")
        assert files(folder_of(project)) == fresh(project, monkeypatch)


def test_other_attributes_give_the_same_contents_another_form(project: Project) -> None:
    project.write("a.bat", "one\n")
    project.commit()
    assert (folder_of(project) / "a.bat").read_bytes() == b"one\n"
    project.write(".gitattributes", "*.bat eol=crlf\n")
    project.commit()
    assert (folder_of(project) / "a.bat").read_bytes() == b"one\r\n"
    project.git("rm", "--quiet", ".gitattributes")
    project.commit()
    assert (folder_of(project) / "a.bat").read_bytes() == b"one\n"


def test_another_filter_gives_the_same_contents_another_form(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", PATH)  # the filters are programs
    project.write(".gitattributes", "*.txt filter=case\n")
    project.write("a.txt", "One\n")
    project.commit()
    project.git("config", "filter.case.smudge", "tr a-z A-Z")
    assert (folder_of(project) / "a.txt").read_text() == "ONE\n"
    project.git("config", "filter.case.smudge", "tr A-Z a-z")
    assert (folder_of(project) / "a.txt").read_text() == "one\n"


def test_files_of_git_lfs_that_come_later(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", PATH)  # the filter is a shell script
    project.write(".gitattributes", "*.bin filter=lfs\n")
    project.write("a.bin", POINTER)
    project.commit()
    fetched = Path(f"{project.root}.fetched")
    smudge = f"if test -e {fetched}; then echo large; else cat; fi"
    project.git("config", "filter.lfs.smudge", smudge)
    with raises_code(ErrorCode.GIT_LFS_POINTERS, RepositoryError):
        folder_of(project)
    fetched.touch()
    assert (folder_of(project) / "a.bin").read_text() == "large\n"


@pytest.fixture
def nested(tmp_path: Path) -> Project:
    """A submodule, with one of its own."""
    inner = pushed(tmp_path / "inner", {"inner.py": "inner"})
    outer = pushed(tmp_path / "outer", {"outer.py": "outer"})
    outer.add_submodule(inner, "deep")
    project = pushed(tmp_path / "nested", {"main.py": "main"})
    project.add_submodule(outer, "libs/outer")
    project.git("submodule", "--quiet", "update", "--init", "--recursive")
    return project


def test_submodules_go_along(nested: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = folder_of(nested)
    nested.write("libs/outer/deep/inner.py", "changed")
    nested.write("libs/outer/more")
    nested.commit(at="libs/outer/deep")
    nested.commit(at="libs/outer")
    nested.commit()
    (folder / "libs/outer/junk").write_text("left")
    (folder / "libs/outer/outer.py").write_text("OUTER")
    assert folder_of(nested) == folder
    assert files(folder) == fresh(nested, monkeypatch)
    assert (folder / "libs/outer/deep/inner.py").read_text() == "changed"


@pytest.mark.parametrize("what", ["removed", "none", "unnamed", "file", "folder"])
def test_submodules_that_go(nested: Project, what: str, monkeypatch: pytest.MonkeyPatch) -> None:
    folder_of(nested)
    if what == "none":
        nested.git("config", "--file", ".gitmodules", "submodule.libs/outer.update", "none")
    elif what == "unnamed":
        nested.git("rm", "--quiet", "--cached", ".gitmodules")
        (nested.root / ".gitmodules").unlink()
    else:
        nested.git("rm", "--quiet", "--force", "libs/outer")
    if what == "file":
        nested.write("libs/outer")
    if what == "folder":
        nested.write("libs/outer/outer.py", "mine")
    nested.commit()
    assert files(folder_of(nested)) == fresh(nested, monkeypatch)
    if what != "unnamed":
        nested.git("revert", "--no-edit", "HEAD")
        nested.git("submodule", "--quiet", "update", "--init", "--recursive")
        assert files(folder_of(nested)) == fresh(nested, monkeypatch)


@pytest.mark.parametrize(
    "setting", ["submodule.recurse", "core.untrackedCache", "feature.manyFiles"]
)
def test_leaves_the_repository_as_it_is(nested: Project, setting: str) -> None:
    nested.git("config", setting, "true")
    folder_of(nested)
    nested.write("libs/outer/new")
    nested.commit(at="libs/outer")
    nested.commit()
    before = contents(nested.root)
    folder_of(nested)
    assert contents(nested.root) == before


def test_two_at_once(project: Project) -> None:
    with held(project) as one:
        project.write("main.py", "changed")
        project.commit()
        with held(project) as two:
            assert (one.folder / "main.py").read_text() == "print('hello')\n"
            assert (two.folder / "main.py").read_text() == "changed"
            with held(project) as three:
                assert files(three.folder) == files(two.folder)
    assert len({one.folder, two.folder, three.folder}) == 3
    assert not three.folder.exists()
    assert folder_of(project) == one.folder


def test_many_at_once(project: Project) -> None:
    """Each thread has another commit, and finds it until the end."""
    commits = []
    for number in range(6):
        project.write("main.py", f"number {number}\n")
        project.write(f"only-{number}")
        commits.append(project.commit())
    wrong: list[str] = []

    def use(number: int) -> None:
        for _ in range(4):
            with checkout.checkout(project.root, commits[number], Output()) as found:
                text = (found.folder / "main.py").read_text()
                names = {path.name for path in found.folder.iterdir()}
            if text != f"number {number}\n" or f"only-{number + 1}" in names:
                wrong.append(f"{number}: {text} {names}")

    threads = [threading.Thread(target=use, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


CHECK_OUT = """\
import os, sys
from pathlib import Path
from kubectl_submit.output import Output
from kubectl_submit.process.stream import Stream
from kubectl_submit.source import checkout
with checkout.checkout(Path(sys.argv[1]), sys.argv[2], Output()) as found:
    waiting = ["sh", "-c", 'until [ -e "$0" ]; do sleep 0.1; done', sys.argv[3]]
    Stream(waiting, keep_open=found.keep_open)
    print(found.folder, flush=True)
    os.kill(os.getpid(), 9)
"""


def test_stays_as_long_as_a_reader_that_outlives_us(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """docker goes on where we are killed: it must not build another commit's files."""
    monkeypatch.setenv("PATH", PATH)
    sign = tmp_path / "sign"
    argv = [sys.executable, "-c", CHECK_OUT, str(project.root), project.head(), str(sign)]
    killed = subprocess.run(argv, stdout=subprocess.PIPE, text=True, check=False)
    assert killed.returncode == -9
    first = Path(killed.stdout.strip())
    assert folder_of(project) != first
    sign.touch()
    eventually(lambda: folder_of(project) == first, "the reader has ended")


def test_is_not_used_while_a_git_still_writes_that_outlives_us(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", PATH)
    begun, sign = tmp_path / "begun", tmp_path / "sign"
    wait = f"mkdir {begun} 2>/dev/null && until [ -e {sign} ]; do sleep 0.1; done"
    project.git("config", "filter.slow.smudge", f"{wait}; cat")
    project.write(".gitattributes", "*.txt filter=slow\n")
    project.write("a.txt", "text\n")
    project.commit()
    argv = [sys.executable, "-c", CHECK_OUT, str(project.root), project.head(), str(sign)]
    with subprocess.Popen(argv) as killed:
        eventually(begun.exists, "git writes")
        killed.kill()
    other = folder_of(project)
    assert other.parent.name.endswith("-1")
    sign.touch()
    eventually(lambda: folder_of(project) != other, "git has ended")


def test_a_git_that_was_killed_in_the_middle(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it leaves: some files of the next commit, the index of the last, a lock on that."""
    folder = folder_of(project)
    [index] = [path for path in (folder.parent / "indexes").iterdir() if not path.suffix]
    project.write("main.py", "changed")
    project.write("new", "new")
    project.commit()
    (folder / "main.py").write_text("chan")
    (folder / "new").write_text("")
    index.with_name(f"{index.name}.lock").write_bytes(b"DIRC")
    assert folder_of(project) == folder
    assert files(folder) == fresh(project, monkeypatch)


@pytest.mark.parametrize("damage", [b"", b"DIRC and no index", None])
def test_a_damaged_index(
    project: Project, damage: bytes | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = folder_of(project)
    [index] = [path for path in (folder.parent / "indexes").iterdir() if not path.suffix]
    if damage is None:
        index.unlink()
    else:
        index.write_bytes(damage)
    (folder / "main.py").write_text("changed")
    with held(project) as found:
        assert files(found.folder) == fresh(project, monkeypatch)
    assert files(folder_of(project)) == fresh(project, monkeypatch)
    assert folder_of(project) == folder


@pytest.mark.parametrize("place_is", ["a file", "full", "of somebody else", "nowhere"])
def test_without_a_cache_folder(
    project: Project,
    place: Path,
    tmp_path: Path,
    place_is: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    if place_is == "a file":
        place.parent.mkdir(parents=True)
        place.touch()
    elif place_is == "full":  # as git says it, which has some files written by then
        real = tmp_path / "bin" / "real-git"
        (tmp_path / "bin" / "git").rename(real)
        (tmp_path / "bin" / "git").write_text(
            f'#!{shutil.which("sh", path=PATH)}\ncase "$*" in *{place}*read-tree*) "{real}" "$@"; '
            'echo "fatal: unable to write file: No space left on device" >&2; exit 128 ;; esac\n'
            f'exec "{real}" "$@"\n'
        )
        (tmp_path / "bin" / "git").chmod(0o755)
    elif place_is == "of somebody else":
        monkeypatch.setattr(os, "geteuid", lambda: 12345)
    else:
        monkeypatch.delenv("HOME")
    with held(project) as found:
        assert found.folder.is_relative_to(tmp_path / "tmp")
        assert (found.folder / "main.py").read_text() == "print('hello')\n"
    assert capsys.readouterr().err == ""
    assert [path for path in place.rglob("*") if path.name == "main.py"] == []


@pytest.mark.parametrize("what", ["number", "size", "age"])
def test_those_used_least_recently_are_removed(
    project: Project, tmp_path: Path, place: Path, what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    folders = []
    for number in range(3):
        copy = project.copy(tmp_path / f"copy-{number}")
        folders.append(folder_of(copy).parent)
        os.utime(folders[-1] / "lock", (1_000 + number,) * 2 if what == "age" else None)
    now = time.time()
    for number, folder in enumerate(folders if what != "age" else ()):
        os.utime(folder / "lock", (now - 100 + number,) * 2)
    if what == "number":
        monkeypatch.setattr(kept_folders, "MOST", 2)
    if what == "size":
        size = int((folders[0] / "bytes").read_text())
        monkeypatch.setattr(kept_folders, "MOST_BYTES", 2 * size + size // 2)
    left = folder_of(project).parent
    expected = {left} if what == "age" else {left, folders[2]}
    assert {path for path in place.iterdir() if path.is_dir()} == expected


def test_one_that_is_in_use_is_not_removed(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = project.copy(tmp_path / "other")
    monkeypatch.setattr(kept_folders, "MOST_BYTES", 0)
    with held(other) as used:
        gone = folder_of(project)
        assert not gone.parent.exists()
        assert (used.folder / "main.py").exists()
    assert not used.folder.parent.exists()


def test_what_was_being_removed_when_somebody_was_killed(project: Project, place: Path) -> None:
    left = place / "removed-0"
    left.mkdir(parents=True)
    (left / "main.py").touch()
    folder_of(project)
    assert not left.exists()


def test_says_so_where_it_takes_long(
    project: Project, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder_of(project)
    assert capsys.readouterr().err == ""
    monkeypatch.setattr(checkout, "SILENT_SECONDS", 0)
    said = threading.Event()
    real = Output.waiting

    def waiting(output: Output, why: str) -> None:
        real(output, why)
        if why:
            said.set()

    write = commit_files.write
    monkeypatch.setattr(Output, "waiting", waiting)
    monkeypatch.setattr(commit_files, "write", lambda *given: (said.wait(60), write(*given)))
    folder_of(project)
    assert capsys.readouterr().err.startswith("waiting: git is checking out the commit")
