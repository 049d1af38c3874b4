"""Waits for the last lines of a run once its outcome is known."""

from __future__ import annotations

from collections.abc import Callable

from kubectl_submit.errors import SubmitError
from kubectl_submit.following.logs import LogStreams
from kubectl_submit.following.progress import Progress
from kubectl_submit.model.execution import Outcome
from kubectl_submit.process.event_loop import Loop

# How long to wait without a new line: for workers that are being stopped because another one failed
# (they may ignore SIGTERM for their whole grace period), and for workers that have ended, whose log
# the node may not deliver.
STOPPING_SECONDS = 2.0
ENDED_SECONDS = 15.0
# After an error, workers may go on writing forever; only what arrives within this time is shown.
GIVEN_UP_SECONDS = 10.0


class LastLines:
    """The end of a run: its result, and whether all of its output was shown."""

    def __init__(
        self, loop: Loop, logs: LogStreams, progress: Progress, warn: Callable[[str], None]
    ) -> None:
        self.done = False
        """Whether every line was shown, or no more can be expected."""
        self._loop = loop
        self._logs = logs
        self._progress = progress
        self._warn = warn
        self._decided_at: float | None = None
        self._error: SubmitError | None = None

    @property
    def decided(self) -> bool:
        """Whether the result is known."""
        return self._decided_at is not None

    @property
    def result(self) -> Outcome:
        """The outcome, once done. Raises the error if the run ended with one."""
        if self._error:
            raise self._error
        found = self._progress.outcome
        assert found is not None
        return found

    def wait(self, error: SubmitError | None = None) -> None:
        """Wait for the last lines: the run has ended, or is to end with this error."""
        if self._decided_at is None:
            self._error = error
            self._decided_at = self._loop.now
            self._finish(self._decided_at)

    def _finish(self, decided_at: float) -> None:
        """Check until every line is there, or no more can be expected."""
        silent = self._loop.now - max(decided_at, self._logs.heard_at)
        ends = self._error or self._progress.given
        given_up = ends and self._loop.now - decided_at >= GIVEN_UP_SECONDS
        explained = self._error or self._progress.explained
        if self._progress.complete or (explained and self._logs.complete):
            self.done = True
        elif given_up or silent >= self._patience:
            self._give_up()
            self.done = True
        else:
            self._loop.later(0.05, lambda: self._finish(decided_at))

    @property
    def _patience(self) -> float:
        if self._error or self._progress.given:
            return STOPPING_SECONDS
        settled = self._progress.job.settled and self._progress.all_known
        if self._logs.awaited or settled:
            return ENDED_SECONDS
        return STOPPING_SECONDS

    def _give_up(self) -> None:
        self._logs.give_up()
        stopping = self._logs.unfinished
        if stopping:
            many = len(stopping) > 1
            ranks = ", ".join(map(str, stopping))
            who = f"worker{'s' if many else ''} {ranks}"
            self._warn(
                f"warning: {who} had not stopped yet; "
                f"what {'they still write' if many else 'it still writes'} is not shown"
            )
