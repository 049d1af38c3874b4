"""The values after the execution box: what was started, and how it ended."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Execution:
    """What a backend started in the cluster, as far as its lines and its end need to know."""

    kind: str
    """The kind of the object, as kubectl says it: `job`."""
    name: str
    namespace: str
    uid: str
    object_path: str
    """The API path under which objects of its kind in its namespace can be watched."""
    workers: int
    pod_selector: str
    """A label selector that matches the pods whose lines count."""
    container: str
    """The container in them that runs the command, or that has its lines."""
    prerequisite_selector: str = ""
    """A label selector of pods that must run before those; empty if there are none."""
    restarts_from_beginning: bool = False
    """Whether a pod that takes the place of another one writes all the lines again."""

    @property
    def pods_path(self) -> str:
        """The API path under which its pods can be watched."""
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
    """The last lines of a container that kept the command from running."""
    log_source: tuple[str, str] | None = None
    """The pod and the container whose log has such lines, where `last_words` are still missing."""
    fleeting: bool = False
    """It was read from a pod that is being deleted, so it cannot be read again later."""
    ends_job: bool = False
    """Its Job does not end by itself."""

    @property
    def plain(self) -> bool:
        """Whether it ended well, and there is nothing to say about it."""
        return self.exit_code == 0 and self.summary in ("", "succeeded")
