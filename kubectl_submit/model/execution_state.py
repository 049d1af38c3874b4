"""The state of the object that runs the command, such as a Job."""

from __future__ import annotations

from dataclasses import dataclass

from kubectl_submit.model.execution import Outcome
from kubectl_submit.model.pods import TIMED_OUT


@dataclass(frozen=True, kw_only=True)
class ExecutionState:
    """The state of the object that runs the command."""

    succeeded: bool = False
    failed: bool = False
    """It can no longer succeed; pods may still be stopping."""
    settled: bool = False
    """It has ended, and all its pods have stopped."""
    suspended: bool = False
    reason: str = ""
    message: str = ""
    cancelled_by: str = ""
    """Who cancelled it; empty if it was not cancelled."""
    empty: bool = False
    """It has no pods by its spec, which is how a queued Job is cancelled."""
    outcome: Outcome | None = None
    """How it ended, if that is known without its pods."""
    decided_by_pods: bool = False
    """It will have succeeded once pods of all its workers have, whatever it says until then."""
    retries: bool = False
    """It retries failed pods."""
    succeeded_pods: int = 0
    failed_pods: int = 0
    """How many pods it has counted as failed, including deleted ones."""
    completed: frozenset[int] = frozenset()
    """The ranks of the workers that have succeeded."""

    @property
    def cancelled(self) -> bool:
        """Whether it ended because it was cancelled, and not on its own before that."""
        by_deadline = self.failed and self.reason == TIMED_OUT
        return bool(self.cancelled_by) and (by_deadline or (self.succeeded and self.empty))
