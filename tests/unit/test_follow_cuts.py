"""Follows a run across everything that can happen to the connections."""

from __future__ import annotations

import json

import pytest

from kubectl_submit.error_codes import ErrorCode
from kubectl_submit.errors import ClusterError, ExecutionError
from kubectl_submit.following.logs import LineOptions
from tests.errors import raises_code

from .clusters import lines, logs_of, replay
from .fakes.program import list_of
from .listener import Listener, watch_run
from .programs import FOREVER, Answer, Open, Wait
from .samples import Run
from .simulation import Simulation

LOST = "E1122 18:04 net/http: http2: client connection lost\n"
# What kubectl said for a watch from a version that the server does not know any more.
EXPIRED = (
    '{"type":"ERROR","object":{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure",'
    '"message":"too old resource version: 1 (7833)","reason":"Expired","code":410}}\n'
)
TROUBLE = "unable to retrieve container logs for containerd://26f897e3ba2034425f5e9ca495e58d6b"


@pytest.mark.parametrize("exit_code", [0, 1])
def test_a_watch_is_begun_again_wherever_it_was_cut(
    cluster: Simulation, listener: Listener, exit_code: int
) -> None:
    run = Run("failed")
    replay(cluster, run)
    for what, events in (("/jobs?", run.job), ("/pods?", run.pods)):
        text = lines(events)
        stderr = LOST if exit_code else ""
        cuts = [Answer(text[:size], stderr=stderr, exit_code=exit_code) for size in (0, 9, 800)]
        told = Open("pods are told") if what == "/pods?" else Wait("pods are told")
        parts = (text, told) if what == "/pods?" else (told, text)
        cluster.on(what, *cuts, Answer(*parts, FOREVER))
    assert watch_run(cluster, run, listener).exit_code == 7
    assert listener.output == {0: b"one\ntwo\n"}


def test_a_version_that_has_expired_is_nothing_to_tell(
    cluster: Simulation, listener: Listener
) -> None:
    run = Run("failed")
    replay(cluster, run)
    wait = Wait("pods of failed")
    cluster.on("/jobs?", Answer(EXPIRED), Answer(EXPIRED, wait, lines(run.job), FOREVER))
    assert watch_run(cluster, run, listener).exit_code == 7


def test_a_watch_that_was_quiet_for_long_may_end(cluster: Simulation, listener: Listener) -> None:
    """The server ends every watch after half an hour or more."""
    run = Run("failed")
    replay(cluster, run)
    quiet = Answer(lines(run.job[:1]), Wait("log of " + next(iter(run.logs))))
    cluster.on("/jobs?", quiet, quiet, Answer(lines(run.job), FOREVER))
    assert watch_run(cluster, run, listener, contact=0.0).exit_code == 7


def test_without_contact_it_ends_some_time(cluster: Simulation, listener: Listener) -> None:
    run = Run("failed")
    replay(cluster, run)
    cluster.on("/jobs?", Answer(stderr="connection refused\n", exit_code=1))
    with raises_code(ErrorCode.CLUSTER_CONTACT_LOST, ClusterError) as lost:
        watch_run(cluster, run, listener, contact=1.5)
    assert lost.value.message == "lost contact with the cluster; the job may go on"
    assert lost.value.last_words == "connection refused"
    assert len(cluster.calls("/jobs?")) > 1


@pytest.mark.parametrize("missing", [True, False])
def test_a_job_that_was_deleted_out_of_sight(
    cluster: Simulation, listener: Listener, missing: bool
) -> None:
    run = Run("failed")
    replay(cluster, run)
    cluster.on("/jobs?", Answer(lines(run.job[:1])), Answer(EXPIRED), Answer(lines(run.job)))
    job = run.job[0]["object"]
    again = Answer(list_of([] if missing else [job]))
    cluster.on("/jobs?fieldSelector", Answer(list_of([job])), again)
    if missing:
        with raises_code(ErrorCode.RUN_DELETED, ExecutionError) as failed:
            watch_run(cluster, run, listener)
        assert "recorded-failed" in failed.value.message
    else:
        assert watch_run(cluster, run, listener).exit_code == 7


def test_a_job_that_was_deleted_before_it_was_looked_for(
    cluster: Simulation, listener: Listener
) -> None:
    run = Run("failed")
    replay(cluster, run)
    cluster.on("/jobs?fieldSelector", Answer(list_of([])))
    with raises_code(ErrorCode.RUN_DELETED, ExecutionError) as failed:
        watch_run(cluster, run, listener)
    assert "recorded-failed" in failed.value.message


