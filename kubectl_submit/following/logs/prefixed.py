"""Assigns lines to pods in the output of a kubectl that reads several. Pure.

`kubectl logs --prefix` writes `[pod/NAME/CONTAINER] ` before each line (its cmd/logs package).
"""

from __future__ import annotations

import re
from collections.abc import Container
from dataclasses import dataclass, field

PREFIX = re.compile(rb"\[pod/([^/\s]+)/[^\]\s]+\] ")
LINE = re.compile(rb"[^\n]*\n|[^\n]+")


@dataclass
class Split:
    """Lines by pod, in each pod's order."""

    lines: dict[str, bytes] = field(default_factory=dict)
    mixed: list[tuple[str, str]] = field(default_factory=list)
    """Pairs of pods whose lines cannot be told apart; such a line is left out."""


class Prefixed:
    """Splits the output of one kubectl as it arrives."""

    def __init__(self, pods: Container[str]) -> None:
        self._pods = pods
        self._rest: list[bytes] = []

    def take(self, data: bytes) -> Split:
        """The whole lines in the data, without their prefixes."""
        end = data.rfind(b"\n") + 1
        if not end:
            self._rest.append(data)
            return Split()
        whole = b"".join([*self._rest, data[:end]])
        self._rest = [data[end:]]
        return self._split(whole)

    def last(self) -> Split:
        """The last line, if it has no newline."""
        whole = b"".join(self._rest)
        self._rest = []
        return self._split(whole)

    def _split(self, whole: bytes) -> Split:
        split = Split()
        pieces: dict[str, list[bytes]] = {}
        for line in LINE.findall(whole):
            prefix = PREFIX.match(line)
            if not prefix:
                continue
            pod, text = prefix[1].decode(), line[prefix.end() :]
            others = self._other_pods(text)
            if others:
                split.mixed += [(pod, other) for other in others]
            else:
                pieces.setdefault(pod, []).append(text)
        split.lines = {pod: b"".join(texts) for pod, texts in pieces.items()}
        return split

    def _other_pods(self, text: bytes) -> list[str]:
        """The pods whose prefixes occur inside a line.

        Either the text before lacks its newline, or a program writes such text; both look alike.
        """
        if b"[pod/" not in text:
            return []
        inside = [found[1].decode() for found in PREFIX.finditer(text)]
        return [pod for pod in inside if pod in self._pods]
