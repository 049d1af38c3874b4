"""Lines that several pods tell one after the other, each from the beginning: shown once. Pure."""

from __future__ import annotations


class ReplayFilter:
    """Knows how many of the lines have been shown, from any pod."""

    def __init__(self) -> None:
        self._told: dict[str, int] = {}

    def new(self, pod: str, data: bytes) -> bytes:
        """Of a pod's next bytes, those that came from no pod before."""
        before, place = max(self._told.values(), default=0), self._told.get(pod, 0)
        self._told[pod] = place + len(data)
        return data[max(0, before - place) :]
