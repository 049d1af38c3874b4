"""Statuses that all kinds of execution share. Pure."""

from __future__ import annotations

from kubectl_submit.model import run
from kubectl_submit.model.execution import Outcome
from kubectl_submit.model.pods import PodState
from kubectl_submit.model.run import RunStatus


def succeeded(outcome: Outcome) -> RunStatus:
    """It ended well; what there is to say about it is the reason."""
    reason = "" if outcome.plain else outcome.summary
    return RunStatus(state=run.SUCCEEDED, reason=reason, exit_code=0)


def pending(pods: list[PodState]) -> RunStatus:
    """It does not run yet, with what its pods wait for."""
    waiting = (pod.start_failure or pod.waiting or pod.unplaced for pod in pods if not pod.started)
    start_failure = next((pod.start_failure for pod in pods if pod.start_failure), "")
    return RunStatus(
        state=run.PENDING, reason=next(filter(None, waiting), ""), start_failure=start_failure
    )


def cancelled(who: str, *, ended: bool) -> RunStatus:
    """It was cancelled; `ended`: all its pods have stopped."""
    code = run.CANCELLED_CODE if ended else None
    return RunStatus(state=run.CANCELLED, reason=f"by {who}", exit_code=code)
