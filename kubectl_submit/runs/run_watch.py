"""Watches runs, with one watch for each kind of object."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from kubectl_submit.cluster.kubectl import Kubectl
from kubectl_submit.cluster.kubectl_errors import error_kind
from kubectl_submit.cluster.object_watch import NO_MORE, ObjectWatch
from kubectl_submit.model.objects import Object
from kubectl_submit.model.run import Run
from kubectl_submit.process.command import Result
from kubectl_submit.process.event_loop import Loop
from kubectl_submit.runs import from_objects as states
from kubectl_submit.runs import lookup

CONTACT_SECONDS = 300.0
# Changes within this time are reported together.
GATHER_SECONDS = 0.1


class RunWatch:
    """Reports the current runs of a namespace, or (None) of all, on each change."""

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
        self._on_change = on_change
        self._all = not selector
        self._objects = states.Objects()
        self._reporting = False
        self._unlisted = set(lookup.resources())
        for what in lookup.resources():
            ObjectWatch(
                loop,
                kubectl,
                lookup.path(what, namespace),
                lookup.query(what, selector),
                partial(self._note, what),
                needed=True,
                contact_seconds=CONTACT_SECONDS,
                on_listed=partial(self._listed, what),
                on_refused=partial(self._do_without, what),
            ).start()

    def _note(self, what: str, change: str, obj: Object) -> None:
        known = self._objects.of_kind[what]
        uid = obj["metadata"]["uid"]
        if change not in NO_MORE:
            known[uid] = obj
        elif what != lookup.PODS or obj.get("status", {}).get("phase") != "Failed":
            known.pop(uid, None)  # the exit code of a failed pod still counts
        self._report_soon()

    def _listed(self, what: str) -> None:
        self._unlisted.discard(what)
        self._report_soon()

    def _do_without(self, what: str, result: Result) -> bool:
        """Whether the watch can do without a kind that is missing or may not be read."""
        fine = what != lookup.NEEDED and lookup.absent(error_kind(result.stderr))
        if fine:
            self._objects.absent.add(what)
            self._listed(what)
        return fine

    def _report_soon(self) -> None:
        """Report the changes, once each kind has been listed."""
        if not (self._reporting or self._unlisted):
            self._reporting = True
            self._loop.later(GATHER_SECONDS, self._report)

    def _report(self) -> None:
        self._reporting = False
        self._on_change(states.runs(self._objects, all_of_a_build=self._all))
