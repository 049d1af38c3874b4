"""Tells the log streams what a change of a pod means for its log."""

from __future__ import annotations

from kubectl_submit.cluster.object_watch import MISSING, NO_MORE
from kubectl_submit.following.logs import LogStreams
from kubectl_submit.model.objects import Object
from kubectl_submit.model.pods import EVICTED, PodState


def note_pod(logs: LogStreams, state: PodState, pod: Object, change: str) -> None:
    """Report that the container of a pod runs or has ended, or that the pod is gone."""
    if state.started and change not in NO_MORE:
        again = state.restarts > 0
        logs.started(state.name, state.rank, state.started_at, again=again)
    seen = state.exit_code is not None
    if change in NO_MORE:
        # The end of a deleted pod may not have been seen; then only its log stream shows it.
        logs.gone(state.name, seen=seen or change == MISSING)
    elif state.ended:
        # The node removes the log of a pod that is being deleted, and of one that it evicted.
        going = "deletionTimestamp" in pod["metadata"] or state.reason == EVICTED
        logs.ended(state.name, going=going, seen=seen)
