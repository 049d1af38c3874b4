"""The phases of a run that a Job executes, and its workers that are gone."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence

from kubectl_submit.execution_backends.kubernetes.job_state import job_state
from kubectl_submit.model.objects import Object
from kubectl_submit.model.pods import PodState
from kubectl_submit.model.run import QUEUED, Run
from kubectl_submit.model.run_details import Phase, event_time, phase


def phases(
    run: Run,
    job: Object,
    pods: Sequence[Object],
    states: Sequence[PodState],
    events: Sequence[Object],
) -> Iterable[Phase]:
    """What has begun; the times of the slowest worker, but the run begins with the first one."""
    scheduled = max((_scheduled(pod) for pod in pods), default="")
    started = [state.started_at for state in states if state.started_at]
    all_started = max(started) if len(started) == len(pods) and started else ""
    created = job["metadata"]["creationTimestamp"]
    queued = run.status.state == QUEUED
    yield phase("queue", created, "" if queued else scheduled, open_end=not run.has_ended)
    pulled = [event_time(event) for event in events if event.get("reason") == "Pulled"]
    ready = max([scheduled, *(one for one in pulled if one <= (all_started or one))])
    if scheduled and pulled:
        yield phase("pull", scheduled, ready)
    if scheduled:
        yield phase("start", ready, all_started, open_end=not run.has_ended)
    if started:
        ended = [state.finished_at for state in states if state.finished_at]
        end = max(ended) if len(ended) == len(states) else run.ended
        yield phase("run", min(started), end, open_end=not run.has_ended)


def gone(run: Run, job: Object, there: set[int]) -> Iterable[tuple[int, str]]:
    """The workers of a run that has ended of which there is no pod any more."""
    if not run.has_ended:
        return
    state = job_state(job)
    for rank in range(run.workers):
        if rank in there:
            continue
        if rank in state.completed:
            yield rank, "it succeeded; its pod is gone"
        else:
            yield rank, f"its pod was deleted when the Job {'failed' if state.failed else 'ended'}"


def _scheduled(pod: Object) -> str:
    """When a pod was given a node; empty if it has none."""
    conditions = pod.get("status", {}).get("conditions", [])
    found = (
        str(one.get("lastTransitionTime") or "")
        for one in conditions
        if one["type"] == "PodScheduled" and one["status"] == "True"
    )
    return next(itertools.chain(found, [""]))