def test_a_pod_that_was_deleted_out_of_sight_is_not_waited_for(
    cluster: Simulation, listener: Listener
) -> None:
    """Its watch was cut meanwhile, and the server does not know the version any more."""
    run = Run("first-of-two")
    replay(cluster, run)
    begun = [event for event in run.pods if "terminated" not in json.dumps(event)]
    ended = [event["object"] for event in run.pods if "terminated" in json.dumps(event)]
    one = [pod for pod in ended if "-1-" in pod["metadata"]["name"]]
    told = Open("the end is told")
    cluster.on("/pods?", Answer(lines(begun)), Answer(EXPIRED), Answer(told, FOREVER))
    cluster.on("/pods?labelSelector", Answer(list_of([])), Answer(list_of([one[0]])))
    job = Answer(lines(run.job[:1]), Wait("the end is told"), lines(run.job), FOREVER)
    cluster.on("/jobs?", job)
    cluster.on("logs", Answer(logs_of(run, cut=1000)))
    before = cluster.now
    assert watch_run(cluster, run, listener).exit_code == 33
    assert cluster.now - before < 5
    assert listener.output == {0: b"zero waits\nzero stops\n", 1: b"one fails\n"}
    assert listener.warnings == []


@pytest.mark.parametrize("text", ["<html>Bad gateway</html>\n", ' {"type": "ADDED"}\n', "null\n"])
def test_what_a_proxy_writes_is_a_cut(cluster: Simulation, listener: Listener, text: str) -> None:
    run = Run("failed")
    replay(cluster, run)
    wait = Wait("pods of failed")
    cluster.on("/jobs?", Answer(text), Answer(lines(run.job[:1]), wait, lines(run.job), FOREVER))
    first = run.job[0]["object"]
    cluster.on("/jobs?fieldSelector", Answer(text), Answer(list_of([first])))
    assert watch_run(cluster, run, listener).exit_code == 7


def test_what_a_proxy_writes_for_too_long_is_told(cluster: Simulation, listener: Listener) -> None:
    run = Run("failed")
    replay(cluster, run)
    cluster.on("/jobs?fieldSelector", Answer("<html>Bad gateway</html>\n"))
    with raises_code(ErrorCode.CLUSTER_CONTACT_LOST, ClusterError) as lost:
        watch_run(cluster, run, listener, contact=60)
    assert "not from a Kubernetes API server: <html>Bad gateway" in lost.value.last_words


# Some times are equal, and one is a little early.
LOG = "\n".join(
    [
        "2026-11-22T18:02:59.385883110Z one",
        "2026-11-22T18:03:00.000000007Z two",
        "2026-11-22T18:02:59.999999999Z two",
        "2026-11-22T18:03:00.000000007Z three",
        "2026-11-22T18:03:03.000000001Z ",
        "2026-11-22T18:03:03.000000001Z without an end",
    ]
)


@pytest.mark.parametrize(
    ("size", "exit_code"), [(1, 1), (34, 0), (35, 1), (80, 0), (150, 1), (len(LOG) - 1, 0)]
)
def test_a_log_is_read_on_wherever_it_was_cut(
    cluster: Simulation, listener: Listener, size: int, exit_code: int
) -> None:
    run = Run("timeout")
    run.logs = dict.fromkeys(run.logs, LOG)
    replay(cluster, run)
    # What is cut while the container runs may end well; what comes after its end breaks.
    running = Answer(logs_of(run, cut=size), stderr=LOST, exit_code=exit_code)
    ended = Answer(logs_of(run, cut=50), stderr=LOST, exit_code=1)
    cluster.on("logs", running, ended, Answer(logs_of(run)))
    assert watch_run(cluster, run, listener).exit_code == 124
    assert listener.output == {0: b"one\ntwo\ntwo\nthree\n\nwithout an end"}
    assert listener.warnings == []


def test_logs_of_several_workers_are_read_on_too(cluster: Simulation, listener: Listener) -> None:
    run = Run("first-of-two")
    # Where a last line has no end, another worker's line stands right behind it.
    run.logs = {pod: log.removesuffix("\n") for pod, log in run.logs.items()}
    replay(cluster, run)
    ended = [change for change in run.pods if change["type"] != "DELETED"]
    cluster.on("/pods?", Answer(lines(ended), Open("pods of first-of-two"), FOREVER))
    cuts = [Answer(logs_of(run, cut=size), exit_code=1) for size in (50, 73, 131)]
    cluster.on("logs", *cuts, Answer(logs_of(run)))
    assert watch_run(cluster, run, listener).exit_code == 33
    assert listener.output == {0: b"zero waits\nzero stops", 1: b"one fails"}


