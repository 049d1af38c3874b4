"""The values after the execution box: what was started, and how it ended."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Execution:
    """What a backend started in the cluster, as far as its lines and its end need to know."""

    kind: str
    """As kubectl says it: `job`, `rayjob`."""
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
    crew_selector: str = ""
    """A label selector of pods that must run before those; empty if there are none."""
    retold: bool = False
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
    """For people: `worker 2 exited 33; 3 others stopped`."""
    last_message: str = ""
    """The termination message of the deciding worker: at most 4096 bytes."""
