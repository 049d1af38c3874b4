"""Servers are asked for a commit itself, and nothing of the answer is kept."""

from __future__ import annotations

import contextlib
import functools
import os
import shutil
import sys
import threading
from collections.abc import Callable, Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from kubectl_submit.error_codes import ErrorCode
from kubectl_submit.errors import GateError
from kubectl_submit.output import Output
from kubectl_submit.source import gate, remotes, repository, temporary_commit
from kubectl_submit.source.remote_question import Answer, Question, Reply
from tests import forward_proxy
from tests.conftest import eventually
from tests.errors import raises_code

from . import git_server
from .repositories import Project, contents


def ask(project: Project, commit: str = "", url: str = "") -> Reply:
    settings = remotes.configuration(project.root)
    url = url or remotes.url(project.root, "origin")
    with Question(project.root, settings, url, commit or project.head()) as question:
        return question.reply()


def change(project: Project, *, push: bool = True) -> str:
    project.write("main.py", f"after {project.head()}")
    commit = project.commit()
    if push:
        project.push()
    return commit


def forget_remote_branches(project: Project) -> None:
    for ref in project.git("for-each-ref", "--format=%(refname)", "refs/remotes").splitlines():
        project.git("update-ref", "-d", ref)


def bare(project: Project) -> Path:
    return Path(project.git("remote", "get-url", "origin"))


def test_a_commit_that_is_no_tip(project: Project, tmp_path: Path) -> None:
    first = project.head()
    change(project)
    before = contents(project.root)
    assert ask(project, first) == Reply(answer=Answer.YES)
    assert contents(project.root) == before
    assert list((tmp_path / "tmp").iterdir()) == []


def test_a_commit_that_is_not_there(project: Project) -> None:
    reply = ask(project, change(project, push=False))
    assert reply.answer is Answer.NO
    assert "not our ref" in reply.words


def prune(project: Project) -> None:
    at = str(bare(project))
    project.git("reflog", "expire", "--expire=now", "--all", at=at)
    project.git("gc", "--quiet", "--prune=now", at=at)


def test_a_branch_that_was_deleted_on_the_server(project: Project) -> None:
    project.git("checkout", "--quiet", "-b", "gone")
    commit = change(project)
    project.git("branch", "-D", "gone", at=str(bare(project)))
    snapshot = repository.inspect(project.root)
    assert (snapshot.pushed, snapshot.confirmed) == (True, False)
    with gate.confirming(project.root, "origin", commit):
        pass  # nobody has cleaned up yet: a build gets it
    prune(project)
    with (
        raises_code(ErrorCode.COMMIT_GONE_FROM_REMOTE, GateError) as refused,
        gate.confirming(project.root, "origin", commit),
    ):
        pass
    assert refused.value.message == f"the commit {commit[:7]} is no longer on the remote origin"
    assert "git fetch --prune origin" in refused.value.last_words


def test_a_remote_that_is_pushed_to_elsewhere(project: Project) -> None:
    """As a fork that is the pushurl of the remote."""
    fork = project.add_remote("fork")
    project.git("remote", "set-url", "--push", "origin", str(fork))
    commit = change(project)
    assert repository.inspect(project.root).pushed
    with (
        raises_code(ErrorCode.COMMIT_NOT_ON_REMOTE, GateError) as refused,
        gate.confirming(project.root, "origin", commit),
    ):
        pass
    assert f"fetched from {bare(project)}, and pushed to {fork}." in refused.value.last_words
    assert "--git-remote" in refused.value.remedy


def test_an_error_meanwhile_goes_first(project: Project, tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), gate.confirming(project.root, "origin", "0" * 40):
        raise ZeroDivisionError
    assert list((tmp_path / "tmp").iterdir()) == []


@pytest.mark.parametrize("remote", ["", "origin"])
def test_who_does_not_answer_does_not_refuse(project: Project, remote: str) -> None:
    project.git("remote", "set-url", "origin", "/nowhere")
    with gate.confirming(project.root, remote, project.head()):
        pass


