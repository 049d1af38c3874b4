"""What a Job, or whatever runs the command in its place, says of itself."""

from __future__ import annotations

from dataclasses import dataclass

from kubectl_submit.model.execution import Outcome
from kubectl_submit.model.pods import TIMED_OUT


@dataclass(frozen=True, kw_only=True)
class ExecutionState:
    """What the object that runs the command says of itself."""

    succeeded: bool = False
    failed: bool = False
    """It will not succeed any more; pods may still be stopping."""
    settled: bool = False
    """It has ended, and all its pods have stopped."""
    suspended: bool = False
    reason: str = ""
    message: str = ""
    cancelled_by: str = ""
    """Who cancelled it; empty if it was not cancelled."""
    empty: bool = False
    """It asks for no pod at all: that is how a queued one is cancelled."""
    outcome: Outcome | None = None
    """How it ended, where that is known without its pods."""
    retries: bool = False
    """It tries again in place of a pod that has failed."""
    succeeded_pods: int = 0
    failed_pods: int = 0
    """How many pods it has counted as failed, also of those that are gone."""
    completed: frozenset[int] = frozenset()
    """The ranks of the workers that have succeeded, as it counts."""

    @property
    def cancelled(self) -> bool:
        """Whether it ended because it was cancelled; it may have ended by itself before that."""
        by_deadline = self.failed and self.reason == TIMED_OUT
        return bool(self.cancelled_by) and (by_deadline or (self.succeeded and self.empty))
