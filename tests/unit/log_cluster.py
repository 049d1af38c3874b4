"""Pods that write, kubectls that read them, and a clock, all in memory: for the log engine."""

from __future__ import annotations

import selectors
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Any

from kubectl_submit.following.logs import LogStreams
from kubectl_submit.model.execution import Execution
from kubectl_submit.process.command import Result
from kubectl_submit.process.event_loop import Loop

EPOCH = datetime(2026, 11, 22, 17, tzinfo=timezone.utc)
# client-go sends a ping after 30 s of silence, and waits 15 s for the answer.
PING_SECONDS = 45.0
START_SECONDS = 0.1
NOT_FOUND = 'Error from server (NotFound): pods "x" not found\n'
LOST = "error: http2: client connection lost\n"
FORBIDDEN = 'Error from server (Forbidden): pods "x" is forbidden: User "u" cannot get pods/log\n'
UNREACHABLE = "Error from server: dial tcp 10.0.0.2:10250: connect: connection refused\n"


@dataclass(eq=False)
class Pod:
    """One pod, and what its container has written: lines behind their times."""

    name: str
    rank: int
    lines: list[str] = field(default_factory=list)
    ended: bool = False
    exists: bool = True
    readable: bool = True
    """Its node answers."""
    allowed: bool = True
    """Its log may be read."""

    @property
    def texts(self) -> str:
        """All that it has written."""
        return "".join(line.split(" ", 1)[1] for line in self.lines)


class KubectlLogs:
    """One running `kubectl logs`."""

    def __init__(self, cluster: LogCluster, pods: Sequence[str], since: str, follow: bool) -> None:
        self.closed = False
        self.dead_at = float("inf")
        self.begins = cluster.now + START_SECONDS
        self.pods: list[Pod] = []
        self.result: Result | None = None
        self._cluster = cluster
        self._asked = pods
        self._since = since
        self._follow = follow
        self._read: dict[str, int] = {}
        self._written = b""

    @property
    def stalled(self) -> bool:
        """Whether its connection is stuck; client-go sees that after a while, and gives it up."""
        return self.dead_at < float("inf")

    @stalled.setter
    def stalled(self, stalled: bool) -> None:
        self.dead_at = self._cluster.now + PING_SECONDS if stalled else float("inf")

    @property
    def open(self) -> bool:
        """Whether it reads."""
        return bool(self.pods) and not self.closed and self.result is None

    @property
    def changes(self) -> tuple[float, ...]:
        """When something happens to it by itself."""
        return self.begins, self.dead_at

    @property
    def ready(self) -> bool:
        """Whether there is something to read, or the end."""
        self._go_on()
        return bool(self._written) or self.result is not None

    def cut(self, *, well: bool, lost: int = 0) -> None:
        """End it now; so many bytes of what it has written do not arrive."""
        self._go_on()
        self._written = self._written[: len(self._written) - lost] if lost else self._written
        self.result = Result(exit_code=0 if well else 1, stdout="", stderr="" if well else LOST)

    def lose_the_log(self) -> None:
        """The node has removed the log while it was read, and says so in the stream."""
        self._go_on()
        self._written += b"unable to retrieve container logs for containerd://5ea1"
        self.result = Result(exit_code=0, stdout="", stderr="")

    def trickle(self, pod: str, line: str) -> None:
        """Write a line of one of several pods, though it stalls."""
        self._written += f"[pod/{pod}/main] {line}".encode()

    def read(self) -> bytes | None:
        self._go_on()
        data, self._written = self._written[:50], self._written[50:]
        return data if data or self.result else None

    def fileno(self) -> int:
        raise AssertionError("nobody waits for this with a real selector")

    def ended(self) -> bool:
        return True

    def finish(self) -> Result:
        self.closed = True
        return self.result or Result(exit_code=-15, stdout="", stderr="")

    def ask_to_end(self) -> None:
        pass

    kill = ask_to_end

    def stop(self) -> None:
        self.closed = True

    def _go_on(self) -> None:
        if self._cluster.now >= self.dead_at and not (self.closed or self.result):
            self.result = Result(exit_code=1, stdout="", stderr=LOST)
        if self.closed or self.result or self.stalled or self._cluster.now < self.begins:
            return
        if not self.pods and not self._find():
            return
        for pod in self.pods:
            self._read_on(pod)
        if not self._follow or all(pod.ended for pod in self.pods):
            self.result = Result(exit_code=0, stdout="", stderr="")

    def _find(self) -> bool:
        everybody = self._cluster.pods.values()
        if self._asked[0] == "--selector":
            ranks = self._asked[1].rpartition("(")[2].rstrip(")").split(",")
            self.pods = [pod for pod in everybody if pod.exists and str(pod.rank) in ranks]
        else:
            self.pods = [pod for pod in everybody if pod.exists and pod.name == self._asked[0]]
        if not self.pods:
            several = self._asked[0] == "--selector"
            code, words = (0, "") if several else (1, NOT_FOUND)
            self.result = Result(exit_code=code, stdout="", stderr=words)
        elif not all(pod.allowed for pod in self.pods):
            self.result = Result(exit_code=1, stdout="", stderr=FORBIDDEN)
        elif not all(pod.readable for pod in self.pods):
            self.result = Result(exit_code=1, stdout="", stderr=UNREACHABLE)
        return self.result is None

    def _read_on(self, pod: Pod) -> None:
        done = self._read.get(pod.name, 0)
        prefix = f"[pod/{pod.name}/main] " if self._asked[0] == "--selector" else ""
        for line in pod.lines[done:]:
            if line[:19] >= self._since[:19]:
                self._written += (prefix + line).encode()
        self._read[pod.name] = len(pod.lines)


