"""The cluster builds what is not pushed, and nothing of that stays on the remote."""

from __future__ import annotations

import json
import signal
from pathlib import Path

import pytest

from tests.cluster.conftest import Namespace, Submit
from tests.conftest import Repository, eventually, tags, update_hook


def refs(repository: Repository) -> list[str]:
    """The names of all that the remote has."""
    return [line.split()[1] for line in repository.git("ls-remote", "origin").splitlines()]


ONLY_MAIN = ["HEAD", "refs/heads/main"]


def test_the_working_tree(repository: Repository, namespace: Namespace, submit: Submit) -> None:
    repository.write("kept.txt", "kept\n")
    repository.write("changed.txt", "before\n")
    repository.write(".gitignore", "ignored.txt\n")
    commit = repository.commit()
    repository.write("changed.txt", "after\n")
    repository.write("ignored.txt", "ignored\n")
    repository.write("new/file.txt", "new\n")
    status = repository.git("status", "--porcelain")
    show = (
        "cat kept.txt changed.txt new/file.txt; echo $KUBECTL_SUBMIT_COMMIT; ! test -e ignored.txt"
    )

    result = submit("--allow-dirty", "--", "sh", "-c", show, cwd=repository.folder)

    assert result.exit_code == 0
    assert result.stdout == f"kept\nafter\nnew\n{commit}\n"
    assert "pushing the working tree to origin as refs/kubectl-submit/" in result.stderr
    assert refs(repository) == ONLY_MAIN
    assert repository.git("status", "--porcelain") == status
    job = namespace.job()["metadata"]
    assert job["labels"]["kubectl-submit/dirty"] == "true"
    [tag] = tags(commit)
    assert tag.startswith(f"{commit}-dirty-")
    told = submit("status", job["name"])
    assert f"{commit} main of {repository.url}, with uncommitted changes\n" in told.stdout
    assert "     changed.txt | 2 +-\n" in told.stdout
    assert "     new/ (not in git)\n" in told.stdout
    document = json.loads(submit("status", job["name"], "-o", "json").stdout)
    assert "new/ (not in git)" in document["changes"]


def test_a_commit_that_is_not_pushed(
    repository: Repository, namespace: Namespace, submit: Submit
) -> None:
    repository.commit()
    repository.write("main.txt", "committed\n")
    repository.git("add", "--all")
    repository.git("commit", "--quiet", "--message", "mine")

    refused = submit("--", "cat", "main.txt", cwd=repository.folder)
    result = submit("--allow-dirty", "--", "cat", "main.txt", cwd=repository.folder)

    assert (refused.exit_code, namespace.names("jobs,pods") != []) == (125, True)
    assert "is not on the remote origin" in refused.stderr
    assert (result.exit_code, result.stdout) == (0, "committed\n")
    assert refs(repository) == ONLY_MAIN


def test_a_build_that_fails(repository: Repository, namespace: Namespace, submit: Submit) -> None:
    repository.commit()
    dockerfile = (repository.folder / "Dockerfile").read_text(encoding="utf-8")
    repository.write("Dockerfile", f"{dockerfile}RUN echo never; exit 4\n")

    result = submit("--allow-dirty", "--", "true", cwd=repository.folder)

    assert (result.exit_code, "never" in result.stderr) == (125, True)
    assert refs(repository) == ONLY_MAIN
    assert namespace.names("jobs") == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_while_it_is_built(
    slow_build: Repository, namespace: Namespace, submit: Submit, number: signal.Signals
) -> None:
    slow_build.write("new.txt", "new\n")

    running = submit.start("--verbose", "--allow-dirty", "--", "true", cwd=slow_build.folder)
    running.wait_for("echo slow")
    assert len(refs(slow_build)) == 3
    if number == signal.SIGINT:
        running.press_ctrl_c()
    else:
        running.send(number)
    result = running.finish()

    assert result.exit_code == 130
    assert refs(slow_build) == ONLY_MAIN
    assert namespace.names("jobs") == []


def test_ctrl_c_while_it_is_pushed(
    repository: Repository, namespace: Namespace, submit: Submit, tmp_path: Path
) -> None:
    """The remote takes its time, and would have the commit when nobody takes it back any more."""
    repository.commit()
    repository.write("new.txt", "new\n")
    begun, go = tmp_path / "begun", tmp_path / "go"
    wait = f"touch {begun}; until test -e {go}; do sleep 0.1; done"
    update_hook(
        repository, f"case $3 in *[!0]*) {wait};; esac"
    )  # $3: the new commit, zeros for none

    running = submit.start("--allow-dirty", "--", "true", cwd=repository.folder)
    eventually(begun.exists, "the push has begun")
    running.press_ctrl_c()
    with pytest.raises(AssertionError, match="it leaves the push alone"):
        eventually(lambda: running.ended, "it leaves the push alone", 2)
    go.touch()
    result = running.finish()

    assert result.exit_code == 130
    assert refs(repository) == ONLY_MAIN
    assert namespace.names("jobs") == []


def test_a_remote_that_takes_branches_only(
    repository: Repository, namespace: Namespace, submit: Submit
) -> None:
    repository.commit()
    repository.write("new.txt", "new\n")
    update_hook(repository, 'case $1 in refs/heads/*) ;; *) echo "only branches"; exit 1;; esac')

    result = submit("--allow-dirty", "--", "true", cwd=repository.folder)

    assert (result.exit_code, result.stdout) == (125, "")
    assert "error: the remote origin does not take the working tree\n" in result.stderr
    assert "only branches" in result.stderr
    assert "Or build it here: --build local --allow-dirty." in result.stderr
    assert "warning" not in result.stderr
    assert namespace.names("jobs") == []


def test_a_secret_that_is_not_in_git_needs_a_yes(
    repository: Repository, namespace: Namespace, submit: Submit
) -> None:
    commit = repository.commit()
    repository.write("conf/.env", "TOKEN=secret\n")

    refused = submit("--allow-dirty", "--", "cat", "conf/.env", cwd=repository.folder)

    assert (refused.exit_code, refused.stdout) == (125, "")
    assert "  - conf/.env looks like a secret\n" in refused.stderr
    assert (namespace.names("jobs"), tags(commit)) == ([], [])
    meant = submit("--allow-dirty", "--yes", "--", "cat", "conf/.env", cwd=repository.folder)
    assert (meant.exit_code, meant.stdout) == (0, "TOKEN=secret\n")
