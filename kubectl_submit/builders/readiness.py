"""Waits until a builder is ready, and says what it waits for."""

from __future__ import annotations

from collections.abc import Callable

from kubectl_submit.builders import state
from kubectl_submit.builders.manifest import CONTAINER
from kubectl_submit.builders.place import Place
from kubectl_submit.cluster.kubectl_errors import REFUSED, error_kind
from kubectl_submit.cluster.object_watch import NO_MORE, ObjectWatch
from kubectl_submit.error_codes import ErrorCode
from kubectl_submit.errors import ClusterError, PendingTimeoutError, SubmitError
from kubectl_submit.following.no_pod import no_pod_reason
from kubectl_submit.model.objects import Object
from kubectl_submit.model.pods import pod_state
from kubectl_submit.output import Output
from kubectl_submit.process.command import Result
from kubectl_submit.process.event_loop import Loop

CONTACT_SECONDS = 300.0
WITHOUT_STORAGE = (
    "Name a class that makes volumes with --storage-class (see `kubectl get storageclass`), make a "
    "PersistentVolume, or use the disk of the node with --storage 0."
)


def wait(place: Place, seconds: int | None, output: Output, *, new: bool, remedy: str = "") -> None:
    """Wait until a builder is ready.

    `new`: it was just made, so that what has gone wrong goes wrong each time. Raises
    PendingTimeoutError after so many seconds (None: never), ClusterError for a builder that can
    never run, or that is deleted; both with this remedy.
    """
    loop = Loop()
    try:
        waiter = _Waiter(loop, place, output, new=new)
        if seconds:
            loop.later(seconds, lambda: waiter.give_up(seconds))
        while not waiter.ready:
            loop.run_once()
        output.waiting("")
    except SubmitError as error:
        error.remedy = error.remedy or remedy
        raise
    finally:
        loop.close()


class _Waiter:
    """Watches the objects of a builder."""

    def __init__(self, loop: Loop, place: Place, output: Output, *, new: bool) -> None:
        self.ready = False
        self._loop = loop
        self._kubectl = place.kubectl
        self._name = place.name
        self._output = output
        self._new = new
        self._stateful_set: Object | None = None
        self._claim = ""
        self._pods: dict[str, Object] = {}
        self._events: dict[str, str] = {}
        self._unbound: dict[str, str] = {}
        self._refused: dict[str, str] = {}
        core = f"/api/v1/namespaces/{place.namespace}"
        stateful_sets = f"/apis/apps/v1/namespaces/{place.namespace}/statefulsets"
        selected = {"labelSelector": place.selector}
        self._watch(stateful_sets, selected, self._note_stateful_set, self._do_without)
        self._watch(f"{core}/pods", selected, self._note_pod)
        self._watch(f"{core}/persistentvolumeclaims", selected, self._note_claim)
        for about in (place.name, f"{place.name}-0"):
            named = {"fieldSelector": f"involvedObject.name={about}"}
            self._watch(f"{core}/events", named, self._note_event)

    def give_up(self, seconds: int) -> None:
        """Raise PendingTimeoutError."""
        raise PendingTimeoutError(
            f"the builder {self._name} was not ready within {seconds} seconds",
            code=ErrorCode.BUILDER_NOT_READY,
            last_words=self._reason(),
        )

    def _watch(
        self,
        path: str,
        query: dict[str, str],
        note: Callable[[str, Object], None],
        on_refused: Callable[[Result], bool] = lambda result: error_kind(result.stderr) in REFUSED,
    ) -> None:
        def on_change(change: str, obj: Object) -> None:
            note(change, obj)
            self._look()

        ObjectWatch(
            self._loop,
            self._kubectl,
            path,
            query,
            on_change,
            needed=True,
            contact_seconds=CONTACT_SECONDS,
            on_refused=on_refused,
        ).start()

    def _do_without(self, result: Result) -> bool:
        """Whoever may not watch it does not wait: its builds do."""
        self.ready = error_kind(result.stderr) in REFUSED
        return self.ready

    def _note_stateful_set(self, change: str, obj: Object) -> None:
        if change in NO_MORE:
            raise ClusterError(
                f"the builder {self._name} was deleted", code=ErrorCode.BUILDER_NOT_FOUND
            )
        self._stateful_set = obj

    def _note_pod(self, change: str, obj: Object) -> None:
        self._pods.pop(obj["metadata"]["uid"], None)
        if change not in NO_MORE:
            self._pods[obj["metadata"]["uid"]] = obj

    def _note_claim(self, change: str, obj: Object) -> None:
        waits = change not in NO_MORE and obj.get("status", {}).get("phase") == "Pending"
        self._claim = obj["metadata"]["uid"] if waits else ""

    def _note_event(self, change: str, event: Object) -> None:
        uid = event.get("involvedObject", {}).get("uid", "")
        message, for_ever = no_pod_reason(event)
        if state.is_unbound(event):
            self._unbound[uid] = str(event.get("message", ""))
        elif for_ever and self._new:
            self._refused[uid] = message
        elif event.get("type") == "Warning" and event.get("reason") != "Unhealthy":
            self._events[uid] = message or f"{event.get('reason')}: {event.get('message', '')}"

    def _look(self) -> None:
        """Whether it is ready; else say why not. Raises ClusterError where it never will be."""
        if self._stateful_set and state.is_ready(self._stateful_set):
            self.ready = True
            return
        pod = state.newest(self._pods.values())
        failure = self._failure(pod) if pod else self._refused.get(self._uid(), "")
        if failure:
            raise ClusterError(
                f"the builder {self._name} cannot run",
                code=ErrorCode.BUILDER_CANNOT_RUN,
                last_words=failure,
            )
        if self._new and self._claim in self._unbound:
            raise ClusterError(
                f"there is no volume for the claim {self._name}",
                code=ErrorCode.BUILDER_WITHOUT_STORAGE,
                last_words=self._unbound[self._claim],
                remedy=WITHOUT_STORAGE,
            )
        self._output.waiting(f"builder {self._name}: {self._reason()}")

    def _failure(self, pod: Object) -> str:
        """Why a pod will never be ready; empty while it may be."""
        crash = state.crash(pod) if self._new else ""
        return crash or pod_state(pod, CONTAINER).start_failure

    def _reason(self) -> str:
        pod = state.newest(self._pods.values())
        return state.waits_for(self._stateful_set, pod, self._events)

    def _uid(self) -> str:
        return self._stateful_set["metadata"]["uid"] if self._stateful_set else ""
