"""Watches runs: three watches, however many runs there are."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from functools import partial

from kubectl_submit import runs
from kubectl_submit.errors import ClusterError
from kubectl_submit.kubectl import Kubectl, Object
from kubectl_submit.loop import Loop
from kubectl_submit.object_watch import ObjectWatch
from kubectl_submit.run import Run
from kubectl_submit.states import runs as states

CONTACT_SECONDS = 300.0
# What changes together is told together.
GATHER_SECONDS = 0.1
CHECK_SECONDS = 1.0


class RunWatch:
    """The runs of a namespace, or (None) of all, as they are now."""

    def __init__(
        self,
        loop: Loop,
        kubectl: Kubectl,
        namespace: str | None,
        on_change: Callable[[list[Run]], None],
        *,
        selector: str = "",
    ) -> None:
        self._loop = loop
        self._read = partial(runs.read_objects, kubectl, namespace, selector)
        self._on_change = on_change
        self._all = not selector
        self._objects = self._read()
        self._telling = False
        self._watches = [
            self._watch(kubectl, what, namespace, selector)
            for what in runs.RESOURCES
            if what not in self._objects.absent
        ]
        self._begun = self._beginnings
        loop.later(0, self._tell)
        loop.later(CHECK_SECONDS, self._check)

    def _watch(
        self, kubectl: Kubectl, what: str, namespace: str | None, selector: str
    ) -> ObjectWatch:
        watch = ObjectWatch(
            self._loop,
            lambda: kubectl.watch(runs.path(what, namespace), **runs.query(what, selector)),
            partial(self._note, what),
            needed=True,
            contact_seconds=CONTACT_SECONDS,
        )
        watch.start()
        return watch

    @property
    def _beginnings(self) -> list[float]:
        return [watch.begun for watch in self._watches]

    def _note(self, what: str, change: str, obj: Object) -> None:
        known: dict[str, Object] = getattr(self._objects, what)
        uid = obj["metadata"]["uid"]
        if change != "DELETED":
            known[uid] = obj
        elif what != "pods" or obj.get("status", {}).get("phase") != "Failed":
            known.pop(uid, None)  # of a pod that failed, the exit code still counts
        if not self._telling:
            self._telling = True
            self._loop.later(GATHER_SECONDS, self._tell)

    def _tell(self) -> None:
        self._telling = False
        self._on_change(states.runs(self._objects, all_of_a_build=self._all))

    def _check(self) -> None:
        """What was deleted while a watch was cut is not told by the next one."""
        self._loop.later(CHECK_SECONDS, self._check)
        beginnings = self._beginnings
        if self._begun == beginnings or any(one.out_of_contact for one in self._watches):
            return
        with contextlib.suppress(ClusterError):  # how long it is out of reach is counted elsewhere
            self._objects = self._read()
            self._begun = beginnings
            self._tell()
