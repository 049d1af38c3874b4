"""Draws lines on the terminal that change, below everything else; needs rich, imported on use."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.live import Live

Lines = Callable[[], list[str]]


class Drawing:
    """Lines on stderr that are asked for and drawn four times a second, until they are removed."""

    def __init__(self, lines: Lines) -> None:
        from rich.console import Console
        from rich.live import Live

        self.lines = lines
        self._live: Live = Live(
            get_renderable=self._drawn,
            console=Console(
                stderr=True, highlight=False, no_color=bool(os.environ.get("NO_COLOR"))
            ),
            transient=True,
            refresh_per_second=4,
            redirect_stdout=False,
            redirect_stderr=False,
        )
        self._live.start(refresh=True)

    def remove(self) -> None:
        """Remove the lines."""
        self._live.stop()

    def _drawn(self) -> RenderableType:
        from rich.text import Text

        return Text("\n".join(map(_encodable, self.lines())), no_wrap=True, overflow="crop")


def possible() -> bool:
    """Whether stderr is a terminal that can do it."""
    return sys.stderr.isatty() and os.environ.get("TERM", "dumb") != "dumb"


def _encodable(text: str) -> str:
    """The text as the terminal will show it, so that its width is known."""
    encoding = sys.stderr.encoding or "ascii"
    return text.encode(encoding, "backslashreplace").decode(encoding)
