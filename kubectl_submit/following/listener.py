"""Whoever sees what happens to an execution, and what they wish to see."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from kubectl_submit.following.logs import EVERY_LINE, LineOptions
from kubectl_submit.model.pods import PodState


class LogListener(Protocol):
    """Whoever sees what happens."""

    def lines(self, rank: int, data: bytes) -> None:
        """Whole lines of one worker, as it wrote them."""

    def waiting(self, why: str) -> None:
        """Why nothing happens yet; empty when something does."""

    def warn(self, text: str) -> None:
        """Something that must be seen."""


@dataclass(frozen=True, kw_only=True)
class FollowOptions:
    """What to show, and how long to wait for what, in seconds."""

    logs: str = "all"
    """Whose lines are shown: `all`, `first` (rank 0) or `none`."""
    worker: int | None = None
    """The one worker whose lines are shown; None: all of these."""
    lines: LineOptions = EVERY_LINE
    pending: int | None = None
    """Until all workers have started, not counting time in a queue; None: for ever."""
    contact: float = 300.0
    """Without contact to the cluster."""
    enough: Callable[[PodState], bool] = lambda _pod: False
    """Whether what a pod says is the outcome: then the Job's own verdict is not awaited."""

    def shows(self, rank: int) -> bool:
        """Whether the lines of a worker are shown."""
        if self.logs == "none" or (self.logs == "first" and rank > 0):
            return False
        return self.worker in (None, rank)
