"""Repositories and git servers as people have them: forks, CI checkouts, submodules."""

from __future__ import annotations

import base64
import hashlib
import shutil
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from tests.cluster.conftest import Namespace, Submit, create_git_secret
from tests.cluster.leaks import assert_not_seen
from tests.conftest import Repository, bare, local

CAT = ("--", "cat", "greeting.txt")


@pytest.mark.parametrize("setting", ["remote.pushDefault", "branch.main.pushRemote"])
def test_a_fork(
    repository: Repository,
    make_repository: Callable[[str], Repository],
    namespace: Namespace,
    submit: Submit,
    setting: str,
) -> None:
    repository.write("greeting.txt", "upstream\n")
    repository.commit()
    fork = make_repository("fork")
    repository.git("remote", "add", "fork", fork.url)
    repository.git("config", setting, "fork")
    repository.write("greeting.txt", "of the fork\n")
    repository.git("commit", "--quiet", "--all", "--message", "mine")

    refused = submit(*CAT, cwd=repository.folder)
    repository.git("push", "--quiet", "fork", "HEAD:mine")
    result = submit(*CAT, cwd=repository.folder)
    repository.write("greeting.txt", "not committed\n")
    dirty = submit("--allow-dirty", *CAT, cwd=repository.folder)

    assert refused.exit_code == 125
    assert "is not on the remote fork\n    Push with `git push fork main`." in refused.stderr
    assert (result.exit_code, result.stdout) == (0, "of the fork\n"), result.stderr
    assert (dirty.exit_code, dirty.stdout) == (0, "not committed\n"), dirty.stderr
    assert "pushing the working tree to fork" in dirty.stderr


def test_a_remote_that_does_not_answer(
    repository: Repository, namespace: Namespace, submit: Submit
) -> None:
    repository.commit()
    host = local("LOCAL_GIT").split("/")[2].rpartition(":")[0]
    repository.git("remote", "set-url", "origin", f"git://{host}:1/app.git")
    repository.git("update-ref", "-d", "refs/remotes/origin/main")

    result = submit("--", "true", cwd=repository.folder)

    assert (result.exit_code, result.stdout) == (125, "")
    assert "Connection refused" in result.stderr
    assert "does not say whether it has the commit" in result.stderr
    assert "push" not in result.stderr
    assert namespace.names("jobs,pods") == []


def test_a_checkout_of_ci(repository: Repository, submit: Submit, tmp_path: Path) -> None:
    """One commit, no branches of the remote, and the branch has gone on since."""
    repository.write("greeting.txt", "hello\n")
    repository.commit()
    clone = tmp_path / "clone"
    repository.git("clone", "--quiet", "--depth=1", repository.url, str(clone))
    repository.git("checkout", "--quiet", "--detach", folder=clone)
    repository.git("update-ref", "-d", "refs/remotes/origin/main", folder=clone)
    repository.write("greeting.txt", "later\n")
    repository.commit()
    before = (clone / ".git" / "shallow").read_text(encoding="utf-8")

    result = submit(*CAT, cwd=clone)

    assert (result.exit_code, result.stdout) == (0, "hello\n"), result.stderr
    assert (clone / ".git" / "shallow").read_text(encoding="utf-8") == before


def test_a_branch_that_was_deleted_on_the_server(
    repository: Repository, namespace: Namespace, submit: Submit
) -> None:
    repository.commit()
    repository.git("checkout", "--quiet", "-b", "gone")
    repository.git("commit", "--quiet", "--allow-empty", "--message", "gone")
    repository.git("push", "--quiet", "origin", "HEAD:gone")
    repository.git("branch", "-D", "gone", folder=bare(repository))
    repository.git("gc", "--quiet", "--prune=now", folder=bare(repository))

    result = submit("--", "true", cwd=repository.folder)

    assert (result.exit_code, result.stdout) == (125, "")
    assert "is no longer on the remote origin\n" in result.stderr
    assert namespace.names("jobs,pods") == []


def give_header(repository: Repository, server: str, account: str, *, included: bool) -> None:
    """As actions/checkout does: in the repository's own settings, since version 6 included."""
    token = f"AUTHORIZATION: basic {account}"
    if not included:
        repository.git("config", f"http.{server}/.extraheader", token)
        return
    file = repository.folder.parent / "credentials"
    file.write_text(f'[http "{server}/"]\n\textraheader = {token}\n', encoding="utf-8")
    repository.git("config", f"includeIf.gitdir:{repository.folder}/.git.path", str(file))


@pytest.fixture
def private_environment(
    private_registry: Mapping[str, str], docker_login: Mapping[str, str]
) -> Mapping[str, str]:
    """The environment in which images go to a registry whose password docker knows."""
    return {**private_registry, **docker_login}


