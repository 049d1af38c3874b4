"""What a person sees of a build in the cluster: its lines, and why it waits."""

from __future__ import annotations

import re

from kubectl_submit.following.workload import queued
from kubectl_submit.output import Output

# How BuildKit tells that a cache has never been written, as with the first build of a branch.
NO_CACHE = re.compile(
    rb"(?m)^(#\d+) ERROR: failed to configure registry cache importer: .*: not found$"
)
SUSPENDED = queued(None, None)


class BuildLines:
    """Passes on what there is to see, and says of a reason that it concerns the build."""

    def __init__(self, output: Output, *, queue: str | None) -> None:
        self._shown = output.build()
        self._queue = queue

    def lines(self, rank: int, data: bytes) -> None:
        """Whole lines of the build."""
        self._shown.lines(rank, NO_CACHE.sub(rb"\1 there is none yet", data))

    def waiting(self, why: str) -> None:
        """Why the build does not run yet; empty when it does."""
        if why == SUSPENDED and not self._queue:
            why = "suspended: if jobs need a queue here, say --queue NAME"
        self._shown.waiting(
            f"the build is {why}" if why.startswith(("queued", "suspended")) else why
        )

    def warn(self, text: str) -> None:
        """Something that must be seen."""
        self._shown.warn(text)
