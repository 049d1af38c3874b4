"""Runs one kubectl for a group of workers, and tells what comes from whom."""

from __future__ import annotations

from collections.abc import Callable

from kubectl_submit.cluster.kubectl import Kubectl
from kubectl_submit.following.logs.batch import Batch
from kubectl_submit.following.logs.prefixed import Prefixed, Split
from kubectl_submit.model.execution import Execution
from kubectl_submit.model.pods import RANK_LABEL
from kubectl_submit.process.command import Result
from kubectl_submit.process.event_loop import Loop, Readable


class Reader:
    """Reads groups of an execution's workers."""

    def __init__(self, loop: Loop, kubectl: Kubectl, execution: Execution) -> None:
        self._loop = loop
        self._kubectl = kubectl
        self._execution = execution

    def begin(
        self,
        batch: Batch,
        *,
        one: Callable[[bytes], None],
        several: Callable[[Split], None],
        end: Callable[[Result], None],
    ) -> Readable:
        """Start its kubectl: what comes goes to `one` if it is one worker, else to `several`."""
        logs = list(batch.logs.values())
        stream = self._kubectl.logs(
            self._execution,
            self._pods(batch),
            since=min(log.since for log in logs),
            follow=not batch.final,
        )
        if len(logs) == 1:
            self._loop.read(stream, one, end)
            return stream
        prefixed = Prefixed(frozenset(batch.logs))

        def on_end(result: Result) -> None:
            if result.exit_code == 0:
                several(prefixed.last())
            end(result)

        self._loop.read(stream, lambda data: several(prefixed.take(data)), on_end)
        return stream

    def _pods(self, batch: Batch) -> list[str]:
        """How kubectl is told which pods to read."""
        if len(batch.logs) == 1:
            return list(batch.logs)
        ranks = ",".join(sorted({str(log.rank) for log in batch.logs.values()}))
        selector = f"{self._execution.pod_selector},{RANK_LABEL} in ({ranks})"
        return ["--selector", selector, "--prefix", f"--max-log-requests={len(batch.logs)}"]
