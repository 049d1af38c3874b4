"""What does not come is not waited for for ever, and is told."""

from __future__ import annotations

import itertools
import time

import pytest

from kubectl_submit import follow, past_lines
from kubectl_submit.audience import Wishes
from kubectl_submit.kubectl import Kubectl
from kubectl_submit.logs import streams

from .clusters import execution_of, lines, logs_of, replay
from .listener import Listener, watch_run
from .programs import FOREVER, Answer, Open, Program, Wait
from .samples import Run

pytestmark = pytest.mark.usefixtures("impatient", "nothing_is_left")


@pytest.fixture(autouse=True)
def hardly_patient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(follow, "ENDED_SECONDS", 0.5)
    monkeypatch.setattr(follow, "STOPPING_SECONDS", 0.5)


def test_a_log_that_cannot_be_had(kubectl: Program, listener: Listener) -> None:
    run = Run("failed")
    replay(kubectl, run)
    words = "E1122 retrying\nError from server: --token=s3cret dial tcp 10.0.0.2:10250: no\n"
    kubectl.on("logs", Answer(stderr=words, exit_code=1))
    assert watch_run(run, listener).exit_code == 7
    [warning] = listener.warnings
    last_line = "Error from server: --token=*** dial tcp 10.0.0.2:10250: no"
    assert warning.endswith(f"may be missing: the node does not give them: {last_line}")


def test_words_of_a_reading_that_failed_are_no_reason_once_one_ended_well(
    kubectl: Program, listener: Listener
) -> None:
    run = Run("failed")
    replay(kubectl, run)
    failing = Answer(stderr="dial tcp 10.0.0.2:10250: no route to host\n", exit_code=1)
    kubectl.on("logs", failing, Answer("unable to retrieve container logs for containerd://26f8"))
    assert watch_run(run, listener).exit_code == 7
    [warning] = listener.warnings
    assert warning.endswith("may be missing: the node does not give them")


def test_a_stream_that_stalls_is_begun_again(
    kubectl: Program, listener: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(follow, "ENDED_SECONDS", 20.0)
    monkeypatch.setattr(streams, "STALLED_SECONDS", 0.2)
    run = Run("timeout")
    replay(kubectl, run)
    [pod] = run.logs
    kubectl.on("logs", Answer(Open(f"log of {pod}"), FOREVER), Answer(logs_of(run)))
    assert watch_run(run, listener).exit_code == 124
    assert listener.output == {0: b"waits\n"}
    assert listener.warnings == []


def test_whoever_reads_the_output_may_take_longer_than_that(kubectl: Program) -> None:
    """The job has ended long ago, and each line waits in a pipe for the one before it."""
    run = Run("failed")
    replay(kubectl, run)
    [(pod, log)] = run.logs.items()
    first, second = log.splitlines(keepends=True)
    slow = (Open(f"log of {pod}"), Wait("job is through"), first, Wait("seen 1"), second)
    kubectl.on("logs", Answer(*slow, Wait("seen 2")), Answer(logs_of(run)))
    kubectl.on("/jobs?", Answer(lines(run.job), Open("job is through"), FOREVER))
    seen = itertools.count(1)

    def read_slowly() -> None:
        kubectl.open(f"seen {next(seen)}")
        time.sleep(0.6)

    listener = Listener(on_lines=read_slowly)
    assert watch_run(run, listener).exit_code == 7
    assert listener.output == {0: b"one\ntwo\n"}
    assert listener.warnings == []


def replay_with_rank_0_running(kubectl: Program, run: Run) -> None:
    """As long as its pod is there, the Job has failed but has not ended."""
    replay(kubectl, run)
    failed = [event for event in run.job if '"FailureTarget"' in lines([event])]
    stays = [
        event
        for event in run.pods
        if "-1-" in event["object"]["metadata"]["name"] or '"running"' in lines([event])
    ]
    kubectl.on("/jobs?", Answer(Wait("pods are told"), lines(failed[:1]), FOREVER))
    kubectl.on("/pods?", Answer(lines(stays), Open("pods are told"), FOREVER))


def test_the_log_of_the_first_to_fail_is_awaited_while_others_stop(
    kubectl: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(follow, "ENDED_SECONDS", 20.0)
    run = Run("first-of-two")
    replay_with_rank_0_running(kubectl, run)
    kubectl.on("logs", Answer(Wait("a second later"), logs_of(run)))

    def open_the_second_time() -> None:  # it is told once a second
        if len(listener.reasons) == 2:
            kubectl.open("a second later")

    listener = Listener(on_waiting=open_the_second_time)
    assert watch_run(run, listener).exit_code == 33
    assert listener.output[1] == b"one fails\n"


def test_a_worker_that_does_not_stop(kubectl: Program, listener: Listener) -> None:
    run = Run("first-of-two")
    replay_with_rank_0_running(kubectl, run)
    outcome = watch_run(run, listener)
    assert (outcome.exit_code, outcome.summary) == (33, "worker 1 exited 33; 1 other stopped")
    assert listener.output[1] == b"one fails\n"
    assert listener.warnings == ["warning: not shown is what a worker may write until stopped"]


def test_a_job_without_a_word_of_its_pods(kubectl: Program, listener: Listener) -> None:
    run = Run("failed")
    replay(kubectl, run)
    kubectl.on("/jobs?", Answer(lines(run.job), FOREVER))
    kubectl.on("/pods?", Answer(FOREVER))
    outcome = watch_run(run, listener)
    assert outcome.exit_code == 125
    assert "without an exit code" in outcome.summary


def test_a_worker_that_cannot_run_does_not_hide_one_that_failed(
    kubectl: Program, listener: Listener
) -> None:
    run = Run("first-of-two")
    one = [event for event in run.pods if "-1-" in event["object"]["metadata"]["name"]]
    zero = next(event for event in run.pods if '"running"' in lines([event]))
    [status] = zero["object"]["status"]["containerStatuses"]
    status["state"] = {"waiting": {"reason": "ErrImagePull", "message": "gone"}}
    replay(kubectl, run)
    again = Answer(lines(run.job[-1:]), Open("job is through"), FOREVER)
    kubectl.on("/jobs?", Answer(Wait("one has failed"), lines(run.job)), again)
    told = (lines(one), Open("one has failed"), Wait("job is through"), lines([zero]))
    kubectl.on("/pods?", Answer(*told, FOREVER))
    assert watch_run(run, listener).exit_code == 33


def test_past_lines_may_take_longer_than_that(
    kubectl: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As long as lines come, nobody gives up: a reader may be slow, or the log long."""
    monkeypatch.setattr(past_lines, "ENDED_SECONDS", 0.5)
    run = Run("failed")
    [log] = run.logs.values()
    first, second = log.splitlines(keepends=True)
    kubectl.on("logs", Answer(first, Wait("seen 1"), second, Wait("seen 2")))
    seen = itertools.count(1)

    def read_slowly() -> None:
        kubectl.open(f"seen {next(seen)}")
        time.sleep(0.6)

    listener = Listener(on_lines=read_slowly)
    past_lines.show(execution_of(run), run.last_pods, Kubectl(), listener, Wishes())
    assert listener.output == {0: b"one\ntwo\n"}
    assert listener.warnings == []
