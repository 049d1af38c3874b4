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
    """It was started after the containers of all of them had ended."""
    heard_at: float = 0.0
    """When it was started, or has last brought something of any of them."""
    size: int = 0
    """How many it was started for: where there are several, the end of one does not show."""
    found: set[str] = field(default_factory=set)
    """The pods that were there when kubectl had looked for them."""

    def __post_init__(self) -> None:
        self.size = len(self.logs)

    def note_bytes(self, at: float) -> None:
        """Its kubectl has written something, which shows that it has found its pods."""
        self.heard_at = at
        if not self.found:
            self.found = {log.pod for log in self.logs.values() if log.exists}

    def reads(self, log: PodLog) -> bool:
        """Whether its kubectl certainly reads a pod, also where it was given a selector."""
        heard = log.state.heard_at is not None
        return self.size == 1 or heard or log.exists or log.pod in self.found
