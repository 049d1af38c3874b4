"""Follows recorded runs to their ends, against a fake kubectl that plays them again."""

from __future__ import annotations

import json

import pytest

from kubectl_submit.error_codes import ErrorCode
from kubectl_submit.errors import ClusterError, ExecutionError
from kubectl_submit.following.logs import LineOptions
from tests.errors import raises_code

from .clusters import lines, logs_of, replay
from .listener import Listener, watch_run
from .programs import FOREVER, Answer, Open, Wait
from .samples import Run
from .simulation import Simulation


@pytest.mark.parametrize(
    ("name", "exit_code", "output"),
    [
        ("succeeded", 0, {0: b"one\ntwo\nthree without an end"}),
        ("failed", 7, {0: b"one\ntwo\n"}),
        ("first-of-two", 33, {0: b"zero waits\nzero stops\n", 1: b"one fails\n"}),
        ("out-of-memory", 137, {}),
        ("evicted", 137, {0: b"64+0 records in\n64+0 records out\n"}),
        ("timeout", 124, {0: b"waits\n"}),
        ("timeout-exits-0", 124, {0: b"waits\n"}),
        ("job-deadline", 124, {0: b"waits\nstops\n"}),
        ("pod-deleted", 5, {0: b"waits\nstops\n"}),
        ("suspended", 0, {0: b"ran\n"}),
        ("built", 0, {0: b"building\n"}),
    ],
)
def test_tells_every_line_and_the_outcome(
    cluster: Simulation, listener: Listener, name: str, exit_code: int, output: dict[int, bytes]
) -> None:
    run = Run(name)
    replay(cluster, run)
    assert watch_run(cluster, run, listener).exit_code == exit_code
    assert listener.output == output
    assert listener.warnings == []


CANNOT_RUN = ErrorCode.POD_CANNOT_RUN
REFUSED = ErrorCode.POD_REFUSED


@pytest.mark.parametrize(
    ("name", "code", "words"),
    [
        ("no-such-image", CANNOT_RUN, "ErrImagePull: failed to pull and unpack image"),
        ("bad-image-name", CANNOT_RUN, 'Failed to apply default image tag "Not An Image"'),
        ("no-such-secret", CANNOT_RUN, 'secret "no-such-secret" not found'),
        ("start-error", CANNOT_RUN, 'exec: "no-such-program": executable file not found'),
        ("sidecar-exits", CANNOT_RUN, "the container sidecar exits 3 each time it starts"),
        ("job-deleted", ErrorCode.RUN_DELETED, ""),
        ("quota-too-small", REFUSED, "exceeded quota: small, requested: pods"),
        ("pod-security", REFUSED, 'violates PodSecurity "baseline:latest"'),
        ("no-such-account", REFUSED, 'serviceaccount "no-such-account" not'),
    ],
)
def test_fails_where_there_is_nothing_to_wait_for(
    cluster: Simulation, listener: Listener, name: str, code: ErrorCode, words: str
) -> None:
    run = Run(name)
    replay(cluster, run)
    with raises_code(code, ExecutionError) as failed:
        watch_run(cluster, run, listener)
    whose = "the cluster refuses to create the pod" if code is REFUSED else f"recorded-{name}"
    assert whose in failed.value.message
    assert words in failed.value.last_words


def test_says_what_to_do_where_root_is_not_allowed(cluster: Simulation, listener: Listener) -> None:
    run = Run("no-such-secret")
    words = "container has runAsNonRoot and image has non-numeric user (nobody)"
    recorded = json.dumps(run.pods)
    run.pods = json.loads(recorded.replace(r"secret \"no-such-secret\" not found", words))
    replay(cluster, run)
    with raises_code(ErrorCode.POD_CANNOT_RUN, ExecutionError) as failed:
        watch_run(cluster, run, listener)
    assert failed.value.message.startswith("the pod recorded-no-such-secret-0-")
    assert failed.value.message.endswith(" cannot run")
    assert words in failed.value.last_words
    assert "USER 1000" in failed.value.remedy


def test_lines_come_while_the_job_runs(cluster: Simulation) -> None:
    run = Run("pod-deleted")
    replay(cluster, run)
    running = run.pods_until('"running"')
    [log] = run.logs.values()
    first, second = log.splitlines(keepends=True)
    # Only a line that has arrived lets the pod end.
    cluster.on("/pods?", Answer(lines(running), Wait("seen"), lines(run.pods), FOREVER))
    cluster.on("/jobs?", Answer(lines(run.job[:1]), Wait("seen"), lines(run.job[1:]), FOREVER))
    cluster.on("logs", Answer(first, Wait("seen"), second))
    witness = Listener(on_lines=lambda: cluster.open("seen"))
    assert watch_run(cluster, run, witness).exit_code == 5
    assert witness.output == {0: b"waits\nstops\n"}


def test_lines_can_tell_the_end(cluster: Simulation, listener: Listener) -> None:
    """Of a build, before its node reports it."""
    run = Run("pod-deleted")
    replay(cluster, run)
    cluster.on("/pods?", Answer(lines(run.pods_until('"running"')), FOREVER))
    cluster.on("/jobs?", Answer(lines(run.job[:1]), FOREVER))
    [log] = run.logs.values()
    cluster.on("logs", Answer(log.splitlines(keepends=True)[0], FOREVER))
    told = {0: "", 1: "the digest"}
    outcome = watch_run(cluster, run, listener, told=lambda: told[len(listener.output)])
    assert (outcome.exit_code, outcome.last_message) == (0, "the digest")
    assert (listener.output, listener.warnings) == ({0: b"waits\n"}, [])