@pytest.mark.parametrize("included", [False, True])
def test_the_token_of_a_ci(
    repository: Repository,
    namespace: Namespace,
    submit: Submit,
    private_environment: Mapping[str, str],
    password: str,
    included: bool,
) -> None:
    repository.write("greeting.txt", "hello\n")
    repository.commit()
    server = local("LOCAL_GIT_HTTP")
    repository.git("remote", "set-url", "origin", f"{server}/{bare(repository).name}")
    flags = ("--credentials-from-local", "--verbose")
    account = base64.b64encode(f"{local('LOCAL_USER')}:{password}".encode()).decode()

    refused = submit(*flags, *CAT, cwd=repository.folder, env=private_environment)
    assert namespace.names("jobs,pods,secrets") == []
    give_header(repository, server, account, included=included)
    result = submit(*flags, *CAT, cwd=repository.folder, env=private_environment)

    assert refused.exit_code == 125
    assert f"no git credentials found for {server}/" in refused.stderr
    assert (result.exit_code, result.stdout) == (0, "hello\n"), result.stderr
    assert_not_seen(password, namespace, result)
    assert_not_seen(account, namespace, result)


def test_submodules_on_the_remotes_server(
    private: Repository,
    make_repository: Callable[[str], Repository],
    namespace: Namespace,
    submit: Submit,
    password: str,
) -> None:
    """By the URL for those who have a key; and one that git leaves out on purpose."""
    library = make_repository("library")
    library.write("library.txt", "of the library\n")
    commit = library.commit()
    url = f"{local('LOCAL_GIT_SSH')}/{bare(library).name}"
    modules = f'[submodule "library"]\npath = library\nurl = {url}\n'
    modules += '[submodule "huge"]\npath = huge\nurl = ../huge.git\nupdate = none\n'
    private.write(".gitmodules", modules)
    for path in ("library", "huge"):
        private.git("update-index", "--add", "--cacheinfo", f"160000,{commit},{path}")
        (private.folder / path).mkdir()
    private.commit()
    create_git_secret(namespace, password)
    show = "cat library/library.txt; ls -A huge"

    result = submit("--git-secret=git", "--", "sh", "-c", show, cwd=private.folder)

    assert (result.exit_code, result.stdout) == (0, "of the library\n"), result.stderr


def lent(repository: Repository) -> list[str]:
    """The working trees that the remote has."""
    listed = repository.git("ls-remote", "origin", "refs/kubectl-submit/*")
    return [line.split()[1] for line in listed.splitlines()]


def test_a_client_that_was_killed(
    slow_build: Repository, namespace: Namespace, submit: Submit
) -> None:
    slow_build.write("greeting.txt", "new\n")
    running = submit.start("--verbose", "--allow-dirty", *CAT, cwd=slow_build.folder)
    running.wait_for("echo slow")
    running.kill()
    [new] = lent(slow_build)
    namespace.kubectl("delete", "jobs", "--all")
    owner = hashlib.sha256(b"ada@example.org").hexdigest()[:12]
    assert new.startswith(f"refs/kubectl-submit/{owner}/")
    old = f"refs/kubectl-submit/{owner}/20200101T000000Z-{new[-40:]}"
    slow_build.git("push", "--quiet", "origin", f"HEAD:{old}")

    told = submit("doctor", cwd=slow_build.folder)
    dockerfile = (slow_build.folder / "Dockerfile").read_text(encoding="utf-8")
    slow_build.write("Dockerfile", dockerfile.rpartition("RUN")[0])
    result = submit("--allow-dirty", *CAT, cwd=slow_build.folder)

    assert old in told.stdout
    assert f"git push origin :{old}" in told.stdout
    assert (result.exit_code, result.stdout) == (0, "new\n"), result.stderr
    assert lent(slow_build) == [new]


def test_a_repository_with_sha256(
    repository: Repository, namespace: Namespace, submit: Submit
) -> None:
    for folder, flags in ((bare(repository), ["--bare"]), (repository.folder / ".git", [])):
        shutil.rmtree(folder)
        place = folder if flags else repository.folder
        argv = ["git", "init", "--quiet", "--initial-branch=main", "--object-format=sha256"]
        subprocess.run([*argv, *flags, str(place)], check=True)
    for key, value in (("user.name", "Ada"), ("user.email", "ada@example.org")):
        repository.git("config", key, value)
    repository.git("remote", "add", "origin", repository.url)
    repository.write("greeting.txt", "hello\n")
    commit = repository.commit()

    result = submit(*CAT, cwd=repository.folder)

    assert (result.exit_code, result.stdout) == (0, "hello\n"), result.stderr
    assert namespace.job()["metadata"]["annotations"]["kubectl-submit/commit"] == commit
