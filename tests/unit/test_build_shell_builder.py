"""The shell script of the build Job with a builder that stays: without docker, which is played."""

from __future__ import annotations

from pathlib import Path

import pytest

from .repositories import Project
from .test_build_shell import CACHES, DIGEST, Job, job, remote

__all__ = ["job"]

ADDRESS = "tcp://fast:1234"
# The first push fails and says $SAYS; the builder is not there $ABSENT times.
DOCKER = """\
#!/bin/sh
count() { echo x >> "$HOME/$1"; wc -l < "$HOME/$1"; }
case "$*" in
*"build --push"*)
  echo "$*" >> "$OUT.flags"
  if [ "$(count pushed)" -le "$FAILS" ]; then printf '%b' "$SAYS" >&2; exit 1; fi
  printf '{"containerimage.digest": "%s"}' "$DIGEST" > "$HOME/metadata.json" ;;
*"buildx build"*) exit 1 ;;
*"buildx inspect"*)
  if [ "$(count inspected)" -le "$ABSENT" ]; then echo "Status: inactive"; exit 0; fi
  echo "Status:    running"; echo "Platforms: linux/s390x, linux/386" ;;
*"buildx du"*) echo "ERROR: $WHY" >&2; exit 1 ;;
*) echo "$*" >> "$OUT.others" ;;
esac
"""
DIALS = 'Unavailable: desc = "transport: Error while dialing: connection refused"'
REFUSES = "Unavailable: write tcp 10.0.0.1:33340->10.0.0.2:1234: write: broken pipe"
LOST = (
    "ERROR: failed to build: failed to receive status: rpc error: code = Unavailable desc = EOF\\n"
)
FULL = "ERROR: failed to build: failed to solve: write /data: No space left on device\\n"


@pytest.fixture
def with_builder(job: Job) -> dict[str, str]:
    """The variables of a build with a builder that works."""
    job.docker = DOCKER
    return {"BUILDER": ADDRESS, "SAYS": "", "FAILS": "0", "ABSENT": "0", "WHY": DIALS}


def others(job: Job) -> str:
    """What docker was told besides."""
    return Path(f"{job.folder / 'out'}.others").read_text()


def test_it_builds_for_the_builders_platform(
    project: Project, job: Job, with_builder: dict[str, str]
) -> None:
    built = job.build(remote(project), project.head(), **with_builder, **CACHES)
    assert (built.exit_code, built.message) == (0, f'{{"digest":"{DIGEST}"}}')
    assert "cache-a-s390x" in built.flags[0]
    assert f"--driver remote {ADDRESS}\n" in others(job)
    assert "waiting" not in built.words


def test_it_shows_its_certificate(project: Project, job: Job, with_builder: dict[str, str]) -> None:
    job.secret.mkdir()
    (job.secret / "password").write_text("")
    (job.secret / "username").write_text("")
    shown = {**with_builder, "BUILDER_CERTIFICATE": str(job.secret)}
    assert job.build(remote(project), project.head(), **shown).exit_code == 0
    files = f"cacert={job.secret}/ca.crt,cert={job.secret}/tls.crt,key={job.secret}/tls.key"
    assert f"--driver-opt={files} {ADDRESS}\n" in others(job)


def test_it_waits_for_the_builder(project: Project, job: Job, with_builder: dict[str, str]) -> None:
    built = job.build(remote(project), project.head(), **{**with_builder, "ABSENT": "2"})
    assert built.exit_code == 0
    assert built.words.count(f"waiting for the builder {ADDRESS}: {DIALS}\n") == 1


def test_a_builder_that_refuses_is_soon_given_up(
    project: Project, job: Job, with_builder: dict[str, str]
) -> None:
    refusing = {**with_builder, "ABSENT": "1000", "WHY": REFUSES}
    built = job.build(remote(project), project.head(), **refusing)
    assert built.exit_code == 1
    assert f"error: cannot use the builder {ADDRESS}: it refuses the certificate" in built.words


@pytest.mark.parametrize(
    ("says", "told"),
    [
        (LOST, f"warning: the connection to the builder {ADDRESS} was lost: building once more\n"),
        (FULL, f"warning: the storage of the builder {ADDRESS} is full: "),
    ],
)
@pytest.mark.parametrize("fails", [1, 2, 3])
def test_a_second_try(
    project: Project, job: Job, with_builder: dict[str, str], says: str, told: str, fails: int
) -> None:
    failing = {**with_builder, "SAYS": says, "FAILS": str(fails)}
    built = job.build(remote(project), project.head(), **failing)
    most = 2 if says == LOST else 3  # a full storage may not be cleared at once
    assert (built.exit_code, len(built.flags)) == (int(fails >= most), min(fails + 1, most))
    assert built.words.count(told) == min(fails, most - 1)
    assert ("prune --builder build --all --force" in others(job)) == (says == FULL)
    assert ("builder create --storage SIZE" in built.words) == (says == FULL and fails == 3)


def test_a_step_that_fails_is_not_repeated(
    project: Project, job: Job, with_builder: dict[str, str]
) -> None:
    says = 'ERROR: failed to build: failed to solve: process "/bin/sh -c false" did not complete\\n'
    failing = {**with_builder, "SAYS": says, "FAILS": "1"}
    built = job.build(remote(project), project.head(), **failing)
    assert (built.exit_code, len(built.flags)) == (1, 1)


def test_the_jobs_own_buildkit_is_not_tried_again(project: Project, job: Job) -> None:
    job.docker = DOCKER
    alone = {"SAYS": LOST, "FAILS": "1", "ABSENT": "0", "WHY": ""}
    assert len(job.build(remote(project), project.head(), **alone).flags) == 1
