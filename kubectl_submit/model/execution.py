"""What runs in the cluster, and its outcome."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Execution:
    """What a backend started in the cluster: everything needed to follow it."""

    kind: str
    """The kind of the object, as kubectl says it: `job`."""
    name: str
    namespace: str
    uid: str
    object_path: str
    """The API path to watch objects of its kind in its namespace."""
    workers: int
    pod_selector: str
    """A label selector for the pods that write the output."""
    container: str
    """The container in them that runs the command, or prints its output."""
    prerequisite_selector: str = ""
    """A label selector for pods that must run first; empty if there are none."""
    restarts_from_beginning: bool = False
    """Whether a replacement pod writes all lines again."""

    @property
    def pods_path(self) -> str:
        """The API path of the pods of its namespace."""
        return f"/api/v1/namespaces/{self.namespace}/pods"

    @property
    def events_path(self) -> str:
        """The API path of the events of its namespace."""
        return f"/api/v1/namespaces/{self.namespace}/events"


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """The end of an execution, read from the cluster's own status."""

    exit_code: int
    summary: str
    """For people: `worker 2 exited 33; 1 other failed, too`."""
    last_message: str = ""
    """The termination message of the deciding worker: at most 4096 bytes."""
    last_words: str = ""
    """The last lines of the container that prevented the command from running."""
    log_source: tuple[str, str] | None = None
    """The pod and the container whose log has these lines, if `last_words` is still empty."""
    fleeting: bool = False
    """It was read from a pod that is being deleted, so it cannot be read again later."""
    ends_job: bool = False
    """Its Job does not end on its own, and must be ended."""

    @property
    def plain(self) -> bool:
        """Whether it simply succeeded."""
        return self.exit_code == 0 and self.summary in ("", "succeeded")
