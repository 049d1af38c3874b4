"""What a person sees of a build: a line for each step, why it waits, and where the time went."""

from __future__ import annotations

import contextlib
import re
import time
from collections import deque
from collections.abc import Iterator

from kubectl_submit.build_backends import build_report
from kubectl_submit.build_backends.buildkit_log import BuildLog, Step
from kubectl_submit.build_backends.step_lines import StepLines
from kubectl_submit.errors import SubmitError
from kubectl_submit.following.workload import queued
from kubectl_submit.output import Output

# How BuildKit tells that a cache has never been written, as with the first build of a branch.
NO_CACHE = re.compile(
    rb"(?m)^(#\d+) ERROR: failed to configure registry cache importer: .*: not found$"
)
# What the build Job says at its very end (build-remote.sh: built).
PUSHED = re.compile(rb"image: \S+@(sha256:[0-9a-f]{64})")
SUSPENDED = queued(None, None)


class BuildLines:
    """Shows the log of a build, a line for each step or (with --verbose) whole."""

    def __init__(self, output: Output, *, queue: str | None = None) -> None:
        self._output = output
        self._shown = output.build()
        self._queue = queue
        self._log = BuildLog()
        self._steps = StepLines(output, self._shown)
        self._kept: deque[bytes] = deque(maxlen=100)
        """With --quiet: lines that are shown only if the build fails."""
        self._started = self._began = time.monotonic()
        self._pushed = ""

    def lines(self, rank: int, data: bytes) -> None:
        """Whole lines of the build."""
        if not self._log.steps:
            self._began = time.monotonic()
        if self._output.verbose:
            self._shown.lines(rank, NO_CACHE.sub(rb"\1 there is none yet", data))
        for line in data.removesuffix(b"\n").split(b"\n"):
            pushed = PUSHED.fullmatch(line)
            self._pushed = pushed[1].decode() if pushed else self._pushed
            found = self._log.read(line)
            if self._output.verbose:
                continue
            if isinstance(found, Step):
                self._steps.note(found)
            elif found is not None:
                self._show(found)
        self._steps.show_running()

    def waiting(self, why: str) -> None:
        """Why the build does not run yet; empty when it does."""
        if why == SUSPENDED and not self._queue:
            why = "suspended: if jobs need a queue here, say --queue NAME"
        self._shown.waiting(
            f"the build is {why}" if why.startswith(("queued", "suspended")) else why
        )
        if not why:
            self._steps.show_running()

    def message(self) -> str:
        """The termination message of our build Job, once its log tells it; until then empty."""
        return f'{{"digest":"{self._pushed}"}}' if self._pushed else ""

    @property
    def push_failed(self) -> bool:
        """Whether the image was built, but could not be pushed."""
        return any(step.name == build_report.EXPORT and step.error for step in self._log.steps)

    def warn(self, text: str) -> None:
        """Something that must be seen."""
        self._shown.warn(text)

    @contextlib.contextmanager
    def to_the_end(self) -> Iterator[BuildLines]:
        """While the build is followed; then shows where its time went, or the rest of a failure."""
        try:
            yield self
        except SubmitError:
            self._steps.tell_ended()
            self._steps.show_unfinished()
            for line in [*self._kept, *self._log.rest()]:
                self._shown.lines(0, line + b"\n")
            raise
        finally:
            self._output.clear()
        self._steps.tell_ended()
        if self._log.steps:
            self._tell_of_time()

    def _show(self, line: bytes) -> None:
        """Show a line that is none of BuildKit's."""
        self._steps.tell_ended()
        if self._output.quiet and not line.startswith(b"warning:"):
            self._kept.append(line)
        else:
            self._shown.lines(0, line + b"\n")

    def _tell_of_time(self) -> None:
        took, until_it_began = time.monotonic() - self._started, self._began - self._started
        self._output.status(build_report.summary(self._log.steps, took, until_it_began))
        hint = build_report.hint(self._log.steps)
        if hint:
            self._output.status(hint)
