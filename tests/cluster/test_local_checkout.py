"""The clean checkout of a local build is kept, and each submit still builds its own commit."""

from __future__ import annotations

import signal
from pathlib import Path

from tests.cluster.conftest import Namespace, Submit
from tests.conftest import Repository, eventually

LOCAL = ("--build=local", "--build-cache=none")
CAT = ("--", "cat", "greeting.txt")


def kept(folder: Path) -> dict[str, str]:
    """What the checkouts in a cache folder have of the greeting."""
    found = (folder / "kubectl-submit" / "checkouts").glob("*/*/greeting.txt")
    return {path.parts[-3].rpartition("-")[2]: path.read_text(encoding="utf-8") for path in found}


def test_a_submit_beside_one_that_was_killed(
    repository: Repository, namespace: Namespace, submit: Submit, tmp_path: Path
) -> None:
    """Its docker goes on, with the files of its own commit."""
    fast = (repository.folder / "Dockerfile").read_text(encoding="utf-8")
    repository.write("Dockerfile", f"{fast}RUN echo slow; sleep 300\n")
    repository.write("greeting.txt", "of the first\n")
    repository.commit()
    first = submit.start(*LOCAL, "--", "true", cwd=repository.folder)
    first.wait_for("RUN echo slow")
    first.send(signal.SIGKILL)
    eventually(lambda: first.ended, "it is killed")

    repository.write("Dockerfile", fast)
    repository.write("greeting.txt", "of the second\n")
    repository.commit()
    second = submit(*LOCAL, *CAT, cwd=repository.folder)
    assert (second.exit_code, second.stdout) == (0, "of the second\n"), second.stderr
    assert kept(tmp_path / "cache") == {"0": "of the first\n", "1": "of the second\n"}

    first.kill()
    repository.write("greeting.txt", "of the third\n")
    repository.commit()
    third = submit(*LOCAL, *CAT, cwd=repository.folder)
    assert (third.exit_code, third.stdout) == (0, "of the third\n"), third.stderr
    assert kept(tmp_path / "cache") == {"0": "of the third\n", "1": "of the second\n"}


def test_two_submits_of_two_commits_at_once(
    repository: Repository, namespace: Namespace, submit: Submit
) -> None:
    running = []
    for number in range(3):
        repository.write("greeting.txt", f"{number}\n")
        repository.commit()
        running.append(submit.start(*LOCAL, *CAT, cwd=repository.folder))
        running[-1].wait_for("building ")  # it has looked at the repository
    found = [one.finish() for one in running]
    assert [one.stdout for one in found] == ["0\n", "1\n", "2\n"], found
    assert {one.exit_code for one in found} == {0}


def test_without_a_cache_folder(
    repository: Repository, namespace: Namespace, submit: Submit
) -> None:
    """Nothing can be made in /proc. `submit` looks for what is left in the temporary folder."""
    repository.write("greeting.txt", "hello\n")
    repository.commit()
    result = submit(*LOCAL, *CAT, cwd=repository.folder, env={"XDG_CACHE_HOME": "/proc"})
    assert (result.exit_code, result.stdout) == (0, "hello\n"), result.stderr
    assert "cache folder" not in result.stderr
