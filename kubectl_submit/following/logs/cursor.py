"""Resumes the log of a pod: each line once and in order, however often the stream is cut."""

from __future__ import annotations

import re
from collections import Counter
from datetime import datetime, timedelta

TIME = rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}(?:Z|[+-]\d\d:\d\d) "
STAMP = re.compile(rb"^(" + TIME + rb")", re.MULTILINE)
# The kubelet writes its own errors into the stream, without a time: `unable to retrieve
# container logs for containerd://…` (its kuberuntime package, and its cri-client's logs.go).
UNSTAMPED = re.compile(rb"^(?!" + TIME + rb")[^\n]*\n?", re.MULTILINE)
TROUBLE = re.compile(rb"unable to retrieve container logs|failed to |rpc error: ")
LINE = re.compile(rb"[^\n]*\n|[^\n]+")
REMEMBERED = 1000
# The shortest time between two rotations (the kubelet's containerLogMonitorInterval).
ROTATION_SECONDS = 3


class Cursor:
    """Removes the timestamps, and drops lines already seen when a stream is read again.

    `kubectl logs --timestamps` begins each line with an RFC 3339 time of fixed width with
    nanoseconds; `--since-time` counts whole seconds. Lines of stdout and stderr may be slightly
    out of order, and some have equal times. So we count the lines of each of the newest times, and
    drop that many after a reconnect; all older lines have been seen.

    The runtime stores a long line in parts, each with a time, but the kubelet writes only the time
    of the first part. A stream that starts at a given time may begin between two parts: with the
    rest of a line, without a time. That line is older than requested, so it has been seen.
    """

    def __init__(self, *, keep_times: bool = False, begins_later: bool = False) -> None:
        """`begins_later`: even the first stream starts at a given time."""
        self._keep_times = keep_times
        self._begins_later = begins_later
        self._inside = begins_later
        self._unfinished = b""
        self._counts: Counter[bytes] = Counter()
        self._all_seen_until = b""
        self._drop: Counter[bytes] = Counter()
        self._drop_until = b""
        self._rest: list[bytes] = []
        self._torn_line = b""
        self._dropped = 0
        self.unreadable = False
        """The node could not deliver the log, or not all of it."""
        self.gap: tuple[str, str] | None = None
        """Between these times lines may be missing, because no seen line came again."""

    @property
    def torn(self) -> bool:
        """Whether no seen line has come again since the stream was reopened."""
        return bool(self._drop_until) and not self._dropped

    @property
    def begun(self) -> bool:
        """Whether any line has come; a new stream would repeat it."""
        return bool(self._counts) or bool(STAMP.match(b"".join(self._rest)))

    @property
    def begins_new_line(self) -> bool:
        """Whether a line has begun to come that was not seen before."""
        stamp = STAMP.match(b"".join(self._rest))
        return stamp is not None and not self._drop[stamp[1]]

    @property
    def troubled(self) -> bool:
        """Whether the node has written an error of its own, perhaps without a newline."""
        rest = b"".join(self._rest)
        if not rest or STAMP.match(rest) or (self._inside and not TROUBLE.match(rest)):
            return self.unreadable
        return True

    @property
    def newest(self) -> str:
        """The time of the newest line, RFC 3339; empty if there is none."""
        return max(self._counts, default=b"").decode().rstrip()

    @property
    def since(self) -> str:
        """The time to read from again: a second back, as lines may be slightly out of order.

        An unfinished line is read again from its beginning.
        """
        if not self._counts:
            return ""
        newest = max(self._counts)
        return earlier(min(newest, self._begun or newest).decode().rstrip(), 1)

    @property
    def _begun(self) -> bytes:
        """The time of the unfinished line; empty if there is none."""
        stamp = STAMP.match(b"".join(self._rest))
        begun = stamp[1] if stamp and stamp[1] not in self._counts else b""
        return min(filter(None, [begun, self._unfinished]), default=b"")

    def again(self, *, ended_well: bool = False) -> None:
        """Start reading again from `since`; `ended_well`: the last stream ended without an error.

        If the runtime rotates its file in the middle of a line, the new file begins with the rest
        of that line, as a line of its own.
        """
        self._torn_line = b"".join(self._rest) if ended_well else b""
        self._unfinished = self._begun
        self._inside = self._begins_later or bool(self._counts)
        self._drop = self._counts.copy()
        self._drop_until = max(self._counts, default=b"")
        self._dropped = 0
        self.unreadable = False
        self._rest = []

    def take(self, data: bytes) -> bytes:
        """The new whole lines in the data."""
        end = data.rfind(b"\n") + 1
        if not end:
            self._rest.append(data)
            return b""
        lines = b"".join([*self._rest, data[:end]])
        self._rest = [data[end:]]
        return self._new(lines)

    def last(self) -> bytes:
        """The last line, if it has no newline."""
        rest, self._rest = b"".join(self._rest), []
        return self._new(rest) if rest else b""

    def _new(self, lines: bytes) -> bytes:
        lines = self._without_rest_of_line(lines)
        if not lines:
            return b""
        parts = STAMP.split(lines)  # what precedes the first time, then times and texts
        if len(parts) // 2 != lines.count(b"\n") + (not lines.endswith(b"\n")):
            self.unreadable = True
            lines = UNSTAMPED.sub(b"", lines)
            parts = STAMP.split(lines)
        if self._drop_until:
            lines = self._without_seen(lines)
            parts = STAMP.split(lines)
        self._counts.update(parts[1::2])
        if self._unfinished in self._counts:
            self._unfinished = b""
        if len(self._counts) > 2 * REMEMBERED:
            self._forget_oldest()
        return lines if self._keep_times else b"".join(parts[2::2])

    def _without_rest_of_line(self, lines: bytes) -> bytes:
        """The lines, without the rest of an older line at the beginning of a stream."""
        inside, self._inside = self._inside, False
        if not inside or STAMP.match(lines) or TROUBLE.match(lines):
            return lines
        return lines.partition(b"\n")[2]

    def _forget_oldest(self) -> None:
        oldest_first = sorted(self._counts)
        newest = {stamp: self._counts[stamp] for stamp in oldest_first[-REMEMBERED:]}
        self._counts = Counter(newest)
        self._all_seen_until = max(self._all_seen_until, oldest_first[-REMEMBERED - 1])

    def _without_seen(self, lines: bytes) -> bytes:
        new: list[bytes] = []
        stamp = b""
        for line in LINE.findall(lines):
            stamp = line[: line.find(b" ") + 1]
            if self._drop[stamp] > 0:
                self._drop[stamp] -= 1
                self._dropped += 1
            elif stamp > self._all_seen_until:
                new.append(line)
        if stamp > self._drop_until:
            self._note_gap(stamp.decode().rstrip())
            if self.torn and new and self._goes_on_with(new[0]):
                new[0] = self._torn_line + STAMP.sub(b"", new[0])
            self._drop_until = b""
        return b"".join(new)

    def _goes_on_with(self, line: bytes) -> bool:
        """Whether a line is the rest of the torn one; a later one follows files that are gone."""
        torn = STAMP.match(self._torn_line)
        if not torn:
            return False
        until = earlier(line[: line.find(b" ")].decode(), ROTATION_SECONDS)
        return until[:19] <= torn[1].decode()[:19]

    def _note_gap(self, until: str) -> None:
        """Without a gap, the newest line comes again, because reading starts a second before it."""
        if self.torn:
            self.gap = (self._drop_until.decode().rstrip(), until)


def earlier(moment: str, seconds: int) -> str:
    """The time some seconds earlier, in whole seconds: RFC 3339, as `--since-time` takes it.

    >>> earlier("2026-11-22T17:00:00.123456789Z", 1)
    '2026-11-22T16:59:59Z'
    """
    zone = "+00:00" if moment.endswith("Z") else moment[-6:]
    before = datetime.fromisoformat(moment[:19] + zone) - timedelta(seconds=seconds)
    return before.isoformat().replace("+00:00", "Z")
