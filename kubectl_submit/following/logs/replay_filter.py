"""Shows the lines once if several pods repeat them, each from the beginning. Pure."""

from __future__ import annotations


class ReplayFilter:
    """Counts how much was shown, from any pod."""

    def __init__(self) -> None:
        self._read: dict[str, int] = {}

    def new(self, pod: str, data: bytes) -> bytes:
        """The part of a pod's next bytes that no pod has written before."""
        before, place = max(self._read.values(), default=0), self._read.get(pod, 0)
        self._read[pod] = place + len(data)
        return data[max(0, before - place) :]
