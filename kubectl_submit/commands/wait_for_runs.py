"""Waits until runs have ended."""

from __future__ import annotations

from collections.abc import Sequence

from kubectl_submit.cluster.kubectl import Kubectl
from kubectl_submit.error_codes import ErrorCode
from kubectl_submit.errors import ExecutionError, WaitTimeoutError
from kubectl_submit.execution_backends.lingering import LINGER_SECONDS
from kubectl_submit.model.execution import Outcome
from kubectl_submit.model.provenance import NAME_LABEL
from kubectl_submit.model.run import BUILT, CANCELLED, Run
from kubectl_submit.output import Output
from kubectl_submit.process.event_loop import Loop
from kubectl_submit.runs import executions, lookup
from kubectl_submit.runs.run_watch import RunWatch
from kubectl_submit.runs.settlement import settle

# Only pods have the exit code, and their watch may be later than that of the Job.
POD_SECONDS = 2.0
# A submit creates the run right after the build, unless it was killed.
BUILT_SECONDS = 60.0


def wait(kubectl: Kubectl, names: Sequence[str], seconds: int | None, output: Output) -> int:
    """Wait for all runs, or for the first failure; returns its exit code, else 0.

    Raises NoSuchRunError, WaitTimeoutError, ExecutionError for a run that can never start.
    """
    found = lookup.find(kubectl, names)
    loop = Loop()
    try:
        waiter = _Waiter(loop, kubectl, found, output)
        selector = f"{NAME_LABEL} in ({','.join(one.name for one in found)})"
        if any(one.main is None for one in found):
            selector = ""  # it may share the build of another run
        RunWatch(loop, kubectl, found[0].namespace, waiter.see, selector=selector)
        if seconds:
            loop.later(seconds, lambda: waiter.give_up(seconds))
        while waiter.exit_code is None:
            loop.run_once()
        return waiter.exit_code
    finally:
        loop.close()


class _Waiter:
    """Waits for the runs that have not ended yet."""

    def __init__(self, loop: Loop, kubectl: Kubectl, wanted: list[Run], output: Output) -> None:
        self.exit_code: int | None = None
        """None while there is something to wait for."""
        self._loop = loop
        self._kubectl = kubectl
        self._output = output
        self._missing = {one.name: one for one in wanted}
        self._since: dict[str, float] = {}

    def see(self, found: list[Run]) -> None:
        """Note all runs as they are now. Raises ExecutionError for a run that can never start."""
        there = {one.name: one for one in found}
        for name, before in self._missing.items():
            if name not in there:
                raise ExecutionError(f"{before.id} was deleted", code=ErrorCode.RUN_DELETED)
        self._missing = {name: there[name] for name in self._missing}
        for one in sorted(self._missing.values(), key=lambda one: one.ended or "9"):
            self._look(one)
            if self.exit_code:
                return
        if not self._missing:
            self.exit_code = 0
        else:
            self._output.waiting(self._why())

    def give_up(self, seconds: int) -> None:
        """Raise WaitTimeoutError."""
        raise WaitTimeoutError(
            f"not ended within {seconds} seconds",
            code=ErrorCode.WAIT_TIMEOUT,
            last_words=self._why(),
        )

    def _look(self, one: Run) -> None:
        status = one.status
        if status.start_failure:
            raise ExecutionError(
                f"{one.id} cannot run",
                code=ErrorCode.POD_CANNOT_RUN,
                last_words=status.start_failure,
            )
        if status.state == BUILT and self._lasts(one, BUILT_SECONDS):
            raise ExecutionError(
                f"{one.name} has an image, but no job was created for it",
                code=ErrorCode.RUN_WITHOUT_JOB,
            )
        if status.decided and self._lasts(one, LINGER_SECONDS):
            self._conclude(one, status.decided)
            return
        if status.exit_code is None:
            return
        if status.exit_code == 125 and not self._lasts(one, POD_SECONDS):
            return
        del self._missing[one.name]
        if status.exit_code:
            how = "cancelled " if status.state == CANCELLED else ""
            self._output.error(f"{one.id}: {how}{status.reason}")
            self.exit_code = status.exit_code
        else:
            self._output.status(f"{one.id}: {status.reason or 'succeeded'}")

    def _conclude(self, one: Run, outcome: Outcome) -> None:
        """End a Job whose command has ended while another container keeps its pod running."""
        del self._missing[one.name]
        settle(executions.execution_for_run(one), outcome, self._kubectl, self._output.error)
        self._output.status(f"{one.id}: {outcome.summary}")
        self.exit_code = outcome.exit_code or None

    def _lasts(self, one: Run, seconds: float) -> bool:
        """Whether the state of a run has lasted that long; if not, check again then."""
        key = f"{one.name} {one.status.state} {one.status.decided}"
        if key not in self._since:
            self._since[key] = self._loop.now
            self._loop.later(seconds, lambda: self.see([*self._missing.values()]))
        return self._loop.now - self._since[key] >= seconds

    def _why(self) -> str:
        return ", ".join(f"{one.id}: {one.status.state}" for one in self._missing.values())
