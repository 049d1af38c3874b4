"""Files in git LFS: on the git server or on a server of their own, and in no build as pointers."""

from __future__ import annotations

import contextlib
import hashlib
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cluster import git_servers
from tests.cluster.conftest import Namespace, Submit, create_git_secret
from tests.cluster.leaks import assert_not_seen
from tests.conftest import Repository, bare, eventually, local

SERVER = Path(__file__).parents[2] / "scripts" / "cluster" / "git_http_server.py"
POINTER = "version https://git-lfs.github.com/spec/v1\noid sha256:{}\nsize {}\n"
CAT = ("--", "cat", "greeting.txt")
LFS_PASSWORD = "canary-of-lfs"


def listens(address: tuple[str, int]) -> bool:
    with contextlib.suppress(ConnectionRefusedError), socket.create_connection(address):
        return True
    return False


@contextlib.contextmanager
def serving(password: str) -> Iterator[str]:
    """A server for git and LFS of the test's own, which asks for a password."""
    host, port = git_servers.host(), git_servers.closed_port()
    account = {"GIT_SERVER_USER": local("LOCAL_USER"), "GIT_SERVER_PASSWORD": password}
    settings = {"GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "safe.directory"}
    program = subprocess.Popen(
        [sys.executable, str(SERVER), host, str(port), local("LOCAL_GIT_ROOT")],
        env={**os.environ, **account, **settings, "GIT_CONFIG_VALUE_0": "*"},
        stderr=subprocess.DEVNULL,
    )
    eventually(lambda: listens((host, port)), "the git server listens")
    yield f"http://{host}:{port}"
    program.terminate()
    program.wait()


@pytest.fixture
def http(password: str) -> Iterator[str]:
    """Such a server with the usual password."""
    with serving(password) as url:
        yield url


def over_http(repository: Repository, http: str, password: str) -> None:
    """Let the user reach the remote over HTTP, with the password in the URL."""
    repository.url = f"{http}/{bare(repository).name}"
    account = f"//{local('LOCAL_USER')}:{password}@"
    repository.git("remote", "set-url", "origin", repository.url.replace("//", account))


def put_large_file(repository: Repository, text: str, path: str = "greeting.txt") -> None:
    """A file in LFS: its pointer in the commit, itself on the server."""
    name = hashlib.sha256(text.encode()).hexdigest()
    place = bare(repository) / "lfs" / "objects" / name[:2] / name[2:4]
    place.mkdir(parents=True)
    (place / name).write_text(text, encoding="utf-8")
    repository.write(".gitattributes", "*.txt filter=lfs -text\n")
    repository.write(path, POINTER.format(name, len(text)))
    repository.commit()


def test_files_of_git_lfs(
    repository: Repository, namespace: Namespace, submit: Submit, http: str, password: str
) -> None:
    over_http(repository, http, password)
    put_large_file(repository, "of LFS\n")
    create_git_secret(namespace, password)
    image = f"--builder-image={local('LOCAL_BUILDER_WITH_LFS')}"

    refused = submit("--git-secret=git", *CAT, cwd=repository.folder)
    result = submit("--git-secret=git", image, *CAT, cwd=repository.folder)

    assert (refused.exit_code, refused.stdout) == (125, "")
    assert "in git LFS, and the builder image has no git-lfs:\n  greeting.txt\n" in refused.stderr
    assert (result.exit_code, result.stdout) == (0, "of LFS\n"), result.stderr


def test_pointers_of_git_lfs_in_a_local_build(repository: Repository, submit: Submit) -> None:
    put_large_file(repository, "of LFS\n")
    clean = submit("--build=local", *CAT, cwd=repository.folder)
    repository.write("new.txt", "new\n")
    dirty = submit("--build=local", "--allow-dirty", *CAT, cwd=repository.folder)
    for refused in (clean, dirty):
        assert (refused.exit_code, refused.stdout) == (125, "")
        words = "error: only the pointers of files in git LFS are here\ngreeting.txt\n"
        assert words in refused.stderr


def test_a_server_of_lfs_with_another_password(
    repository: Repository, namespace: Namespace, submit: Submit, http: str, password: str
) -> None:
    """The Secret has a password for each server."""
    over_http(repository, http, password)
    create_git_secret(namespace, password)
    image = f"--builder-image={local('LOCAL_BUILDER_WITH_LFS')}"
    with serving(LFS_PASSWORD) as lfs:
        url = f"{lfs}/{bare(repository).name}/info/lfs"
        repository.write(".lfsconfig", f"[lfs]\n\turl = {url}\n")
        path = ".before-lfsconfig.txt"  # git checks it out first
        put_large_file(repository, "of the other server\n", path)
        refused = submit("--git-secret=git", image, *CAT, cwd=repository.folder)
        pairs = ((http, password), (lfs, LFS_PASSWORD))
        text = "".join(
            f"{one}\n".replace("//", f"//{local('LOCAL_USER')}:{word}@") for one, word in pairs
        )
        both = f"--from-literal=.git-credentials={text}"
        namespace.kubectl("create", "secret", "generic", "both", both)
        result = submit(
            "--git-secret=both", image, "--verbose", "--", "cat", path, cwd=repository.folder
        )

    assert (refused.exit_code, refused.stdout) == (125, "")
    assert f"error: git-lfs cannot get the files of {bare(repository).name}" in refused.stderr
    assert (result.exit_code, result.stdout) == (0, "of the other server\n"), result.stderr
    assert_not_seen(LFS_PASSWORD, namespace, result)


def test_a_server_of_lfs_that_is_down(
    repository: Repository, namespace: Namespace, submit: Submit
) -> None:
    down = f"http://{git_servers.host()}:{git_servers.closed_port()}"
    repository.write(".lfsconfig", f"[lfs]\n\turl = {down}/lfs\n")
    put_large_file(repository, "of LFS\n")
    image = f"--builder-image={local('LOCAL_BUILDER_WITH_LFS')}"

    result = submit(image, *CAT, cwd=repository.folder)

    assert (result.exit_code, result.stdout) == (125, "")
    assert "connection refused" in result.stderr
    assert f"error: git-lfs cannot get the files of {bare(repository).name}" in result.stderr
    eventually(lambda: namespace.names("jobs,pods") == [], "nothing is left")
