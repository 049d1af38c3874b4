"""Whoever sees how a run goes, and remembers it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from kubectl_submit.cluster.kubectl import Kubectl
from kubectl_submit.following.follow import follow
from kubectl_submit.following.listener import FollowOptions
from kubectl_submit.model.execution import Outcome

from .clusters import execution_of
from .samples import Run
from .simulation import Simulation


class Listener:
    """An audience of `follow`, which may act on what it hears."""

    def __init__(
        self,
        on_lines: Callable[[], None] = lambda: None,
        on_waiting: Callable[[], None] = lambda: None,
    ) -> None:
        self.output: dict[int, bytes] = {}
        self.reasons: list[str] = []
        self.warnings: list[str] = []
        self._on_lines = on_lines
        self._on_waiting = on_waiting

    def lines(self, rank: int, data: bytes) -> None:
        """Whole lines of one worker."""
        self.output[rank] = self.output.get(rank, b"") + data
        self._on_lines()

    def waiting(self, why: str) -> None:
        """Why nothing happens yet."""
        self.reasons.append(why)
        self._on_waiting()

    def warn(self, text: str) -> None:
        """Something that must be seen."""
        self.warnings.append(text)


def watch_run(kubectl: Simulation, run: Run, listener: Listener, **wishes: Any) -> Outcome:
    """Follow a recorded run to its end, in simulated time."""
    execution = execution_of(run)
    return follow(execution, Kubectl(), listener, FollowOptions(**wishes), loop=kubectl.loop())
