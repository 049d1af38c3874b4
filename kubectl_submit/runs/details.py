"""Collects the details of one run: phases, workers, events."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from kubectl_submit.execution_backends import by_kind
from kubectl_submit.model.objects import Object
from kubectl_submit.model.pods import pod_state
from kubectl_submit.model.run import Run
from kubectl_submit.model.run_details import Event, Phase, RunDetails, event_time, phase
from kubectl_submit.runs.from_objects import ended_at


def run_details(
    run: Run, pods: Sequence[Object], container: str, events: Iterable[Object]
) -> RunDetails:
    """The details of a run, from its pods and the events of its namespace."""
    backend, main = by_kind(run.kind), run.main
    states = [backend.worker(run, pod_state(pod, container)) for pod in pods]
    nodes = [pod["spec"].get("nodeName", "") for pod in pods]
    about = _about_run(run, pods, events)
    after = backend.phases(run, main, pods, states, about) if main else ()
    there = {state.rank for state in states}
    return RunDetails(
        run=run,
        phases=(*_build_phases(run), *after),
        workers=tuple(sorted(zip(states, nodes, strict=True), key=lambda one: one[0].rank)),
        gone=tuple(backend.gone(run, main, there)) if main else (),
        events=tuple(_event(event) for event in about),
    )


def _about_run(run: Run, pods: Sequence[Object], events: Iterable[Object]) -> list[Object]:
    """The events of the run's objects, the newest last."""
    objects = [*pods, *run.pods, *(one for one in (run.main, run.build) if one)]
    ours = {one["metadata"]["uid"] for one in objects}
    about = [event for event in events if event.get("involvedObject", {}).get("uid") in ours]
    return sorted(about, key=event_time)


def _build_phases(run: Run) -> Iterable[Phase]:
    build = (run.build or {}).get("status", {})
    if run.build:
        begin, end = build.get("startTime", run.created), ended_at(build)
        yield phase("build", begin, end, open_end=not run.main)
    elif "build-seconds" in run.facts:
        yield Phase(name="build", begin="", end="", seconds=float(run.facts["build-seconds"]))


def _event(event: Object) -> Event:
    about = event.get("involvedObject", {})
    return Event(
        time=event_time(event),
        about=f"{str(about.get('kind', '')).lower()}/{about.get('name', '')}",
        text=f"{event.get('reason', '')}: {event.get('message', '')}".strip(),
        warning=event.get("type") == "Warning",
    )
