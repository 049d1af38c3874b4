"""Follows a run across everything that can happen to the connections."""

from __future__ import annotations

import json

import pytest

from kubectl_submit import object_watch
from kubectl_submit.errors import ClusterError, ExecutionError
from kubectl_submit.logs import Wanted

from .clusters import lines, logs_of, replay
from .listener import Listener, watch_run
from .programs import FOREVER, Answer, Open, Program, Wait
from .samples import Run

pytestmark = pytest.mark.usefixtures("impatient", "nothing_is_left")
LOST = "E1122 18:04 net/http: http2: client connection lost\n"
# What kubectl said for a watch from a version that the server does not know any more.
EXPIRED = (
    '{"type":"ERROR","object":{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure",'
    '"message":"too old resource version: 1 (7833)","reason":"Expired","code":410}}\n'
)
TROUBLE = "unable to retrieve container logs for containerd://26f897e3ba2034425f5e9ca495e58d6b"


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(object_watch, "FIRST_PAUSE", 0.01)
    monkeypatch.setattr(object_watch, "NOTHING_SECONDS", 0.1)


@pytest.mark.parametrize("exit_code", [0, 1])
def test_a_watch_is_begun_again_wherever_it_was_cut(
    kubectl: Program, listener: Listener, exit_code: int
) -> None:
    run = Run("failed")
    replay(kubectl, run)
    for what, events in (("/jobs?", run.job), ("/pods?", run.pods)):
        text = lines(events)
        stderr = LOST if exit_code else ""
        cuts = [Answer(text[:size], stderr=stderr, exit_code=exit_code) for size in (0, 9, 800)]
        told = Open("pods are told") if what == "/pods?" else Wait("pods are told")
        parts = (text, told) if what == "/pods?" else (told, text)
        kubectl.on(what, *cuts, Answer(*parts, FOREVER))
    assert watch_run(run, listener).exit_code == 7
    assert listener.output == {0: b"one\ntwo\n"}


def test_a_version_that_has_expired_is_nothing_to_tell(
    kubectl: Program, listener: Listener
) -> None:
    run = Run("failed")
    replay(kubectl, run)
    wait = Wait("pods of failed")
    kubectl.on("/jobs?", Answer(EXPIRED), Answer(EXPIRED, wait, lines(run.job), FOREVER))
    assert watch_run(run, listener).exit_code == 7


def test_a_watch_that_was_quiet_for_long_may_end(kubectl: Program, listener: Listener) -> None:
    """The server ends every watch after half an hour or more."""
    run = Run("failed")
    replay(kubectl, run)
    quiet = Answer(lines(run.job[:1]), Wait("log of " + next(iter(run.logs))))
    kubectl.on("/jobs?", quiet, quiet, Answer(lines(run.job), FOREVER))
    assert watch_run(run, listener, contact=0.0).exit_code == 7


def test_without_contact_it_ends_some_time(kubectl: Program, listener: Listener) -> None:
    run = Run("failed")
    replay(kubectl, run)
    kubectl.on("/jobs?", Answer(stderr="connection refused\n", exit_code=1))
    with pytest.raises(ClusterError, match="lost contact with the cluster") as lost:
        watch_run(run, listener, contact=1.5)
    assert lost.value.last_words == "connection refused"
    assert len(kubectl.calls("/jobs?")) > 1


@pytest.mark.parametrize("missing", [True, False])
def test_a_job_that_was_deleted_out_of_sight(
    kubectl: Program, listener: Listener, missing: bool
) -> None:
    run = Run("failed")
    replay(kubectl, run)
    said_nothing = Answer(Wait("asked"), lines(run.job), FOREVER)
    kubectl.on("/jobs?", Answer(lines(run.job[:1])), said_nothing)
    name = "" if missing else "job.batch/recorded-failed\n"
    kubectl.on("get", "job/recorded-failed", Answer(name, Open("asked")))
    if missing:
        with pytest.raises(ExecutionError, match="the job recorded-failed was deleted"):
            watch_run(run, listener)
    else:
        assert watch_run(run, listener).exit_code == 7


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
    kubectl: Program, listener: Listener, size: int, exit_code: int
) -> None:
    run = Run("timeout")
    run.logs = dict.fromkeys(run.logs, LOG)
    replay(kubectl, run)
    # What is cut while the container runs may end well; what comes after its end breaks.
    running = Answer(logs_of(run, cut=size), stderr=LOST, exit_code=exit_code)
    ended = Answer(logs_of(run, cut=50), stderr=LOST, exit_code=1)
    kubectl.on("logs", running, ended, Answer(logs_of(run)))
    assert watch_run(run, listener).exit_code == 124
    assert listener.output == {0: b"one\ntwo\ntwo\nthree\n\nwithout an end"}
    assert listener.warnings == []


