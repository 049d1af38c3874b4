"""The interface to show an execution, and the options for that."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from kubectl_submit.following.logs import EVERY_LINE, LineOptions
from kubectl_submit.model.pods import PodState


class LogListener(Protocol):
    """Receives the output and the events of an execution."""

    def lines(self, rank: int, data: bytes) -> None:
        """Show whole lines of one worker, as it wrote them."""

    def waiting(self, why: str) -> None:
        """Show why nothing happens yet; empty once something does."""

    def warn(self, text: str) -> None:
        """Show a warning."""


@dataclass(frozen=True, kw_only=True)
class FollowOptions:
    """What to show, and timeouts in seconds."""

    logs: str = "all"
    """Whose lines are shown: `all`, `first` (rank 0) or `none`."""
    worker: int | None = None
    """Show only this worker; None: all that `logs` selects."""
    lines: LineOptions = EVERY_LINE
    pending: int | None = None
    """The limit until all workers have started, without time in a queue; None: no limit."""
    contact: float = 300.0
    """The limit without contact to the cluster."""
    enough: Callable[[PodState], bool] = lambda _pod: False
    """Whether a pod's state decides the outcome, before the Job has ended."""
    told: Callable[[], str] = lambda: ""
    """The last message of a command that has done its work, as its lines tell it, before its pod;
    empty until then. Nothing is expected after it."""

    def shows(self, rank: int) -> bool:
        """Whether the lines of a worker are shown."""
        if self.logs == "none" or (self.logs == "first" and rank > 0):
            return False
        return self.worker in (None, rank)
