"""What the kinds of execution say alike of how a run stands. Pure."""

from __future__ import annotations

from kubectl_submit.model import run
from kubectl_submit.model.execution import Outcome
from kubectl_submit.model.pods import PodState
from kubectl_submit.model.run import Standing


def succeeded(outcome: Outcome) -> Standing:
    """It ended well; what there is to say about it is the reason."""
    reason = "" if outcome.plain else outcome.summary
    return Standing(state=run.SUCCEEDED, reason=reason, exit_code=0)


def pending(pods: list[PodState]) -> Standing:
    """It does not run yet, with what its pods wait for."""
    waiting = (pod.hopeless or pod.waiting or pod.unplaced for pod in pods if not pod.started)
    hopeless = next((pod.hopeless for pod in pods if pod.hopeless), "")
    return Standing(state=run.PENDING, reason=next(filter(None, waiting), ""), hopeless=hopeless)


def cancelled(who: str, *, ended: bool) -> Standing:
    """It was cancelled; `ended`: nothing of it runs any more."""
    code = run.CANCELLED_CODE if ended else None
    return Standing(state=run.CANCELLED, reason=f"by {who}", exit_code=code)
