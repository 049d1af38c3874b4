"""Runs one kubectl for a group of workers, and tells what comes from whom."""

from __future__ import annotations

from collections.abc import Callable

from kubectl_submit.command import Result, Stream
from kubectl_submit.execution import Execution
from kubectl_submit.kubectl import Kubectl
from kubectl_submit.logs.prefixed import Prefixed, Split
from kubectl_submit.logs.worker import Group
from kubectl_submit.loop import Loop
from kubectl_submit.states.pods import RANK_LABEL


class Reader:
    """Reads groups of an execution's workers."""

    def __init__(self, loop: Loop, kubectl: Kubectl, execution: Execution) -> None:
        self._loop = loop
        self._kubectl = kubectl
        self._execution = execution

    def begin(
        self,
        group: Group,
        *,
        one: Callable[[bytes], None],
        several: Callable[[Split], None],
        end: Callable[[Result], None],
    ) -> Stream:
        """Start its kubectl: what comes goes to `one` if it is one worker, else to `several`."""
        workers = list(group.workers.values())
        stream = self._kubectl.logs(
            self._execution,
            self._pods(group),
            since=min(worker.since for worker in workers),
            follow=not group.final,
        )
        if len(workers) == 1:
            self._loop.read(stream, one, end)
            return stream
        prefixed = Prefixed(frozenset(group.workers))

        def on_end(result: Result) -> None:
            if result.exit_code == 0 and group.final:
                several(prefixed.last())
            end(result)

        self._loop.read(stream, lambda data: several(prefixed.take(data)), on_end)
        return stream

    def _pods(self, group: Group) -> list[str]:
        """How kubectl is told which pods to read."""
        if len(group.workers) == 1:
            return list(group.workers)
        ranks = ",".join(sorted({str(worker.rank) for worker in group.workers.values()}))
        selector = f"{self._execution.pod_selector},{RANK_LABEL} in ({ranks})"
        return ["--selector", selector, "--prefix", f"--max-log-requests={len(group.workers)}"]
