"""What does not come is not waited for for ever, and is told."""

from __future__ import annotations

import copy
import itertools
import json

from kubectl_submit.cluster.kubectl import Kubectl
from kubectl_submit.following import past_logs
from kubectl_submit.following.listener import FollowOptions

from .clusters import execution_of, lines, logs_of, replay
from .listener import Listener, watch_run
from .programs import FOREVER, Answer, Open, Program, Wait
from .samples import Run
from .simulation import Simulation


def test_a_log_that_cannot_be_had(cluster: Simulation, listener: Listener) -> None:
    run = Run("failed")
    replay(cluster, run)
    words = "E1122 retrying\nError from server: --token=s3cret dial tcp 10.0.0.2:10250: no\n"
    cluster.on("logs", Answer(stderr=words, exit_code=1))
    assert watch_run(cluster, run, listener).exit_code == 7
    [warning] = listener.warnings
    last_line = "Error from server: --token=*** dial tcp 10.0.0.2:10250: no"
    assert warning.endswith(f"may be missing: the node does not give them: {last_line}")


def test_words_of_a_reading_that_failed_are_no_reason_once_one_ended_well(
    cluster: Simulation, listener: Listener
) -> None:
    run = Run("failed")
    replay(cluster, run)
    failing = Answer(stderr="dial tcp 10.0.0.2:10250: no route to host\n", exit_code=1)
    cluster.on("logs", failing, Answer("unable to retrieve container logs for containerd://26f8"))
    assert watch_run(cluster, run, listener).exit_code == 7
    [warning] = listener.warnings
    assert warning.endswith("may be missing: the node does not give them")


def test_a_stream_that_stalls_is_begun_again(cluster: Simulation, listener: Listener) -> None:
    run = Run("timeout")
    replay(cluster, run)
    [pod] = run.logs
    cluster.on("logs", Answer(Open(f"log of {pod}"), FOREVER), Answer(logs_of(run)))
    assert watch_run(cluster, run, listener).exit_code == 124
    assert listener.output == {0: b"waits\n"}
    assert listener.warnings == []


def test_whoever_reads_the_output_may_take_longer_than_that(cluster: Simulation) -> None:
    """The job has ended long ago, and each line waits in a pipe for the one before it."""
    run = Run("failed")
    replay(cluster, run)
    [(pod, log)] = run.logs.items()
    first, second = log.splitlines(keepends=True)
    slow = (Open(f"log of {pod}"), Wait("job is through"), first, Wait("seen 1"), second)
    cluster.on("logs", Answer(*slow, Wait("seen 2")), Answer(logs_of(run)))
    cluster.on("/jobs?", Answer(lines(run.job), Open("job is through"), FOREVER))
    seen = itertools.count(1)

    def read_slowly() -> None:
        cluster.open(f"seen {next(seen)}")
        cluster.sleep(40)

    listener = Listener(on_lines=read_slowly)
    assert watch_run(cluster, run, listener).exit_code == 7
    assert listener.output == {0: b"one\ntwo\n"}
    assert listener.warnings == []


def replay_with_rank_0_running(cluster: Simulation, run: Run) -> None:
    """As long as its pod is there, the Job has failed but has not ended."""
    replay(cluster, run)
    failed = [event for event in run.job if '"FailureTarget"' in lines([event])]
    stays = [
        event
        for event in run.pods
        if "-1-" in event["object"]["metadata"]["name"] or '"running"' in lines([event])
    ]
    cluster.on("/jobs?", Answer(Wait("pods are told"), lines(failed[:1]), FOREVER))
    cluster.on("/pods?", Answer(lines(stays), Open("pods are told"), FOREVER))


def test_the_log_of_the_first_to_fail_is_awaited_while_others_stop(cluster: Simulation) -> None:
    run = Run("first-of-two")
    replay_with_rank_0_running(cluster, run)
    cluster.on("logs", Answer(Wait("a second later"), logs_of(run)))

    def open_the_second_time() -> None:  # it is told once a second
        if len(listener.reasons) == 2:
            cluster.open("a second later")

    listener = Listener(on_waiting=open_the_second_time)
    assert watch_run(cluster, run, listener).exit_code == 33
    assert listener.output[1] == b"one fails\n"


def test_a_worker_that_does_not_stop(cluster: Simulation, listener: Listener) -> None:
    run = Run("first-of-two")
    replay_with_rank_0_running(cluster, run)
    outcome = watch_run(cluster, run, listener)
    assert (outcome.exit_code, outcome.summary) == (33, "worker 1 exited 33")
    assert listener.output[1] == b"one fails\n"
    assert listener.warnings == [
        "warning: worker 0 had not stopped yet; what it still writes is not shown"
    ]