class LogCluster(selectors.BaseSelector):
    """Pods and the kubectls that read them; the time, and what the engine told."""

    def __init__(self, workers: int) -> None:
        self.now = 1000.0
        self.pods = {f"run-{rank}": Pod(f"run-{rank}", rank) for rank in range(workers)}
        self.kubectls: list[KubectlLogs] = []
        self.output: dict[int, bytes] = {}
        self.warnings: list[tuple[int, str]] = []
        self._ticks = 0
        self._registered: dict[Any, selectors.SelectorKey] = {}
        self._loop = Loop(clock=lambda: self.now, selector=self)
        execution = Execution(
            kind="job",
            name="run",
            namespace="team",
            uid="1",
            object_path="/apis/batch/v1/namespaces/team/jobs",
            workers=workers,
            pod_selector="batch.kubernetes.io/job-name=run",
            container="main",
        )
        kubectl: Any = self
        self.streams = LogStreams(
            self._loop, kubectl, execution, self._lines, lambda *one: self.warnings.append(one)
        )
        self._lines_written = 0

    def start(self, *ranks: int, again: bool = False) -> None:
        """Tell that containers have started; all if none are named. `again`: not the first time."""
        for pod in self.pods.values():
            if not ranks or pod.rank in ranks:
                self.streams.started(pod.name, pod.rank, self.stamp()[:19] + "Z", again=again)

    def write(self, rank: int, count: int = 1, end: str = "\n") -> None:
        """Let a worker write lines, each of them once."""
        for _ in range(count):
            self._lines_written += 1
            self.pods[f"run-{rank}"].lines.append(f"{self.stamp()} {self._lines_written}{end}")

    def end(self, rank: int, **how: bool) -> None:
        """A worker's container ends, and that is told at once."""
        self.pods[f"run-{rank}"].ended = True
        self.streams.ended(f"run-{rank}", **how)

    def delete(self, rank: int, **how: bool) -> None:
        """A worker's pod is deleted, and its log with it."""
        pod = self.pods[f"run-{rank}"]
        pod.ended, pod.exists = True, False
        self.streams.gone(pod.name, **how)

    def reader_of(self, rank: int) -> KubectlLogs:
        """The newest kubectl that reads a worker."""
        readers = [one for one in self.kubectls if one.open]
        return [one for one in readers if self.pods[f"run-{rank}"] in one.pods][-1]

    def run(self, seconds: float) -> None:
        """Let time pass."""
        until, over = self.now + seconds, list[bool]()
        self._loop.later(seconds, lambda: over.append(True))
        while not over:
            self._loop.run_once()
        assert self.now >= until - 1e-6

    def leave(self) -> None:
        """End all that still runs."""
        self._loop.close()

    def told(self, rank: int) -> str:
        """What was shown of a worker."""
        return self.output.get(rank, b"").decode()

    def stamp(self) -> str:
        """The time now, as the kubelet writes it; never the same twice."""
        self._ticks += 1
        moment = EPOCH + timedelta(seconds=self.now)
        return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond * 1000 + self._ticks:09}Z"

    def logs(
        self, execution: Execution, pods: Sequence[str], *, since: str, follow: bool
    ) -> KubectlLogs:
        """Start a kubectl (as Kubectl.logs)."""
        self.kubectls.append(KubectlLogs(self, pods, since, follow))
        return self.kubectls[-1]

    def _lines(self, rank: int, data: bytes) -> None:
        self.output[rank] = self.output.get(rank, b"") + data

    def register(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        self._registered[fileobj] = selectors.SelectorKey(fileobj, 0, events, data)
        return self._registered[fileobj]

    def unregister(self, fileobj: Any) -> selectors.SelectorKey:
        return self._registered.pop(fileobj)

    def get_map(self) -> Any:
        return self._registered

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """Let time pass until a kubectl has something to say, or for so long."""
        assert timeout is not None
        until = self.now + timeout
        while True:
            ready = [key for one, key in self._registered.items() if getattr(one, "ready", False)]
            changes = [getattr(one, "changes", ()) for one in self._registered]
            next_change = min(
                (at for some in changes for at in some if at > self.now), default=until
            )
            if ready or next_change >= until:
                self.now = self.now if ready else until
                return [(key, selectors.EVENT_READ) for key in ready]
            self.now = next_change
