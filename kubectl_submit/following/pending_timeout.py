"""Ends a run if its workers do not all start in time; time in a queue does not count."""

from __future__ import annotations

from collections.abc import Callable

from kubectl_submit.error_codes import ErrorCode
from kubectl_submit.errors import PendingTimeoutError
from kubectl_submit.following.last_lines import LastLines
from kubectl_submit.following.progress import Progress
from kubectl_submit.model.execution import Execution
from kubectl_submit.process.event_loop import Loop


class PendingTimeout:
    """Counts the time since the run was created, or admitted from its queue."""

    def __init__(
        self, loop: Loop, execution: Execution, progress: Progress, ending: LastLines
    ) -> None:
        self._loop = loop
        self._execution = execution
        self._progress = progress
        self._ending = ending
        self._admitted_at: float | None = None

    def note_job(self) -> None:
        """Note a change of the Job: it may have entered or left a queue."""
        if self._progress.job.suspended:
            self._admitted_at = None
        elif self._admitted_at is None:
            self._admitted_at = self._loop.now

    def start(self, seconds: float, reason: Callable[[], str]) -> None:
        """End with PendingTimeoutError after that time; `reason` says why workers do not run."""
        if self._progress.all_started or self._ending.decided:
            return
        waited = self._loop.now - self._admitted_at if self._admitted_at else 0.0
        if waited < seconds:
            self._loop.later(min(seconds - waited, 1.0), lambda: self.start(seconds, reason))
            return
        self._ending.wait(
            PendingTimeoutError(
                f"{self._execution.name} did not start within {seconds:g} seconds",
                code=ErrorCode.PENDING_TIMEOUT,
                last_words=reason(),
            )
        )
