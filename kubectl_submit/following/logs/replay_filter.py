"""Lines that several pods tell one after the other, each from the beginning: shown once. Pure."""

from __future__ import annotations


class ReplayFilter:
    """Knows how much of the lines has been told, by whichever pod."""

    def __init__(self) -> None:
        self._told: dict[str, int] = {}

    def new(self, pod: str, data: bytes) -> bytes:
        """Of the next bytes of a pod, those that no pod has told before."""
        before, place = max(self._told.values(), default=0), self._told.get(pod, 0)
        self._told[pod] = place + len(data)
        return data[max(0, before - place) :]
