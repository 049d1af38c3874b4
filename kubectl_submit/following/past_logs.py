"""Shows the existing output of a run, without waiting for more."""

from __future__ import annotations

from collections.abc import Iterable

from kubectl_submit.cluster.kubectl import Kubectl
from kubectl_submit.following.last_lines import ENDED_SECONDS
from kubectl_submit.following.listener import FollowOptions, LogListener
from kubectl_submit.following.logs import LogStreams
from kubectl_submit.model.execution import Execution
from kubectl_submit.model.objects import Object
from kubectl_submit.model.pods import pod_state
from kubectl_submit.process.event_loop import Loop


def show(
    execution: Execution,
    pods: Iterable[Object],
    kubectl: Kubectl,
    listener: LogListener,
    options: FollowOptions,
    *,
    loop: Loop | None = None,
) -> None:
    """Show what the pods have written until now. Raises ClusterError."""
    loop = loop or Loop()

    def lost(rank: int, what: str) -> None:
        listener.warn(f"warning: worker {rank}: {what}")

    logs = LogStreams(
        loop,
        kubectl,
        execution,
        listener.lines,
        lost,
        wanted=options.lines,
    )
    try:
        for pod in pods:
            state = pod_state(pod, execution.container)
            if state.started and options.shows(state.rank):
                logs.started(state.name, state.rank, state.started_at)
                logs.ended(state.name)
        logs.read_now()
        _give_up_when_silent(loop, logs)
        while not logs.complete:
            loop.run_once()
    finally:
        loop.close()


def _give_up_when_silent(loop: Loop, logs: LogStreams) -> None:
    """Give up on a node that sends nothing; a long log may take any time."""
    begun = loop.now

    def check() -> None:
        silent = loop.now - max(begun, logs.heard_at)
        if silent >= ENDED_SECONDS:
            logs.give_up()
        else:
            loop.later(ENDED_SECONDS - silent, check)

    loop.later(ENDED_SECONDS, check)