@pytest.mark.parametrize(("logs", "ranks"), [("all", {0, 1}), ("first", {0}), ("none", set[int]())])
def test_shows_whose_lines_are_wanted(
    cluster: Simulation, listener: Listener, logs: str, ranks: set[int]
) -> None:
    run = Run("first-of-two")
    replay(cluster, run)
    ended = [event for event in run.pods if event["type"] != "DELETED"]
    cluster.on("/pods?", Answer(lines(ended), Open("pods of first-of-two"), FOREVER))
    assert watch_run(cluster, run, listener, logs=logs).exit_code == 33
    assert set(listener.output) == ranks
    assert bool(cluster.calls("logs")) is bool(ranks)


def test_the_last_line_of_workers_read_together_may_lack_its_end(
    cluster: Simulation, listener: Listener
) -> None:
    run = Run("first-of-two")
    last = sorted(run.logs)[-1]
    run.logs[last] = run.logs[last].removesuffix("\n")
    replay(cluster, run)
    ended = [event for event in run.pods if event["type"] != "DELETED"]
    cluster.on("/pods?", Answer(lines(ended), Open("pods of first-of-two"), FOREVER))
    watch_run(cluster, run, listener)
    assert "--selector" in cluster.call("logs").argv
    assert listener.output == {0: b"zero waits\nzero stops\n", 1: b"one fails"}


def test_shows_times_if_they_are_wanted(cluster: Simulation, listener: Listener) -> None:
    run = Run("failed")
    replay(cluster, run)
    watch_run(cluster, run, listener, lines=LineOptions(keep_times=True))
    [log] = run.logs.values()
    assert listener.output == {0: log.encode()}


def test_the_end_of_the_job_may_be_told_before_its_pods(
    cluster: Simulation, listener: Listener
) -> None:
    run = Run("failed")
    replay(cluster, run)
    # The second watch shows that what the first one said has been read.
    again = Answer(lines(run.job[-1:]), Open("job is through"), FOREVER)
    cluster.on("/jobs?", Answer(lines(run.job)), again)
    cluster.on("/pods?", Answer(Wait("job is through"), lines(run.pods), FOREVER))
    assert watch_run(cluster, run, listener).exit_code == 7
    assert listener.output == {0: b"one\ntwo\n"}


def test_another_job_of_the_same_name_does_not_count(
    cluster: Simulation, listener: Listener
) -> None:
    run = Run("failed")
    replay(cluster, run)
    other = Run("failed").job[0]
    other["object"]["metadata"]["uid"] = "another"
    cluster.on("/jobs?", Answer(lines([other]), FOREVER))
    with raises_code(ErrorCode.RUN_DELETED, ExecutionError) as failed:
        watch_run(cluster, run, listener)
    assert failed.value.message == "the job recorded-failed was deleted"


def test_the_first_to_fail_stays_the_first(cluster: Simulation, listener: Listener) -> None:
    """Each end is told several times, as its pod loses its finalizer and is deleted."""
    run = Run("first-of-two")
    zero, one = (
        run.pods[-1]["object"],
        next(
            event["object"]
            for event in reversed(run.pods)
            if event["object"]["metadata"]["labels"]["batch.kubernetes.io/job-completion-index"]
            == "1"
        ),
    )
    zero["metadata"].pop("deletionTimestamp")
    for pod in (zero, one):  # within the same second
        pod["status"]["containerStatuses"][0]["state"]["terminated"]["finishedAt"] = "2026"
    run.pods = [{"type": "MODIFIED", "object": pod} for pod in (one, zero, one)]
    replay(cluster, run)
    assert watch_run(cluster, run, listener).exit_code == 33


@pytest.mark.parametrize(
    ("what", "code", "message"),
    [
        ("/jobs?", ErrorCode.WATCH_NOT_ALLOWED, "you may not watch jobs; the job keeps running"),
        ("/pods?", ErrorCode.WATCH_NOT_ALLOWED, ""),
        (
            "logs",
            ErrorCode.LOGS_NOT_ALLOWED,
            "you may not read logs of pods; the job keeps running",
        ),
    ],
)
def test_what_is_forbidden_is_told_at_once(
    cluster: Simulation, listener: Listener, what: str, code: ErrorCode, message: str
) -> None:
    run = Run("failed")
    replay(cluster, run)
    words = 'Error from server (Forbidden): pods "x" is forbidden: User "nobody" cannot\n'
    cluster.on(what, Answer(stderr=words, exit_code=1))
    with raises_code(code, ClusterError) as failed:
        watch_run(cluster, run, listener)
    assert message in failed.value.message
    assert "nobody" in failed.value.last_words


@pytest.mark.parametrize("silent", [False, True])
def test_a_right_that_was_taken_away_costs_no_line(
    cluster: Simulation, listener: Listener, silent: bool
) -> None:
    """A last reading is refused, of a log that was read to its end."""
    run = Run("timeout")
    if silent:
        run.logs = dict.fromkeys(run.logs, "")
    replay(cluster, run)
    refused = Answer(stderr="Error from server (Forbidden): pods/log\n", exit_code=1)
    cluster.on("logs", Answer(logs_of(run)), refused)
    assert watch_run(cluster, run, listener).exit_code == 124
    assert listener.output == ({} if silent else {0: b"waits\n"})
    assert listener.warnings == []
    assert len(cluster.calls("logs")) > 1


def test_what_worked_before_may_work_again(cluster: Simulation, listener: Listener) -> None:
    """With a new token, or once a server has started."""
    run = Run("failed")
    replay(cluster, run)
    words = "error: You must be logged in to the server (Unauthorized)\n"
    refused = Answer(stderr=words, exit_code=1)
    cluster.on("/jobs?", Answer(lines(run.job[:1])), refused, Answer(lines(run.job), FOREVER))
    assert watch_run(cluster, run, listener).exit_code == 7