def test_a_job_without_a_word_of_its_pods(cluster: Simulation, listener: Listener) -> None:
    run = Run("failed")
    replay(cluster, run)
    cluster.on("/jobs?", Answer(lines(run.job), FOREVER))
    cluster.on("/pods?", Answer(FOREVER))
    outcome = watch_run(cluster, run, listener)
    assert outcome.exit_code == 125
    assert "its exit code is no longer known" in outcome.summary


def test_a_worker_that_cannot_run_does_not_hide_one_that_failed(
    cluster: Simulation, listener: Listener
) -> None:
    run = Run("first-of-two")
    one = [event for event in run.pods if "-1-" in event["object"]["metadata"]["name"]]
    zero = next(event for event in run.pods if '"running"' in lines([event]))
    [status] = zero["object"]["status"]["containerStatuses"]
    status["state"] = {"waiting": {"reason": "ErrImagePull", "message": "x: not found"}}
    replay(cluster, run)
    again = Answer(lines(run.job[-1:]), Open("job is through"), FOREVER)
    cluster.on("/jobs?", Answer(Wait("one has failed"), lines(run.job)), again)
    told = (lines(one), Open("one has failed"), Wait("job is through"), lines([zero]))
    cluster.on("/pods?", Answer(*told, FOREVER))
    assert watch_run(cluster, run, listener).exit_code == 33


def test_a_worker_that_cannot_run_does_not_take_away_one_that_computes(
    cluster: Simulation, kubectl: Program, listener: Listener
) -> None:
    """The Job is not deleted, but ended with a word, and what the other one wrote is shown."""
    run = Run("first-of-two")
    one = next(event for event in run.pods if '"running"' in lines([event]))
    other = next(
        copy.deepcopy(event)
        for event in run.pods
        if "-1-" in event["object"]["metadata"]["name"] and "containerStatuses" in lines([event])
    )
    [status] = other["object"]["status"]["containerStatuses"]
    status["state"] = {"waiting": {"reason": "ErrImagePull", "message": "x: not found"}}
    replay(cluster, run)
    cluster.on("/jobs?", Answer(lines(run.job[:1]), FOREVER))
    cluster.on("/pods?", Answer(lines([one, other]), FOREVER))
    kubectl.on("patch", Answer())
    outcome = watch_run(cluster, run, listener)
    assert outcome.exit_code == 125
    assert outcome.summary == (
        "worker 1 cannot start, and 1 other that ran was stopped: ErrImagePull: x: not found"
    )
    assert listener.output[0].startswith(b"zero waits\n")
    [change] = [json.loads(call.flag("--patch")) for call in kubectl.calls("patch")]
    assert change["spec"] == {"activeDeadlineSeconds": 1}
    assert kubectl.calls("delete") == []


def test_past_lines_may_take_longer_than_that(cluster: Simulation) -> None:
    """As long as lines come, nobody gives up: a reader may be slow, or the log long."""
    run = Run("failed")
    [log] = run.logs.values()
    first, second = log.splitlines(keepends=True)
    cluster.on("logs", Answer(first, Wait("seen 1"), second, Wait("seen 2")))
    seen = itertools.count(1)

    def read_slowly() -> None:
        cluster.open(f"seen {next(seen)}")
        cluster.sleep(40)

    listener = Listener(on_lines=read_slowly)
    past_logs.show(
        execution_of(run), run.last_pods, Kubectl(), listener, FollowOptions(), loop=cluster.loop()
    )
    assert listener.output == {0: b"one\ntwo\n"}
    assert listener.warnings == []


def test_a_log_whose_lines_come_slowly_is_read_to_its_end(cluster: Simulation) -> None:
    """The job has ended long ago; as long as lines come, they are waited for."""
    run = Run("failed")
    replay(cluster, run)
    [(pod, log)] = run.logs.items()
    first, second = log.splitlines(keepends=True)
    slow = (Open(f"log of {pod}"), Wait("8 s"), first, Wait("16 s"), second, Wait("24 s"))
    cluster.on("logs", Answer(*slow))
    listener = Listener(on_waiting=lambda: cluster.open(f"{len(listener.reasons)} s"))
    assert watch_run(cluster, run, listener).exit_code == 7
    assert listener.output == {0: b"one\ntwo\n"}
    assert listener.warnings == []
