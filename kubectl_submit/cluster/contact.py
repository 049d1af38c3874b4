"""Tracks whether the cluster can be reached, for one watch."""

from __future__ import annotations

from kubectl_submit.error_codes import ErrorCode
from kubectl_submit.errors import ClusterError
from kubectl_submit.process.command import Result

# A connection that lasted this long had worked.
HEALTHY_SECONDS = 30.0
# Shorter interruptions are not worth a message.
SILENCE_SECONDS = 5.0


class Contact:
    """Since when the cluster cannot be reached, and kubectl's words."""

    def __init__(self, limit: float | None) -> None:
        """`limit`: seconds without contact until it is an error; None: no limit."""
        self.lost_at: float | None = None
        """When it was lost (as the loop counts); None while the cluster can be reached."""
        self.last_words = ""
        self._limit = limit
        self._failing = ""

    def trouble(self, now: float) -> str:
        """That the cluster cannot be reached, for people; empty while it can."""
        if self.lost_at and now - self.lost_at > SILENCE_SECONDS:
            return f"no contact with the cluster: {self.last_words}"
        return ""

    def note_list(self) -> None:
        """A list was answered: that says nothing of watches."""
        if self._failing == "list":
            self.note_answer()

    def note_answer(self) -> None:
        """The cluster can be reached."""
        self.lost_at, self._failing = None, ""

    def note_end(self, what: str, result: Result, begun: float, now: float) -> None:
        """A `list` or a `watch` that had begun then has ended. Raises ClusterError."""
        if result.exit_code == 0 or now - begun > HEALTHY_SECONDS:
            self.note_answer()
            return
        self.last_words = result.stderr.strip()
        self._failing = what
        self.lost_at = begun if self.lost_at is None else self.lost_at
        if self._limit is not None and now - self.lost_at > self._limit:
            raise ClusterError(
                "lost contact with the cluster; the job may go on",
                code=ErrorCode.CLUSTER_CONTACT_LOST,
                last_words=self.last_words,
            )
