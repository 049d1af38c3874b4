"""Git repositories for tests, made by real git."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from tests.working_copy import run_git, write_file

PATH = os.environ["PATH"]  # git's own scripts need more than a test may have


class Project:
    """A working tree, and the bare repositories it calls its remotes."""

    def __init__(self, root: Path) -> None:
        self.root = root
        if not root.exists():
            self.root.mkdir(parents=True)
            self.git("init", "--quiet")

    def copy(self, root: Path) -> Project:
        """The same again in another folder, with the same remotes."""
        shutil.copytree(self.root, root, symlinks=True)
        return Project(root)

    def git(self, *argv: str, at: str = ".") -> str:
        """Run git in a folder of the working tree; what it prints."""
        argv = ("-c", "protocol.file.allow=always", *argv)
        return run_git(argv, self.root / at, {"PATH": PATH})

    def write(self, path: str, text: str = "text\n", mode: int = 0o644) -> Path:
        """Write a file, in folders made for it."""
        return write_file(self.root / path, text, mode)

    def commit(self, message: str = "work", at: str = ".") -> str:
        """Commit everything; the new commit."""
        self.git("add", "--all", at=at)
        self.git("commit", "--quiet", "--message", message, at=at)
        return self.head(at)

    def head(self, at: str = ".") -> str:
        """The commit of HEAD."""
        return self.git("rev-parse", "HEAD", at=at)

    def add_remote(self, name: str) -> Path:
        """An empty bare repository, known by a name; where it lies."""
        bare = self.root.parent / f"{name}.remotes" / f"{self.root.name}.git"
        bare.parent.mkdir(parents=True, exist_ok=True)
        self.git("init", "--quiet", "--bare", str(bare))
        self.git("remote", "add", name, str(bare))
        return bare

    def push(self, remote: str = "origin") -> None:
        """Push the branch, and follow it from then on."""
        self.git("push", "--quiet", "--set-upstream", remote, "HEAD")

    def add_submodule(self, source: Project, path: str) -> None:
        """Another project's remote as a submodule, committed and pushed."""
        url = source.git("remote", "get-url", "origin")
        self.git("submodule", "--quiet", "add", url, path)
        self.commit(f"add {path}")
        self.push()


def pushed(root: Path, files: dict[str, str]) -> Project:
    """A repository with these files in one commit, and a remote that has it."""
    project = Project(root)
    for path, text in files.items():
        project.write(path, text)
    project.commit()
    project.add_remote("origin")
    project.push()
    return project


def contents(folder: Path) -> dict[str, tuple[int, int, bytes]]:
    """All that can be told of a folder: path → mode, time of change, bytes."""
    found = {}
    for path in sorted(folder.rglob("*")):
        status = path.lstat()
        data = path.read_bytes() if path.is_file() and not path.is_symlink() else b""
        found[str(path.relative_to(folder))] = (status.st_mode, status.st_mtime_ns, data)
    return found
