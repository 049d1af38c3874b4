"""Git servers that can do less than git's own, and clones without all objects."""

from __future__ import annotations

from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from tests.cluster import git_servers
from tests.cluster.conftest import Namespace, Submit
from tests.conftest import Repository, bare, eventually

CAT = ("--", "cat", "greeting.txt")


@pytest.mark.parametrize("server", [git_servers.OnlyTips, git_servers.NoShallow, None])
def test_a_server_that_sends_no_single_commit(
    repository: Repository, submit: Submit, server: type[BaseHTTPRequestHandler] | None
) -> None:
    """Of a branch that has gone on since; the last one is a server of mere files (dumb HTTP)."""
    repository.write("greeting.txt", "hello\n")
    commit = repository.commit()
    repository.write("greeting.txt", "later\n")
    repository.commit()
    repository.git("update-server-info", folder=bare(repository))
    repository.git("checkout", "--quiet", "--detach", commit)

    with git_servers.serving(server or git_servers.dumb_server()) as serving:
        git_servers.fetch_from(git_servers.url(serving), repository)
        result = submit("--verbose", *CAT, cwd=repository.folder)

    assert (result.exit_code, result.stdout) == (0, "hello\n"), result.stderr
    assert "the git server does not send a commit alone: fetched all branches" in result.stderr


def test_a_commit_that_such_a_server_does_not_have(
    repository: Repository, namespace: Namespace, submit: Submit
) -> None:
    """As far as it tells; the build finds out."""
    repository.commit()
    repository.write("greeting.txt", "not pushed\n")
    repository.git("add", "--all")
    repository.git("commit", "--quiet", "--message", "not pushed")
    commit = repository.git("rev-parse", "HEAD")

    with git_servers.serving(git_servers.OnlyTips) as serving:
        git_servers.fetch_from(git_servers.url(serving), repository)
        refused = submit(*CAT, cwd=repository.folder)
        repository.git("update-ref", "refs/remotes/origin/other", commit)
        result = submit(*CAT, cwd=repository.folder)

    assert (refused.exit_code, result.exit_code) == (125, 125)
    assert f"and none points at {commit[:7]}\n    Push with `git push" in refused.stderr
    url = repository.git("remote", "get-url", "origin")
    assert f"error: no branch or tag of {url} has the commit {commit}\n" in result.stderr
    eventually(lambda: namespace.names("jobs,pods") == [], "nothing is left")


@pytest.mark.parametrize("build", ["local", "remote"])
def test_a_clone_without_files(
    repository: Repository,
    make_repository: Callable[[str], Repository],
    submit: Submit,
    tmp_path: Path,
    build: str,
) -> None:
    """A partial clone with a submodule: git fetches what it has not when it needs it."""
    library = make_repository("library")
    library.write("library.txt", "of the library\n")
    library.commit()
    repository.git("submodule", "--quiet", "add", library.url, "library")
    repository.write("greeting.txt", "hello\n")
    commit = repository.commit()
    repository.write("greeting.txt", "later\n")
    repository.commit()
    for one in (repository, library):
        repository.git("config", "uploadpack.allowFilter", "true", folder=bare(one))
    clone = tmp_path / "clone"
    flags = ("--filter=blob:none", "--recurse-submodules", "--also-filter-submodules")
    repository.git("clone", "--quiet", *flags, repository.url, str(clone))
    repository.git("config", "user.email", "ada@example.org", folder=clone)
    repository.git("-c", "advice.detachedHead=false", "checkout", "--quiet", commit, folder=clone)
    show = ("--", "cat", "greeting.txt", "library/library.txt")

    result = submit(f"--build={build}", *show, cwd=clone)
    (clone / "greeting.txt").write_text("changed\n", encoding="utf-8")
    dirty = submit(f"--build={build}", "--allow-dirty", *show, cwd=clone)

    assert (result.exit_code, result.stdout) == (0, "hello\nof the library\n"), result.stderr
    assert (dirty.exit_code, dirty.stdout) == (0, "changed\nof the library\n"), dirty.stderr
