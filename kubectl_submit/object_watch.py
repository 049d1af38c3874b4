"""Watches objects of the cluster, across every cut of the connection."""

from __future__ import annotations

import json
from collections.abc import Callable

from kubectl_submit.command import Result, Stream
from kubectl_submit.errors import ClusterError
from kubectl_submit.kubectl import Object
from kubectl_submit.loop import Loop

FIRST_PAUSE = 0.2
LONGEST_PAUSE = 10.0
# A connection that held that long was a real one.
HEALTHY_SECONDS = 30.0
# What exists is told at once.
NOTHING_SECONDS = 5.0
REFUSALS = ("(Forbidden)", "(Unauthorized)", "must be logged in")

OnChange = Callable[[str, Object], None]


class ObjectWatch:
    """The changes of some objects, begun again whenever the server or the network ends it.

    Each beginning tells of all that exists, as ADDED.
    """

    def __init__(
        self,
        loop: Loop,
        open_stream: Callable[[], Stream],
        on_change: OnChange,
        *,
        needed: bool,
        contact_seconds: float,
    ) -> None:
        self.out_of_contact: float | None = None
        """Since when (as the loop counts) the cluster could not be reached; None while it can."""
        self.last_words = ""
        self.begun = 0.0
        """When it began for the last time (as the loop counts)."""
        self._loop = loop
        self._open = open_stream
        self._on_change = on_change
        self._needed = needed
        self._contact_seconds = contact_seconds
        self._stream: Stream | None = None
        self._told = False
        self._worked = False
        self._rest = b""
        self._pause = FIRST_PAUSE

    def start(self) -> None:
        """Begin, or begin again."""
        self._rest = b""
        self.begun = self._loop.now
        self._told = False
        self._stream = self._open()
        self._loop.read(self._stream, self._on_bytes, self._on_end)

    def says_nothing(self) -> bool:
        """Whether it has told of no object for a while since it began: perhaps there is none.

        Asked again, it says so only after it has begun again.
        """
        silent = not self._told and self._loop.now - self.begun > NOTHING_SECONDS
        self._told = self._told or silent
        return silent

    def stop(self) -> None:
        """End it; nothing more is told."""
        if self._stream and not self._stream.closed:
            self._loop.drop(self._stream)
        self._stream = None

    def _on_bytes(self, data: bytes) -> None:
        """One JSON event a line: `{"type": "ADDED", "object": …}` (watch events of the API)."""
        self._pause = FIRST_PAUSE
        self.out_of_contact = None
        self._told = self._worked = True
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            event = json.loads(line)
            if event["type"] in ("ADDED", "MODIFIED", "DELETED"):
                self._on_change(event["type"], event["object"])

    def _on_end(self, result: Result) -> None:
        # Where it worked before, it may work again: with a new token, a server that has started.
        if not self._worked and any(refusal in result.stderr for refusal in REFUSALS):
            if not self._needed:
                return
            raise ClusterError(
                "may not watch the job; it goes on in the cluster",
                last_words=result.stderr,
                remedy="Ask for the permission to list and watch jobs and pods.",
            )
        self._note_contact(result)
        self._loop.later(self._pause, self._start_again)
        self._pause = min(self._pause * 2, LONGEST_PAUSE)

    def _note_contact(self, result: Result) -> None:
        now = self._loop.now
        if result.exit_code == 0 or now - self.begun > HEALTHY_SECONDS:
            self.out_of_contact = None
            return
        self.last_words = result.stderr.strip()
        self.out_of_contact = self.out_of_contact or self.begun
        if self._needed and now - self.out_of_contact > self._contact_seconds:
            raise ClusterError(
                "lost contact with the cluster; the job may go on",
                last_words=self.last_words,
            )

    def _start_again(self) -> None:
        if self._stream is not None:
            self.start()
