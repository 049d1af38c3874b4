"""Lines of pods: each line once and in order, however often the stream is cut."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta

from kubectl_submit.command import Result, Stream
from kubectl_submit.kubectl import Kubectl
from kubectl_submit.loop import Loop

STAMP = re.compile(rb"^\S+ ", re.MULTILINE)
LINE = re.compile(rb"[^\n]*\n|[^\n]+")
REMEMBERED = 1000
FIRST_PAUSE = 0.2
LONGEST_PAUSE = 5.0


class Resume:
    """Takes the timestamps off, and drops what was seen when a stream is read again. Pure.

    `kubectl logs --timestamps` begins each line with an RFC 3339 time of fixed width with
    nanoseconds; `--since-time` counts whole seconds. Lines of stdout and stderr may be out of
    order by a little, and some have equal times. So the newest times are remembered with a count
    each, and after a reconnect as many lines of each are dropped; all lines up to an older time
    have been seen.
    """

    def __init__(self) -> None:
        self._counts: Counter[bytes] = Counter()
        self._all_seen_until = b""
        self._drop: Counter[bytes] = Counter()
        self._drop_until = b""
        self._rest: list[bytes] = []

    @property
    def since(self) -> str | None:
        """From when to read again, a second back, as writers may be out of step by a little."""
        if not self._counts:
            return None
        newest = max(self._counts).decode().rstrip()
        zone = "+00:00" if newest.endswith("Z") else newest[-6:]
        moment = datetime.fromisoformat(newest[:19] + zone) - timedelta(seconds=1)
        return moment.isoformat().replace("+00:00", "Z")

    def again(self) -> None:
        """The stream is read again, from `since`."""
        self._drop = self._counts.copy()
        self._drop_until = max(self._counts, default=b"")
        self._rest = []

    def take(self, data: bytes) -> bytes:
        """The new whole lines in what has come."""
        end = data.rfind(b"\n") + 1
        if not end:
            self._rest.append(data)
            return b""
        lines = b"".join([*self._rest, data[:end]])
        self._rest = [data[end:]]
        return self._new(lines)

    def last(self) -> bytes:
        """What came after the last line end: a last line without one."""
        rest = b"".join(self._rest)
        self._rest = []
        return self._new(rest) if rest else b""

    def _new(self, lines: bytes) -> bytes:
        if self._drop_until:
            lines = self._without_seen(lines)
        self._counts.update(STAMP.findall(lines))
        if len(self._counts) > 2 * REMEMBERED:
            oldest_first = sorted(self._counts)
            for stamp in oldest_first[:-REMEMBERED]:
                del self._counts[stamp]
            self._all_seen_until = max(self._all_seen_until, oldest_first[-REMEMBERED - 1])
        return STAMP.sub(b"", lines)

    def _without_seen(self, lines: bytes) -> bytes:
        new: list[bytes] = []
        stamp = b""
        for line in LINE.findall(lines):
            stamp = line[: line.find(b" ") + 1]
            if self._drop[stamp] > 0:
                self._drop[stamp] -= 1
            elif stamp > self._all_seen_until:
                new.append(line)
        if stamp > self._drop_until:
            self._drop_until = b""
        return b"".join(new)


class ContainerLog:
    """The log of one container, until nothing more can come.

    A stream that ends may have been cut, even if it says otherwise. So the log is complete only
    when a stream ended well that was begun after the container was seen to have ended.
    """

    def __init__(
        self,
        loop: Loop,
        open_stream: Callable[[str | None], Stream],
        write: Callable[[bytes], None],
    ) -> None:
        self.complete = False
        self._loop = loop
        self._open = open_stream
        self._write = write
        self._resume = Resume()
        self._ended = False
        self._begun_after_end = False
        self._pause = FIRST_PAUSE

    def start(self) -> None:
        """Read the log, from where the last stream left it."""
        if self.complete:
            return
        self._begun_after_end = self._ended
        since = self._resume.since
        self._resume.again()
        self._loop.read(self._open(since), self._on_bytes, self._on_end)

    def container_ended(self) -> None:
        """The cluster says that the container has ended."""
        self._ended = True

    def give_up(self) -> None:
        """The pod is gone: no more can be had."""
        self.complete = True

    def _on_bytes(self, data: bytes) -> None:
        self._pause = FIRST_PAUSE
        lines = self._resume.take(data)
        if lines:
            self._write(lines)

    def _on_end(self, result: Result) -> None:
        if self.complete:
            return
        if result.exit_code == 0 and self._begun_after_end:
            self.complete = True
            last = self._resume.last()
            if last:
                self._write(last)
        elif result.exit_code == 0 and self._ended:
            self.start()
        else:
            self._loop.later(self._pause, self.start)
            self._pause = min(self._pause * 2, LONGEST_PAUSE)


def container_log(
    loop: Loop,
    kubectl: Kubectl,
    *,
    namespace: str,
    pod: str,
    container: str,
    write: Callable[[bytes], None],
) -> ContainerLog:
    """The log of one container of a pod, begun."""

    def open_stream(since: str | None) -> Stream:
        return kubectl.logs(namespace, pod, container, since=since, follow=True)

    log = ContainerLog(loop, open_stream, write)
    log.start()
    return log
