"""A run, as the cluster has it; the commands after a submit work on it."""

from __future__ import annotations

from dataclasses import dataclass

from kubectl_submit.model.execution import Outcome
from kubectl_submit.model.objects import Object

BUILDING = "Building"
BUILT = "Built"
QUEUED = "Queued"
PENDING = "Pending"
RUNNING = "Running"
SUCCEEDED = "Succeeded"
FAILED = "Failed"
CANCELLED = "Cancelled"
# The exit code of a command that waits for a cancelled run.
CANCELLED_CODE = 130


@dataclass(frozen=True, kw_only=True)
class RunStatus:
    """The state of a run."""

    state: str
    """One of the words above."""
    reason: str = ""
    """Why, for people: `exited 33`, `Unschedulable: …`."""
    exit_code: int | None = None
    """The exit code that a waiting command returns; None until the run has ended."""
    start_failure: str = ""
    """Why it will never run, though it has not ended; empty while it may."""
    decided: Outcome | None = None
    """The outcome of its commands, if another container keeps its Job from ending."""


@dataclass(frozen=True, kw_only=True)
class Run:
    """One run. Times are RFC 3339, empty where they are not known."""

    name: str
    namespace: str
    kind: str
    """As kubectl names it: `job`."""
    backend: str
    """As `--execution` names it."""
    status: RunStatus
    workers: int
    ready: int
    created: str
    started: str
    ended: str
    facts: dict[str, str]
    """The facts recorded by the submit, by annotation without its prefix."""
    main: Object | None
    """The object that runs the command; None while the image is built."""
    build: Object | None
    """The Job that builds its image, if it still exists."""
    pods: tuple[Object, ...]
    """Its pods, without those that have succeeded."""

    @property
    def id(self) -> str:
        """As kubectl names it: `job/NAME`."""
        return f"{self.kind}/{self.name}"

    @property
    def has_ended(self) -> bool:
        """Whether it has ended, or will never begin."""
        return self.status.exit_code is not None