def test_a_server_that_takes_its_time(
    project: Project, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(gate, "PATIENCE_SECONDS", 1.0)
    pid = tmp_path / "pid"
    program = f"import os, time\nopen({str(pid)!r}, 'w').write(str(os.getpid()))\ntime.sleep(600)\n"
    ssh = project.write("../ssh", f"#!{sys.executable}\n{program}", 0o755)
    project.git("config", "core.sshCommand", str(ssh))
    project.git("config", "ssh.variant", "simple")
    project.git("remote", "set-url", "origin", "git@git.example:app.git")
    with gate.confirming(project.root, "origin", project.head()):
        pass
    assert list((tmp_path / "tmp").iterdir()) == []
    # ssh does not outlive the git that has started it.
    eventually(lambda: not pid.exists() or not Path(f"/proc/{pid.read_text()}").exists(), "no ssh")


def clone(*flags: str) -> Callable[[Project, Path], Project]:
    def make(project: Project, folder: Path) -> Project:
        project.git("config", "uploadpack.allowFilter", "true", at=str(bare(project)))
        project.git("clone", "--quiet", *flags, f"file://{bare(project)}", str(folder))
        return Project(folder)

    return make


def worktree(project: Project, folder: Path) -> Project:
    project.git("worktree", "add", "--quiet", "--detach", str(folder))
    return Project(folder)


@pytest.mark.parametrize(
    "make",
    [
        clone("--depth=1"),
        clone("--filter=blob:none"),
        clone("--filter=tree:0", "--sparse"),
        clone("--shared"),
        worktree,
    ],
    ids=["shallow", "partial", "treeless", "shared", "worktree"],
)
def test_any_kind_of_clone(
    project: Project, tmp_path: Path, make: Callable[[Project, Path], Project]
) -> None:
    change(project)
    other = make(project, tmp_path / 'a "clone": \\ here')
    commit = other.head()
    other.git("checkout", "--quiet", "--detach")
    forget_remote_branches(other)
    change(project)
    before = contents(other.root)
    assert repository.inspect(other.root).pushed
    assert contents(other.root) == before
    other.git("commit", "--quiet", "--allow-empty", "--message", "not pushed")
    assert not repository.inspect(other.root).pushed
    assert ask(other, commit).answer is Answer.YES


@pytest.mark.parametrize("version", ["0", "1"])
def test_a_server_that_tells_only_of_tips(project: Project, version: str) -> None:
    project.git("config", "protocol.version", version)
    first = project.head()
    last = change(project)
    assert ask(project, last).answer is Answer.YES
    assert ask(project, first).answer is Answer.NO_TIP
    with gate.confirming(project.root, "origin", first):
        pass


@contextlib.contextmanager
def dumb(folder: Path) -> Iterator[str]:
    """Serve the files of a folder, and no protocol of git's."""
    handler = functools.partial(SimpleHTTPRequestHandler, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_a_server_of_mere_files(project: Project, tmp_path: Path) -> None:
    first = project.head()
    last = change(project)
    project.git("update-server-info", at=str(bare(project)))
    with dumb(tmp_path) as server:
        url = f"{server}/{bare(project).relative_to(tmp_path)}"
        assert ask(project, last, url).answer is Answer.YES
        assert ask(project, first, url).answer is Answer.NO_TIP
        forget_remote_branches(project)
        project.git("remote", "set-url", "origin", url)
        assert repository.inspect(project.root).pushed
        project.git("reset", "--quiet", "--hard", first)
        snapshot = repository.inspect(project.root)
    assert (snapshot.pushed, snapshot.only_tips, snapshot.silence) == (False, True, "")


@pytest.mark.parametrize("key", ["http.proxy", "http.{}.proxy", "remote.origin.proxy", ""])
def test_a_proxy(
    project: Project, tmp_path: Path, server: str, monkeypatch: pytest.MonkeyPatch, key: str
) -> None:
    """Of git's settings, and of the environment."""
    set_helper(project, server)
    host, folder = "git.company.invalid", bare(project)
    url = f"http://{host}/{folder.relative_to(tmp_path)}"
    project.git("remote", "set-url", "origin", url)
    forget_remote_branches(project)
    with forward_proxy.serving(
        "127.0.0.1", {host: ("127.0.0.1", int(server.rpartition(":")[2]))}
    ) as proxy:
        if key:
            project.git("config", key.format(f"http://{host}"), proxy.url())
        else:
            monkeypatch.setenv("http_proxy", proxy.url())
        snapshot = repository.inspect(project.root)
        assert (snapshot.pushed, snapshot.silence) == (True, "")
        asked = len(proxy.passed)
        project.write("main.py", "changed")
        with temporary_commit.push_temporarily(
            project.root, "origin", project.head(), Output()
        ) as pushed:
            refs = project.git("for-each-ref", "--format=%(refname)", at=str(folder))
        assert pushed.ref in refs
    assert set(proxy.passed) == {host}
    assert len(proxy.passed) > asked > 0


def test_a_repository_with_sha256(tmp_path: Path) -> None:
    root, remote = tmp_path / "sha256", tmp_path / "bare.git"
    maker = Project(tmp_path / "any")
    for flags in ((str(root),), ("--bare", str(remote))):
        maker.git("init", "--quiet", "--object-format=sha256", *flags)
    project = Project(root)
    project.write("main.py")
    project.commit()
    project.git("remote", "add", "origin", str(remote))
    project.push()
    assert ask(project).answer is Answer.YES
    assert ask(project, change(project, push=False)).answer is Answer.NO


@pytest.fixture
def server(tmp_path: Path) -> Iterator[str]:
    with git_server.serving(tmp_path) as url:
        yield url


HEADER = f"AUTHORIZATION: basic {git_server.BASIC}"


def set_header(project: Project, server: str) -> None:
    project.git("config", f"http.{server}/.extraheader", HEADER)


def include_header(project: Project, server: str) -> None:
    """As actions/checkout does since its version 6."""
    included = project.write("../credentials", f'[http "{server}/"]\n\textraheader = {HEADER}\n')
    project.git("config", f"includeIf.gitdir:{project.root}/.git.path", str(included))


def set_helper(project: Project, server: str) -> None:
    told = f"echo username={git_server.USER}; echo password={git_server.PASSWORD}"
    project.git("config", "credential.helper", f"!f() {{ {told}; }}; f")


@pytest.mark.parametrize("give", [set_header, include_header, set_helper])
def test_the_settings_of_the_repository_count(
    project: Project, tmp_path: Path, server: str, give: Callable[[Project, str], None]
) -> None:
    url = f"{server}/{bare(project).relative_to(tmp_path)}"
    refused = ask(project, url=url)
    assert refused.answer is Answer.NONE
    assert "could not read Username" in refused.words
    give(project, server)
    assert ask(project, url=url).answer is Answer.YES
    shutil.rmtree(bare(project))
    assert ask(project, url=url).answer is Answer.NONE


@pytest.mark.parametrize("trusted", [True, False])
def test_a_remote_that_is_a_folder_of_somebody_else(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, trusted: bool
) -> None:
    user = tmp_path / "user"
    user.write_text(Path(os.environ["GIT_CONFIG_GLOBAL"]).read_text())
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(user))
    root = str(project.root)
    project.git("config", "--global", "--add", "safe.directory", root)
    project.git("config", "--global", "--add", "safe.directory", f"{root}/.git")
    trust = "--global" if trusted else "--local"
    project.git("config", trust, "--add", "safe.directory", str(bare(project)))
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    assert ask(project).answer is (Answer.YES if trusted else Answer.NONE)
