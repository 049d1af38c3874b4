"""Runs a kubectl for each group of workers, and assigns the lines to workers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from kubectl_submit.cluster.kubectl import Kubectl
from kubectl_submit.following.logs import batches
from kubectl_submit.following.logs.batch import Batch
from kubectl_submit.following.logs.prefixed import Prefixed, Split
from kubectl_submit.following.logs.worker import PodLog
from kubectl_submit.model.execution import Execution
from kubectl_submit.model.pods import RANK_LABEL
from kubectl_submit.process.command import Result
from kubectl_submit.process.event_loop import Loop, Readable


class Reader:
    """Reads groups of an execution's workers."""

    def __init__(
        self,
        loop: Loop,
        kubectl: Kubectl,
        execution: Execution,
        *,
        one: Callable[[Batch, PodLog, bytes], None],
        several: Callable[[Batch, Split], None],
        end: Callable[[Batch, Result], None],
    ) -> None:
        """`one` gets the output of groups of one worker, `several` that of larger groups."""
        self._one = one
        self._several = several
        self._end = end
        self._loop = loop
        self._kubectl = kubectl
        self._execution = execution
        self._size = batches.group_size(execution.workers)
        self._streams: dict[Batch, Readable] = {}

    @property
    def crowded(self) -> bool:
        """Whether each newcomer makes other workers be read again."""
        return len(self._streams) >= batches.MOST_GROUPS

    def to_join(self, newcomers: int) -> list[PodLog]:
        """The workers of the group that newcomers should join; none if there is room."""
        return batches.to_join(list(self._streams), newcomers, self._size)

    def arrange(self, idle: Iterable[PodLog]) -> list[list[PodLog]]:
        """Group workers to read; some wait if too many groups of ended workers are being read."""
        room = batches.MOST_FINAL_GROUPS - sum(batch.final for batch in self._streams)
        return batches.arrange(idle, self._size, room)

    def begin(self, logs: Sequence[PodLog]) -> None:
        """Start a kubectl that reads these workers."""
        batch = Batch(
            logs={log.pod: log for log in logs},
            final=all(log.ended for log in logs),
            heard_at=self._loop.now,
        )
        for log in logs:
            log.batch = batch
        stream = self._kubectl.logs(
            self._execution,
            self._pods(batch),
            since=min(log.since for log in logs),
            follow=not batch.final,
        )
        self._streams[batch] = stream
        if len(logs) == 1:
            self._loop.read(
                stream,
                lambda data: self._one(batch, logs[0], data),
                lambda result: self._on_end(batch, result),
            )
        else:
            self._read_several(batch, stream)

    def _read_several(self, batch: Batch, stream: Readable) -> None:
        prefixed = Prefixed(frozenset(batch.logs))

        def on_end(result: Result) -> None:
            if result.exit_code == 0:
                self._several(batch, prefixed.last())
            self._on_end(batch, result)

        self._loop.read(stream, lambda data: self._several(batch, prefixed.take(data)), on_end)

    def _on_end(self, batch: Batch, result: Result) -> None:
        self._streams.pop(batch, None)
        self._end(batch, result)

    def leave(self, log: PodLog) -> None:
        """Take a log out of its batch; further lines of it from there are ignored."""
        batch, log.batch = log.batch, None
        if batch:
            del batch.logs[log.pod]
            if not batch.logs and batch in self._streams:
                self._loop.drop(self._streams.pop(batch))

    def _pods(self, batch: Batch) -> list[str]:
        """The arguments that name the pods to read."""
        if len(batch.logs) == 1:
            return list(batch.logs)
        ranks = ",".join(sorted({str(log.rank) for log in batch.logs.values()}))
        selector = f"{self._execution.pod_selector},{RANK_LABEL} in ({ranks})"
        return ["--selector", selector, "--prefix", f"--max-log-requests={len(batch.logs)}"]
