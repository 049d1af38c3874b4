"""Lists objects and watches their changes, across cut connections.

It works like client-go's reflector: list, compare with the known objects, and watch from the
version of the list. A watch that was cut restarts from the last version. If the server no longer
knows that version (410 Gone), it lists again, and reports objects that are gone as MISSING.
"""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlencode

from kubectl_submit.cluster import api_answers
from kubectl_submit.cluster.contact import Contact
from kubectl_submit.cluster.kubectl import Kubectl
from kubectl_submit.cluster.kubectl_errors import REFUSED, error_kind
from kubectl_submit.error_codes import ErrorCode
from kubectl_submit.errors import ClusterError, ClusterErrorKind
from kubectl_submit.model.objects import Object
from kubectl_submit.process.command import Result
from kubectl_submit.process.event_loop import Loop, Readable

FIRST_PAUSE = 0.2
LONGEST_PAUSE = 10.0
REFUSALS = (*REFUSED, ClusterErrorKind.NOT_LOGGED_IN)
CHANGES = ("ADDED", "MODIFIED", "DELETED")
MISSING = "MISSING"
"""The change of an object that a new list lacks; its last state is unknown."""
NO_MORE = ("DELETED", MISSING)

OnChange = Callable[[str, Object], None]


class ObjectWatch:
    """The objects of one kind that a query finds, and their changes."""

    def __init__(  # noqa: PLR0913 (the callbacks)
        self,
        loop: Loop,
        kubectl: Kubectl,
        path: str,
        query: dict[str, str],
        on_change: OnChange,
        *,
        needed: bool,
        contact_seconds: float,
        on_listed: Callable[[], None] = lambda: None,
        on_refused: Callable[[Result], bool] = lambda result: False,
    ) -> None:
        """`needed`: raise an error if the watch is impossible; else report nothing.

        `on_listed` is called after all existing objects were reported. `on_refused` returns True if
        the caller can do without these objects.
        """
        self.contact = Contact(contact_seconds if needed else None)
        self._loop = loop
        self._kubectl = kubectl
        self._path = path
        self._query = query
        self._on_change = on_change
        self._on_listed = on_listed
        self._on_refused = on_refused
        self._needed = needed
        self._known: dict[str, Object] = {}
        self._version = ""
        self._stream: Readable | None = None
        self._stopped = False
        self._begun = 0.0
        self._worked: set[str] = set()
        self._rest: list[bytes] = []
        self._pause = FIRST_PAUSE

    def start(self) -> None:
        """Start or restart: from the last version, or with a list."""
        if self._stopped:
            return
        self._rest = []
        self._begun = self._loop.now
        if self._version:
            self._stream = self._kubectl.watch(
                self._path, **self._query, resourceVersion=self._version
            )
            self._loop.read(
                self._stream, self._on_events, lambda result: self._end("watch", result)
            )
        else:
            question = urlencode(self._query)
            self._stream = self._kubectl.read(f"{self._path}?{question}")
            self._loop.read(self._stream, self._rest.append, self._on_list)

    def stop(self) -> None:
        """Stop; no further changes are reported."""
        self._stopped = True
        if self._stream:
            self._loop.drop(self._stream)
        self._stream = None

    def _on_list(self, result: Result) -> None:
        if result.exit_code != 0:
            self._end("list", result)
            return
        try:
            found = api_answers.parsed(b"".join(self._rest), "items", "metadata")
            objects = {api_answers.uid(obj): obj for obj in found["items"] or []}
        except api_answers.NotAnAnswerError as error:
            self._end("list", Result(exit_code=1, stdout="", stderr=str(error)))
            return
        self._worked.add("list")
        self.contact.note_list()
        self._version = str(found["metadata"].get("resourceVersion", ""))
        self._compare(objects)
        self._on_listed()
        self.start() if self._version else self._again()

    def _compare(self, objects: dict[str, Object]) -> None:
        for uid in self._known.keys() - objects.keys():
            self._tell(MISSING, uid, self._known[uid])
        for uid, obj in objects.items():
            if uid not in self._known:
                self._tell("ADDED", uid, obj)
            elif api_answers.may_differ(obj, self._known[uid]):
                self._tell("MODIFIED", uid, obj)

    def _tell(self, change: str, uid: str, obj: Object) -> None:
        if change in NO_MORE:
            self._known.pop(uid, None)
        else:
            self._known[uid] = obj
        self._on_change(change, obj)

    def _on_events(self, data: bytes) -> None:
        """One JSON event a line: `{"type": "ADDED", "object": …}` (watch events of the API)."""
        *lines, rest = (b"".join([*self._rest, data])).split(b"\n")
        self._rest = [rest]
        for line in lines:
            if not self._stream or self._stream.closed:
                return
            try:
                self._on_event(api_answers.parsed(line, "type", "object"))
            except api_answers.NotAnAnswerError as error:
                self._loop.drop(self._stream)
                self._version = ""
                self._end("watch", Result(exit_code=1, stdout="", stderr=str(error)))
                return

    def _on_event(self, event: Object) -> None:
        self._pause = FIRST_PAUSE
        self.contact.note_answer()
        self._worked.add("watch")
        obj = event["object"]
        if event["type"] == "ERROR":
            self._version = ""
        elif event["type"] in CHANGES:
            uid = api_answers.uid(obj)
            self._version = api_answers.version(obj) or self._version
            self._tell(event["type"], uid, obj)

    def _end(self, what: str, result: Result) -> None:
        """A list has failed, or a watch has ended."""
        self._stream = None
        # Where it worked before, it may work again: with a new token, a server that has started.
        if what not in self._worked and result.exit_code != 0:
            if self._on_refused(result):
                self.stop()
                return
            if error_kind(result.stderr) in REFUSALS:
                self._refuse(result)
                return
        if result.exit_code != 0 and not self._rest:
            self._version = ""
        self.contact.note_end(what, result, self._begun, self._loop.now)
        self._again()

    def _refuse(self, result: Result) -> None:
        self.stop()
        if self._needed:
            raise ClusterError(
                "you may not watch jobs; the job keeps running",
                code=ErrorCode.WATCH_NOT_ALLOWED,
                last_words=result.stderr,
                remedy="Ask for the permission to list and watch jobs and pods.",
            )

    def _again(self) -> None:
        self._loop.later(self._pause, self.start)
        self._pause = min(self._pause * 2, LONGEST_PAUSE)
