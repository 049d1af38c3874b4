"""The whole story of one run: its phases, its workers, the events that matter. Pure."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from kubectl_submit import times
from kubectl_submit.execution_backends.kubernetes.job_state import job_state
from kubectl_submit.model.objects import Object
from kubectl_submit.model.pods import PodState, pod_state
from kubectl_submit.model.run import QUEUED, Run


@dataclass(frozen=True, kw_only=True)
class Phase:
    """A part of a run's life; times are RFC 3339, empty where they are not known."""

    name: str
    """`build`, `queue`, `pull` or (of Ray) `cluster`, `start`, `run`."""
    begin: str
    end: str
    seconds: float | None


@dataclass(frozen=True, kw_only=True)
class Event:
    """What Kubernetes says about an object of the run."""

    time: str
    about: str
    text: str
    warning: bool


@dataclass(frozen=True, kw_only=True)
class Story:
    """A run with all that is known of it."""

    run: Run
    phases: tuple[Phase, ...]
    workers: tuple[tuple[PodState, str], ...]
    """Each with the node it is on, by rank."""
    gone: tuple[tuple[int, str], ...]
    """The ranks of workers whose pods are gone, each with what became of it."""
    events: tuple[Event, ...]


def tell(run: Run, pods: Sequence[Object], container: str, events: Iterable[Object]) -> Story:
    """The story of a run, from its pods and the events of its namespace."""
    states = [
        (_worker(run, pod_state(pod, container)), pod["spec"].get("nodeName", "")) for pod in pods
    ]
    about = _about_run(run, pods, events)
    return Story(
        run=run,
        phases=(*_build_phases(run), *_phases(run, pods, [state for state, _ in states], about)),
        workers=tuple(sorted(states, key=lambda one: one[0].rank)),
        gone=tuple(_gone(run, {state.rank for state, _ in states})),
        events=tuple(_event(event) for event in about),
    )


def _worker(run: Run, state: PodState) -> PodState:
    """A worker as it is; what tells a Ray command's lines ends well, whatever becomes of it."""
    if run.kind != "rayjob" or not run.standing.exit_code or not state.ended:
        return state
    return replace(state, exit_code=run.standing.exit_code, failed=True)


def _gone(run: Run, there: set[int]) -> Iterable[tuple[int, str]]:
    """The workers of a run that has ended of which there is no pod any more."""
    if run.main is None or run.kind != "job" or not run.has_ended:
        return
    job = job_state(run.main)
    for rank in range(run.workers):
        if rank in there:
            continue
        if rank in job.completed:
            yield rank, "it succeeded; its pod is gone"
        else:
            yield rank, f"its pod was deleted when the Job {'failed' if job.failed else 'ended'}"


def _about_run(run: Run, pods: Sequence[Object], events: Iterable[Object]) -> list[Object]:
    """The events of the run's objects, the newest last."""
    objects = [*pods, *run.pods, *(one for one in (run.main, run.build) if one)]
    ours = {one["metadata"]["uid"] for one in objects}
    about = [event for event in events if event.get("involvedObject", {}).get("uid") in ours]
    return sorted(about, key=_time)


def _build_phases(run: Run) -> Iterable[Phase]:
    build = (run.build or {}).get("status", {})
    if run.build:
        end = build.get("completionTime", "")
        yield _phase("build", build.get("startTime", run.created), end, open_end=not run.main)
    elif "build-seconds" in run.facts:
        yield Phase(name="build", begin="", end="", seconds=float(run.facts["build-seconds"]))


def _phases(
    run: Run, pods: Sequence[Object], states: Sequence[PodState], events: Sequence[Object]
) -> Iterable[Phase]:
    """What has begun; the times of the slowest worker, but the run begins with the first one."""
    if run.main is None:
        return
    if run.kind == "rayjob":
        yield from _ray_phases(run, run.main)
        return
    scheduled = max((_scheduled(pod) for pod in pods), default="")
    started = [state.started_at for state in states if state.started_at]
    all_started = max(started) if len(started) == len(pods) and started else ""
    created = run.main["metadata"]["creationTimestamp"]
    queued = run.standing.state == QUEUED
    yield _phase("queue", created, "" if queued else scheduled, open_end=not run.has_ended)
    pulled = [_time(event) for event in events if event.get("reason") == "Pulled"]
    ready = max([scheduled, *(one for one in pulled if one <= (all_started or one))])
    if scheduled and pulled:
        yield _phase("pull", scheduled, ready)
    if scheduled:
        yield _phase("start", ready, all_started, open_end=not run.has_ended)
    if started:
        ended = [state.finished_at for state in states if state.finished_at]
        end = max(ended) if len(ended) == len(states) else run.ended
        yield _phase("run", min(started), end, open_end=not run.has_ended)


def _ray_phases(run: Run, ray_job: Object) -> Iterable[Phase]:
    """What has begun of a RayJob: KubeRay keeps the times."""
    status = ray_job.get("status", {})
    cluster, command = status.get("rayClusterStatus", {}), status.get("rayJobInfo", {})
    ready = cluster.get("stateTransitionTimes", {}).get("ready", "")
    times_ = [
        ray_job["metadata"]["creationTimestamp"],
        "" if run.standing.state == QUEUED else status.get("startTime") or "",
        ready,
        command.get("startTime") or "",
        command.get("endTime") or run.ended,
    ]
    pairs = itertools.pairwise(times_)
    for name, (begin, end) in zip(("queue", "cluster", "start", "run"), pairs, strict=True):
        if not begin:
            return
        yield _phase(name, begin, end, open_end=not run.has_ended)


def _phase(name: str, begin: str, end: str, *, open_end: bool = False) -> Phase:
    until = end or (times.now() if open_end else "")
    return Phase(name=name, begin=begin, end=end, seconds=times.between(begin, until))


def _scheduled(pod: Object) -> str:
    """When a pod was given a node; empty if it has none."""
    conditions = pod.get("status", {}).get("conditions", [])
    found = (
        str(one.get("lastTransitionTime") or "")
        for one in conditions
        if one["type"] == "PodScheduled" and one["status"] == "True"
    )
    return next(itertools.chain(found, [""]))


def _time(event: Object) -> str:
    return str(
        event.get("lastTimestamp")
        or event.get("eventTime")
        or event["metadata"].get("creationTimestamp", "")
    )


def _event(event: Object) -> Event:
    about = event.get("involvedObject", {})
    return Event(
        time=_time(event),
        about=f"{str(about.get('kind', '')).lower()}/{about.get('name', '')}",
        text=f"{event.get('reason', '')}: {event.get('message', '')}".strip(),
        warning=event.get("type") == "Warning",
    )
