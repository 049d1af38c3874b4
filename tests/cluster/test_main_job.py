"""The main job: a commit is built, and a command runs in the image."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cluster.conftest import Namespace, Submit
from tests.conftest import Repository, local, tags

BUILT = "exporting to image"
"""What BuildKit says when it builds."""

LISTING = """
find . | sort | while read -r path; do
  stat -c '%A %n' "$path"
  test -L "$path" && readlink "$path"
  test -f "$path" && sha256sum < "$path"
done
"""

STAGES = """
FROM base AS train
ARG GREETING
RUN printf %s "$GREETING" > greeting
FROM base
RUN touch not-the-target
"""
GREETING = 'it\'s $(HOME) & "more"'


def test_a_commit_is_built_once(
    repository: Repository, namespace: Namespace, submit: Submit
) -> None:
    repository.write("greet", '#!/bin/sh\necho "hello from $1"\nexit 7\n', executable=True)
    commit = repository.commit()
    command = ("--", "./greet", "the commit")

    first = submit(*command, cwd=repository.folder)
    image = namespace.pod()["spec"]["containers"][0]["image"]

    assert first.exit_code == 7
    assert first.stdout == "hello from the commit\n"
    pull_name = local("KUBECTL_SUBMIT_PULL_REPOSITORY")
    assert first.stderr.startswith(f"building {pull_name}:{commit} in job/")
    assert BUILT in first.stderr
    assert re.fullmatch(re.escape(pull_name) + "@sha256:[0-9a-f]{64}", image)
    build, job = namespace.get("jobs")
    name = job["metadata"]["name"]
    assert build["metadata"]["labels"]["kubectl-submit/name"] == name
    for metadata in (build["metadata"], job["metadata"]):
        assert metadata["annotations"]["kubectl-submit/commit"] == commit
    assert f"\njob/{name} runs {image}\n" in first.stderr
    assert first.stderr.endswith(f"job/{name}: exited 7\n")

    second = submit(*command, cwd=repository.folder)
    assert (second.exit_code, second.stdout) == (7, "hello from the commit\n")
    assert BUILT not in second.stderr
    assert f" runs {image}\n" in second.stderr

    third = submit("--rebuild", *command, cwd=repository.folder)
    assert (third.exit_code, third.stdout) == (7, "hello from the commit\n")
    assert BUILT in third.stderr


@pytest.fixture
def varied(repository: Repository, make_repository: Callable[[str], Repository]) -> Repository:
    """A repository with a file of each kind, and Dockerfile of two stages."""
    library = make_repository("library")
    library.write("data/numbers.txt", "1 2 3\n")
    library.commit()
    repository.git("submodule", "--quiet", "add", library.url, "library")
    repository.write(".gitignore", "*.log\n")
    repository.write("run.sh", "#!/bin/sh\n", executable=True)
    repository.write("src/deep/er.txt", "no newline at the end")
    (repository.folder / "link").symlink_to("src/deep/er.txt")
    dockerfile = (repository.folder / "Dockerfile").read_text(encoding="utf-8")
    repository.write("docker/train", dockerfile.replace("\n", " AS base\n", 1) + STAGES)
    return repository


def test_local_and_remote_builds_hold_the_same_files(varied: Repository, submit: Submit) -> None:
    commit = varied.commit()
    varied.write("secret.log", "git ignores it\n")
    recipe = ("--dockerfile=docker/train", "--target=train", f"--build-arg=GREETING={GREETING}")
    command = (*recipe, "--", "sh", "-c", LISTING)

    remote = submit(*command, cwd=varied.folder)
    here = submit("--build=local", "--rebuild", *command, cwd=varied.folder)

    assert (remote.exit_code, here.exit_code) == (0, 0)
    assert BUILT in remote.stderr
    assert BUILT in here.stderr
    files = [line.split(" ./")[1] for line in remote.stdout.splitlines() if " ./" in line]
    assert files == [
        ".gitignore",
        ".gitmodules",
        "Dockerfile",
        "docker",
        "docker/train",
        "greeting",
        "library",
        "library/Dockerfile",
        "library/data",
        "library/data/numbers.txt",
        "link",
        "run.sh",
        "src",
        "src/deep",
        "src/deep/er.txt",
    ]
    assert "-rwxr-xr-x ./run.sh\n" in remote.stdout
    assert "lrwxrwxrwx ./link\nsrc/deep/er.txt\n" in remote.stdout
    assert f"./greeting\n{hashlib.sha256(GREETING.encode()).hexdigest()} " in remote.stdout
    assert here.stdout == remote.stdout
    (tag,) = tags(commit)
    assert re.fullmatch(f"{commit}-[0-9a-f]{{8}}", tag)


def test_from_a_subfolder_of_a_worktree_with_a_detached_head(
    repository: Repository, namespace: Namespace, submit: Submit, tmp_path: Path
) -> None:
    repository.write("src/place.txt", "the first commit\n")
    first = repository.commit()
    repository.write("src/place.txt", "the second commit\n")
    repository.commit()
    repository.git("worktree", "add", "--quiet", "--detach", str(tmp_path / "tree"), first)

    result = submit("--build=local", "--", "cat", "src/place.txt", cwd=tmp_path / "tree" / "src")

    assert (result.exit_code, result.stdout) == (0, "the first commit\n")
    annotations = namespace.job()["metadata"]["annotations"]
    assert annotations["kubectl-submit/commit"] == first
    assert "kubectl-submit/branch" not in annotations


def test_the_working_tree_as_it_is(
    repository: Repository, namespace: Namespace, submit: Submit
) -> None:
    repository.write("greeting.txt", "committed\n")
    commit = repository.commit()
    repository.write("greeting.txt", "changed\n")
    repository.write("new.txt", "new\n")
    show = "cat greeting.txt new.txt; echo $KUBECTL_SUBMIT_DIRTY"

    result = submit("--build=local", "--allow-dirty", "--", "sh", "-c", show, cwd=repository.folder)

    assert (result.exit_code, result.stdout) == (0, "changed\nnew\ntrue\n")
    assert f"building {local('KUBECTL_SUBMIT_IMAGE_REPOSITORY')}:{commit}-dirty-" in result.stderr
    for obj in (namespace.job(), namespace.pod()):
        assert obj["metadata"]["labels"]["kubectl-submit/dirty"] == "true"
        assert obj["metadata"]["annotations"]["kubectl-submit/dirty"] == "true"