def test_logs_of_several_workers_are_read_on_too(kubectl: Program, listener: Listener) -> None:
    run = Run("first-of-two")
    # Where a last line has no end, another worker's line stands right behind it.
    run.logs = {pod: log.removesuffix("\n") for pod, log in run.logs.items()}
    replay(kubectl, run)
    ended = [change for change in run.pods if change["type"] != "DELETED"]
    kubectl.on("/pods?", Answer(lines(ended), Open("pods of first-of-two"), FOREVER))
    cuts = [Answer(logs_of(run, cut=size), exit_code=1) for size in (50, 73, 131)]
    kubectl.on("logs", *cuts, Answer(logs_of(run)))
    assert watch_run(run, listener).exit_code == 33
    assert listener.output == {0: b"zero waits\nzero stops", 1: b"one fails"}


def test_a_log_that_the_node_does_not_give_is_no_output(
    kubectl: Program, listener: Listener
) -> None:
    run = Run("failed")
    replay(kubectl, run)
    kubectl.on("logs", Answer(TROUBLE))
    assert watch_run(run, listener).exit_code == 7
    assert listener.output == {}
    [warning] = listener.warnings
    assert "may be missing" in warning


def test_lines_from_a_time_on_may_begin_inside_of_one(kubectl: Program, listener: Listener) -> None:
    run = Run("failed")
    replay(kubectl, run)
    [(pod, log)] = run.logs.items()
    parts = (f"90%\r100%\n{log}", Open(f"log of {pod}"), Wait(f"end of {pod}"))
    kubectl.on("logs", Answer(*parts))
    lines_wanted = Wanted(since="2026-11-22T18:00:00Z")
    assert watch_run(run, listener, lines=lines_wanted).exit_code == 7
    assert listener.output == {0: b"one\ntwo\n"}
    assert listener.warnings == []


def test_a_log_that_the_node_has_rotated_at_its_end(kubectl: Program, listener: Listener) -> None:
    """The last reading gives nothing, so that nobody knows whether it was all."""
    run = Run("failed")
    replay(kubectl, run)
    kubectl.on("logs", Answer(logs_of(run), exit_code=1), Answer(""))
    assert watch_run(run, listener).exit_code == 7
    assert listener.output == {0: b"one\ntwo\n"}
    [warning] = listener.warnings
    assert "and the end may be missing" in warning


def test_a_log_that_was_read_to_its_end_misses_nothing(
    kubectl: Program, listener: Listener
) -> None:
    """Even if its pod has gone meanwhile."""
    run = Run("pod-deleted")
    replay(kubectl, run)
    ended = [change for change in run.pods if change["type"] != "DELETED"]
    [log] = run.logs
    told = (lines(ended), Wait(f"log of {log}"), lines(run.pods[-1:]), Open("pods of pod-deleted"))
    kubectl.on("/pods?", Answer(*told, FOREVER))
    kubectl.on("logs", Answer(logs_of(run)))
    assert watch_run(run, listener).exit_code == 5
    assert listener.output == {0: b"waits\nstops\n"}
    assert listener.warnings == []


def test_lines_that_are_under_way_when_the_pod_goes_are_told(kubectl: Program) -> None:
    run = Run("pod-deleted")
    replay(kubectl, run)
    [log] = run.logs.values()
    first, second = log.splitlines(keepends=True)
    running = run.pods_until('"running"')
    again = Answer(lines(run.job[-1:]), Open("job is through"), FOREVER)
    kubectl.on("/jobs?", Answer(lines(run.job[:1]), Wait("deleted"), lines(run.job)), again)
    told = (lines(running), Wait("seen"), lines(run.pods[len(running) :]), Open("deleted"))
    kubectl.on("/pods?", Answer(*told, FOREVER))
    kubectl.on("logs", Answer(first, Wait("job is through"), second))
    listener = Listener(on_lines=lambda: kubectl.open("seen"))
    assert watch_run(run, listener).exit_code == 5
    assert listener.output == {0: b"waits\nstops\n"}


def test_a_pod_that_vanished_may_have_written_more(kubectl: Program, listener: Listener) -> None:
    """Its node is gone: the stream ended well, as a stream can that ends too early."""
    run = Run("pod-deleted")
    replay(kubectl, run)
    [log] = run.logs
    begun = [event for event in run.pods if "terminated" not in json.dumps(event)]
    collected = json.loads(json.dumps(begun[-1]))
    collected["object"]["status"]["phase"] = "Failed"
    gone = {"type": "DELETED", "object": collected["object"]}
    told = (Wait(f"log of {log}"), lines([collected, gone]), Open("pods of pod-deleted"), FOREVER)
    kubectl.on("/pods?", Answer(lines(begun), *told))
    refused = Answer(stderr="dial tcp 10.0.0.2:10250: connection refused\n", exit_code=1)
    kubectl.on("logs", Answer(logs_of(run)), refused)
    assert watch_run(run, listener).exit_code == 125
    [warning] = listener.warnings
    assert "may be missing" in warning
