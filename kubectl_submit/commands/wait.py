"""Waits until runs have ended.

It exits as a submit of the run would have. Of several, the first one that fails ends the wait, with
its exit code; the others go on."""

from __future__ import annotations

from dataclasses import dataclass

from kubectl_submit import runs
from kubectl_submit.errors import ExecutionError, UsageError, WaitTimeoutError
from kubectl_submit.kubectl import Kubectl
from kubectl_submit.loop import Loop
from kubectl_submit.options import kubectl_flags
from kubectl_submit.options.declaration import DURATION, option
from kubectl_submit.options.subcommand import SubcommandOptions
from kubectl_submit.output import Output
from kubectl_submit.provenance import NAME_LABEL
from kubectl_submit.run import BUILT, CANCELLED, Run
from kubectl_submit.run_watch import RunWatch

WORDS = "NAME..."
# The pods, which alone tell the exit code, are watched apart from the Job.
POD_SECONDS = 2.0
# Whoever built the image creates the run at once, if they are still there.
BUILT_SECONDS = 60.0


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)  # repr would show --token
class OPTIONS(SubcommandOptions):
    """The options of `wait`."""

    timeout: int | None = option(
        "Runs",
        "--timeout",
        type=DURATION,
        configurable=False,
        help="Give up if they have not ended by then (exit 124); default: never.",
    )


def run(options: OPTIONS, words: tuple[str, ...], output: Output) -> int:
    """Wait for them; the exit code of the first that fails, else 0. Raises SubmitError."""
    if not words:
        raise UsageError("say what to wait for: names", remedy="See `kubectl submit list`.")
    kubectl = Kubectl(flags=kubectl_flags(options), request_timeout=options.request_timeout)
    found = runs.find(kubectl, words)
    loop = Loop()
    try:
        waiter = _Waiter(loop, found, output)
        names = ",".join(one.name for one in found)
        selector = f"{NAME_LABEL} in ({names})"
        RunWatch(loop, kubectl, found[0].namespace, waiter.see, selector=selector)
        if options.timeout:
            loop.later(options.timeout, lambda: waiter.give_up(options.timeout))
        while waiter.exit_code is None:
            loop.run_once()
        return waiter.exit_code
    finally:
        loop.close()


class _Waiter:
    """What has not ended yet."""

    def __init__(self, loop: Loop, wanted: list[Run], output: Output) -> None:
        self.exit_code: int | None = None
        """When there is nothing more to wait for."""
        self._loop = loop
        self._output = output
        self._missing = {one.name: one for one in wanted}
        self._since: dict[str, float] = {}

    def see(self, found: list[Run]) -> None:
        """All of them, as they are now. Raises ExecutionError for one that will never run."""
        there = {one.name: one for one in found}
        for name, before in self._missing.items():
            if name not in there:
                raise ExecutionError(f"{before.id} was deleted")
        self._missing = {name: there[name] for name in self._missing}
        for one in sorted(self._missing.values(), key=lambda one: one.ended or "9"):
            self._look(one)
            if self.exit_code:
                return
        if not self._missing:
            self.exit_code = 0
        else:
            self._output.waiting(self._why())

    def give_up(self, seconds: int | None) -> None:
        """The time is up."""
        raise WaitTimeoutError(f"not ended within {seconds} seconds", last_words=self._why())

    def _look(self, one: Run) -> None:
        standing = one.standing
        if standing.hopeless:
            raise ExecutionError(f"{one.id} cannot run", last_words=standing.hopeless)
        if standing.state == BUILT and self._lasts(one, BUILT_SECONDS):
            raise ExecutionError(f"{one.name} was built, and then never created")
        if standing.exit_code is None:
            return
        if standing.exit_code == 125 and not self._lasts(one, POD_SECONDS):
            return
        del self._missing[one.name]
        if standing.exit_code:
            how = "cancelled " if standing.state == CANCELLED else ""
            self._output.error(f"{one.id}: {how}{standing.reason}")
            self.exit_code = standing.exit_code
        else:
            self._output.status(f"{one.id}: succeeded")

    def _lasts(self, one: Run, seconds: float) -> bool:
        """Whether a run stands as it does for so long; looks again when it will."""
        key = f"{one.name} {one.standing.state}"
        if key not in self._since:
            self._since[key] = self._loop.now
            self._loop.later(seconds, lambda: self.see([*self._missing.values()]))
        return self._loop.now - self._since[key] >= seconds

    def _why(self) -> str:
        return ", ".join(f"{one.id}: {one.standing.state}" for one in self._missing.values())
