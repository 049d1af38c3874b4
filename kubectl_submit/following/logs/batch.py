"""The pods that one running kubectl reads. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # each names the other
    from kubectl_submit.following.logs.worker import PodLog


@dataclass(eq=False)
class Batch:
    """The pods that one running kubectl reads, by name."""

    logs: dict[str, PodLog]
    final: bool
    """kubectl was started after all of their containers had ended."""
    heard_at: float = 0.0
    """When kubectl was started, or last wrote a line of any of them."""
    size: int = 0
    """How many pods it was started for; with several, the end of a single log is not visible."""
    found: set[str] = field(default_factory=set)
    """The pods that existed when kubectl looked them up."""

    def __post_init__(self) -> None:
        self.size = len(self.logs)

    def note_bytes(self, at: float) -> None:
        """Note that kubectl has written something, and so has found its pods."""
        self.heard_at = at
        if not self.found:
            self.found = {log.pod for log in self.logs.values() if log.exists}

    def reads(self, log: PodLog) -> bool:
        """Whether its kubectl certainly reads a pod, even by a selector."""
        heard = log.state.heard_at is not None
        return self.size == 1 or heard or log.exists or log.pod in self.found