def test_a_log_that_the_node_does_not_give_is_no_output(
    cluster: Simulation, listener: Listener
) -> None:
    run = Run("failed")
    replay(cluster, run)
    cluster.on("logs", Answer(TROUBLE))
    assert watch_run(cluster, run, listener).exit_code == 7
    assert listener.output == {}
    [warning] = listener.warnings
    assert "may be missing" in warning


def test_lines_from_a_time_on_may_begin_inside_of_one(
    cluster: Simulation, listener: Listener
) -> None:
    run = Run("failed")
    replay(cluster, run)
    [(pod, log)] = run.logs.items()
    parts = (f"90%\r100%\n{log}", Open(f"log of {pod}"), Wait(f"end of {pod}"))
    cluster.on("logs", Answer(*parts))
    lines_wanted = LineOptions(since="2026-11-22T18:00:00Z")
    assert watch_run(cluster, run, listener, lines=lines_wanted).exit_code == 7
    assert listener.output == {0: b"one\ntwo\n"}
    assert listener.warnings == []


def test_a_log_that_the_node_has_rotated_at_its_end(
    cluster: Simulation, listener: Listener
) -> None:
    """The last reading gives nothing, so that nobody knows whether it was all."""
    run = Run("failed")
    replay(cluster, run)
    cluster.on("logs", Answer(logs_of(run), exit_code=1), Answer(""))
    assert watch_run(cluster, run, listener).exit_code == 7
    assert listener.output == {0: b"one\ntwo\n"}
    [warning] = listener.warnings
    assert "and the end may be missing" in warning


def test_a_log_that_was_read_to_its_end_misses_nothing(
    cluster: Simulation, listener: Listener
) -> None:
    """Even if its pod has gone meanwhile."""
    run = Run("pod-deleted")
    replay(cluster, run)
    ended = [change for change in run.pods if change["type"] != "DELETED"]
    [log] = run.logs
    told = (lines(ended), Wait(f"log of {log}"), lines(run.pods[-1:]), Open("pods of pod-deleted"))
    cluster.on("/pods?", Answer(*told, FOREVER))
    cluster.on("logs", Answer(logs_of(run)))
    assert watch_run(cluster, run, listener).exit_code == 5
    assert listener.output == {0: b"waits\nstops\n"}
    assert listener.warnings == []


def test_lines_that_are_under_way_when_the_pod_goes_are_told(cluster: Simulation) -> None:
    run = Run("pod-deleted")
    replay(cluster, run)
    [log] = run.logs.values()
    first, second = log.splitlines(keepends=True)
    running = run.pods_until('"running"')
    again = Answer(lines(run.job[-1:]), Open("job is through"), FOREVER)
    cluster.on("/jobs?", Answer(lines(run.job[:1]), Wait("deleted"), lines(run.job)), again)
    told = (lines(running), Wait("seen"), lines(run.pods[len(running) :]), Open("deleted"))
    cluster.on("/pods?", Answer(*told, FOREVER))
    cluster.on("logs", Answer(first, Wait("job is through"), second))
    listener = Listener(on_lines=lambda: cluster.open("seen"))
    assert watch_run(cluster, run, listener).exit_code == 5
    assert listener.output == {0: b"waits\nstops\n"}


def test_a_pod_that_vanished_may_have_written_more(cluster: Simulation, listener: Listener) -> None:
    """Its node is gone: the stream ended well, as a stream can that ends too early."""
    run = Run("pod-deleted")
    replay(cluster, run)
    [log] = run.logs
    begun = [event for event in run.pods if "terminated" not in json.dumps(event)]
    collected = json.loads(json.dumps(begun[-1]))
    collected["object"]["status"]["phase"] = "Failed"
    gone = {"type": "DELETED", "object": collected["object"]}
    told = (Wait(f"log of {log}"), lines([collected, gone]), Open("pods of pod-deleted"), FOREVER)
    cluster.on("/pods?", Answer(lines(begun), *told))
    refused = Answer(stderr="dial tcp 10.0.0.2:10250: connection refused\n", exit_code=1)
    cluster.on("logs", Answer(logs_of(run)), refused)
    assert watch_run(cluster, run, listener).exit_code == 125
    [warning] = listener.warnings
    assert "may be missing" in warning


def test_a_pod_that_is_being_deleted_is_read_to_its_end_among_others(
    cluster: Simulation, listener: Listener
) -> None:
    """Another reading would come too late."""
    run = Run("first-of-two")
    replay(cluster, run)
    [zero] = [pod for pod in run.logs if "-0-" in pod]
    gone = Answer(stderr=f'Error from server (NotFound): pods "{zero}" not found\n', exit_code=1)
    cluster.on("logs", zero, gone)
    assert watch_run(cluster, run, listener).exit_code == 33
    assert listener.output == {0: b"zero waits\nzero stops\n", 1: b"one fails\n"}
    assert listener.warnings == []
