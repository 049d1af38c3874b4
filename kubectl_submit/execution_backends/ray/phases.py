"""The phases of a run as a RayJob; fields are those of KubeRay's apis/ray/v1."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from dataclasses import replace

from kubectl_submit.model.objects import Object
from kubectl_submit.model.pods import PodState
from kubectl_submit.model.run import QUEUED, Run
from kubectl_submit.model.run_details import Phase, phase


def phases(run: Run, ray_job: Object) -> Iterable[Phase]:
    """What has begun of a RayJob: KubeRay keeps the times."""
    status = ray_job.get("status", {})
    cluster, command = status.get("rayClusterStatus", {}), status.get("rayJobInfo", {})
    ready = cluster.get("stateTransitionTimes", {}).get("ready", "")
    timestamps = [
        ray_job["metadata"]["creationTimestamp"],
        "" if run.status.state == QUEUED else status.get("startTime") or "",
        ready,
        command.get("startTime") or "",
        command.get("endTime") or run.ended,
    ]
    pairs = itertools.pairwise(timestamps)
    for name, (begin, end) in zip(("queue", "cluster", "start", "run"), pairs, strict=True):
        if not begin:
            return
        yield phase(name, begin, end, open_end=not run.has_ended)


def worker(run: Run, state: PodState) -> PodState:
    """The state of the submitter's pod, with the command's exit code instead of its own."""
    if not run.status.exit_code or not state.ended:
        return state
    return replace(state, exit_code=run.status.exit_code, failed=True)
