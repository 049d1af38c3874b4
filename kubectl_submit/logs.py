"""Lines of pods: each line once and in order, however often the stream is cut."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta

from kubectl_submit.command import Result, Stream
from kubectl_submit.kubectl import Kubectl
from kubectl_submit.loop import Loop

FIRST_PAUSE = 0.2
LONGEST_PAUSE = 5.0


class Resume:
    """Takes the timestamps off, and drops what was seen when a stream is read again. Pure.

    `kubectl logs --timestamps` begins each line with an RFC 3339 time with nanoseconds, and
    `--since-time` counts whole seconds. So the times of the last two seconds are remembered with
    a count each, and after a reconnect as many lines of each time are dropped.
    """

    def __init__(self) -> None:
        self._seen: dict[bytes, Counter[bytes]] = {}
        self._drop: Counter[bytes] = Counter()
        self._rest = b""

    @property
    def since(self) -> str | None:
        """From when to read again, one second back, as writers may be out of step by a little."""
        if not self._seen:
            return None
        newest = max(self._seen)
        stamp = max(self._seen[newest]).decode()
        zone = "+00:00" if stamp.endswith("Z") else stamp[-6:]
        moment = datetime.fromisoformat(newest.decode() + zone) - timedelta(seconds=1)
        return moment.isoformat().replace("+00:00", "Z")

    def again(self) -> None:
        """The stream is read again, from `since`."""
        self._drop = sum(self._seen.values(), Counter())
        self._rest = b""

    def take(self, data: bytes) -> list[bytes]:
        """The new whole lines in what has come, with their line ends."""
        *lines, self._rest = (self._rest + data).split(b"\n")
        return [text + b"\n" for line in lines if (text := self._text(line)) is not None]

    def last(self) -> bytes:
        """What came after the last line end: a last line without one."""
        rest, self._rest = self._rest, b""
        return (self._text(rest) or b"") if rest else b""

    def _text(self, line: bytes) -> bytes | None:
        """The line without its time; None if it was seen."""
        stamp, _, text = line.partition(b" ")
        if self._drop.get(stamp):
            self._drop[stamp] -= 1
            return None
        second = stamp[:19]
        if second not in self._seen:
            for old in sorted(self._seen)[:-1]:
                del self._seen[old]
            self._seen[second] = Counter()
        self._seen[second][stamp] += 1
        return text


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
            self._write(b"".join(lines))

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
