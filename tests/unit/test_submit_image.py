"""The whole command with an image that is there: `--image`."""

from __future__ import annotations

import pytest

from kubectl_submit.error_codes import ErrorCode

from .clusters import container, jobs, play, replay, submit
from .examples import DIGEST, inspected
from .programs import Answer, Program
from .samples import Run

pytestmark = pytest.mark.usefixtures("impatient")
NOT_FOUND = Answer(stderr="not found\n", exit_code=1)


@pytest.fixture
def cluster(kubectl: Program) -> Program:
    """A cluster that takes everything, and in which the run fails with exit code 7."""
    play(kubectl, "failed")
    kubectl.on("delete", Answer())
    return kubectl


def test_an_image_needs_no_repository(cluster: Program, capfd: pytest.CaptureFixture[str]) -> None:
    assert submit("--image", "host:5000/team/app:1", "-n", "team", "--context", "c") == 7
    [job] = jobs(cluster)
    assert job["metadata"]["name"].startswith("app-")
    assert container(job)["image"] == "host:5000/team/app:1"
    assert "kubectl-submit/commit" not in job["metadata"]["annotations"]
    assert job["metadata"]["annotations"]["kubectl-submit/created-by"] == "ada@example.com"
    for call in cluster.all_calls:
        assert {"--namespace=team", "--context=c"} <= set(call.argv)
    assert capfd.readouterr().out == "one\ntwo\n"


@pytest.mark.parametrize(
    ("answer", "image"),
    [(Answer(inspected(DIGEST)), f"app@{DIGEST}"), (NOT_FOUND, "app:1")],
)
def test_a_tag_becomes_a_digest_where_the_registry_tells_it(
    cluster: Program, docker: Program, answer: Answer, image: str
) -> None:
    docker.on("imagetools", "app:1", answer)
    assert submit("--image", "app:1") == 7
    [job] = jobs(cluster)
    assert container(job)["image"] == image


def test_success_says_nothing_more(kubectl: Program, capfd: pytest.CaptureFixture[str]) -> None:
    play(kubectl, "succeeded")
    assert submit("--image", "app", "--quiet") == 0
    said = capfd.readouterr()
    assert (said.out, said.err) == ("one\ntwo\nthree without an end", "")


@pytest.mark.parametrize(
    ("flags", "out"),
    [
        ((), "[1] one fails\n"),
        (("--no-prefix",), "\none fails\n"),
        (("--logs", "first", "--prefix"), "[0] zero waits\n[0] zero stops\n"),
        (("--logs", "first"), "zero waits\nzero stops\n"),
    ],
)
def test_lines_of_several_workers_have_their_ranks(
    kubectl: Program, capfd: pytest.CaptureFixture[str], flags: tuple[str, ...], out: str
) -> None:
    run = Run("first-of-two")
    play(kubectl, "first-of-two")
    ended = [change for change in run.pods if change["type"] != "DELETED"]
    run.pods = [change for change in ended if '"terminated"' in str(change).replace("'", '"')]
    replay(kubectl, run)
    assert submit("--image", "app", "--workers", "2", *flags) == 33
    said = capfd.readouterr()
    assert out in f"\n{said.out}"
    assert "worker 1 exited 33" in said.err


def last_line(capfd: pytest.CaptureFixture[str]) -> str:
    return capfd.readouterr().err.splitlines()[-1]


@pytest.mark.parametrize(
    ("name", "flags", "exit_code", "code"),
    [
        ("no-such-image", (), 125, ErrorCode.POD_CANNOT_RUN),
        ("pod-security", (), 125, ErrorCode.POD_REFUSED),
        ("unschedulable", ("--pending-timeout", "1"), 124, ErrorCode.PENDING_TIMEOUT),
    ],
)
def test_what_never_ran_is_deleted(
    kubectl: Program,
    capfd: pytest.CaptureFixture[str],
    name: str,
    flags: tuple[str, ...],
    exit_code: int,
    code: ErrorCode,
) -> None:
    play(kubectl, name)
    kubectl.on("delete", Answer())
    assert submit("--image", "app", "--verbose", *flags) == exit_code
    assert f"recorded-{name}" in kubectl.call("delete").argv
    assert last_line(capfd) == f"code: {code.value}"


def test_what_cannot_be_deleted_does_not_hide_why(
    kubectl: Program, capfd: pytest.CaptureFixture[str]
) -> None:
    play(kubectl, "unschedulable")
    kubectl.on("delete", Answer(stderr="Error from server (Forbidden): no\n", exit_code=1))
    assert submit("--image", "app", "--verbose", "--pending-timeout", "1") == 124
    assert last_line(capfd) == "code: pending-timeout"


def test_a_job_that_cannot_be_watched_goes_on(
    cluster: Program, capfd: pytest.CaptureFixture[str]
) -> None:
    cluster.on("/jobs?", Answer(stderr="Error from server (Forbidden): no\n", exit_code=1))
    assert submit("--image", "app", "--verbose") == 125
    assert cluster.calls("delete") == []
    said = capfd.readouterr().err
    assert said.endswith("\ncode: watch-not-allowed\n")
    assert "kubectl submit logs -f recorded-failed -n unit-samples\n" in said
    assert "kubectl submit cancel recorded-failed -n unit-samples\n" in said


def test_a_secret_that_is_missing_is_told_first(
    cluster: Program, capfd: pytest.CaptureFixture[str]
) -> None:
    cluster.on("get", "secret/s3", Answer())
    assert submit("--image", "app", "--verbose", "--secret", "s3") == 125
    assert jobs(cluster) == []
    said = capfd.readouterr().err
    assert ": secret/s3\n" in said
    assert said.endswith("\ncode: object-not-found\n")


def test_no_kubectl_is_told(capfd: pytest.CaptureFixture[str]) -> None:
    assert submit("--image", "app", "--verbose") == 125
    said = capfd.readouterr().err
    assert "error: kubectl " in said
    assert said.endswith("\nInstall kubectl, or put it on PATH.\ncode: program-not-found\n")
