"""Why a run does not run yet, and how long one waits for it."""

from __future__ import annotations

import pytest

from kubectl_submit.error_codes import ErrorCode
from kubectl_submit.errors import PendingTimeoutError
from tests.errors import raises_code

from .clusters import lines, replay
from .listener import Listener, watch_run
from .programs import FOREVER, Answer, Open, Wait
from .samples import Run
from .simulation import Simulation


class ToldError(Exception):
    """Raised by a listener that has heard enough."""


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("unschedulable", "Unschedulable: 0/1 nodes are available: 1 Insufficient nvidia.com/gpu"),
        ("quota-is-full", "exceeded quota: small, requested: pods=1, used: pods=1"),
    ],
)
def test_says_why_it_waits(cluster: Simulation, name: str, words: str) -> None:
    def hear() -> None:
        if words in witness.reasons[-1]:
            raise ToldError

    witness = Listener(on_waiting=hear)
    run = Run(name)
    replay(cluster, run)
    with pytest.raises(ToldError):
        watch_run(cluster, run, witness)


def test_waits_no_longer_than_it_may(cluster: Simulation, listener: Listener) -> None:
    run = Run("unschedulable")
    replay(cluster, run)
    with raises_code(ErrorCode.PENDING_TIMEOUT, PendingTimeoutError) as failed:
        watch_run(cluster, run, listener, pending=1)
    assert failed.value.message == "recorded-unschedulable did not start within 1 seconds"
    assert failed.value.last_words


def test_time_in_the_queue_is_no_waiting(cluster: Simulation) -> None:
    admitted: list[float] = []

    def admit() -> None:
        if "queued" in witness.reasons[-1] and not admitted:
            admitted.append(cluster.now)
            cluster.open("admitted")

    witness = Listener(on_waiting=admit)
    run = Run("suspended")
    replay(cluster, run)
    queued = run.job[:2]
    goes_on = next(event for event in run.job if "JobResumed" in lines([event]))
    cluster.on("/jobs?", Answer(lines(queued), Wait("admitted"), lines([goes_on]), FOREVER))
    cluster.on("/pods?", Answer(FOREVER))
    with raises_code(ErrorCode.PENDING_TIMEOUT, PendingTimeoutError):
        watch_run(cluster, run, witness, pending=1)
    assert cluster.now - admitted[0] >= 1


def test_a_run_that_has_started_is_not_pending(cluster: Simulation) -> None:
    run = Run("timeout")
    replay(cluster, run)
    running, wait = run.pods_until('"running"'), Wait("more than a second")
    end = Open(f"end of {run.last_pods[0]['metadata']['name']}")
    cluster.on("/pods?", Answer(lines(running), wait, lines(run.pods), end, FOREVER))
    cluster.on("/jobs?", Answer(wait, lines(run.job), FOREVER))

    def open_the_second_time() -> None:  # it is told once a second
        if len(witness.reasons) == 2:
            cluster.open("more than a second")

    witness = Listener(on_waiting=open_the_second_time)
    assert watch_run(cluster, run, witness, pending=1).exit_code == 124


def test_without_events_one_can_do(cluster: Simulation, listener: Listener) -> None:
    run = Run("unschedulable")
    replay(cluster, run)
    words = "Error from server (Forbidden): events is forbidden\n"
    cluster.on("/events?", Answer(stderr=words, exit_code=1))
    with raises_code(ErrorCode.PENDING_TIMEOUT, PendingTimeoutError):
        watch_run(cluster, run, listener, pending=9)
    warnings, pulls = cluster.calls("/events?")  # neither is asked for again
    assert warnings != pulls
