"""Detects commands that have ended while another container keeps their Job running. Pure.

A container that a webhook has added (a proxy, an agent) may go on after the command; then the Job
never ends.
"""

from __future__ import annotations

from collections.abc import Sequence

from kubectl_submit.execution_backends.outcomes import how_ended, name
from kubectl_submit.model.execution import Outcome
from kubectl_submit.model.execution_state import ExecutionState
from kubectl_submit.model.nodes import lost_text
from kubectl_submit.model.pods import PodState, newest_of_each_rank

LINGER_SECONDS = 30.0
"""How long such a container may go on, to send what it has collected."""


def decided(job: ExecutionState, pods: Sequence[PodState], workers: int) -> Outcome | None:
    """The outcome of commands that have ended in a Job that has not; None while there is none.

    One that has failed decides for all, unless its Job tries again.
    """
    if job.failed or job.succeeded or job.suspended:
        return None
    last = newest_of_each_rank(pods)
    held = [pod for pod in last if pod.still_running and not pod.deleted]
    failed = [pod for pod in held if pod.exit_code]
    if failed and not job.retries:
        first = min(failed, key=lambda pod: pod.finished_at or "9")
        said = name(first, workers) + how_ended(first)
        return _outcome(first.exit_code or 125, said, held, first.message)
    well = [pod for pod in held if pod.exit_code == 0]
    others = sum(pod.ended and not pod.failed for pod in last if pod not in held)
    if well and len(well) + max(others, job.succeeded_pods) >= workers:
        return _outcome(0, "succeeded", held, well[0].message)
    return None


def trouble(pods: Sequence[PodState], workers: int) -> str:
    """Why nothing more may come of workers that have begun, for people; empty if all is well."""
    for pod in newest_of_each_rank(pods):
        if pod.lost_node:
            return lost_text(pod.lost_node, f"worker {pod.rank}" if workers > 1 else "the run")
    return text(pods, workers)


def text(pods: Sequence[PodState], workers: int) -> str:
    """What goes on though the command has ended, for people; empty if nothing does."""
    held = [pod for pod in newest_of_each_rank(pods) if pod.still_running and not pod.deleted]
    if not held:
        return ""
    who = f"worker {held[0].rank}: " if workers > 1 else ""
    end = f"the command has exited {held[0].exit_code}"
    return f"{who}{end}, but {_containers(held[0])} of its pod still run{_s(held[0])}"


def _outcome(code: int, said: str, held: Sequence[PodState], message: str) -> Outcome:
    stays = f"the Job was ended because {_containers(held[0])} did not end"
    return Outcome(exit_code=code, summary=f"{said}; {stays}", last_message=message, ends_job=True)


def _containers(pod: PodState) -> str:
    several = "s" if len(pod.still_running) > 1 else ""
    return f"the container{several} {', '.join(pod.still_running)}"


def _s(pod: PodState) -> str:
    return "" if len(pod.still_running) > 1 else "s"
