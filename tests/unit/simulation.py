"""A kubectl without processes and without real time: a test says what it answers.

It is asked and told as a fake program is (programs.py), and is the clock of the loop, too: time
passes only when everybody waits for something.
"""

from __future__ import annotations

import selectors
from collections.abc import Mapping
from typing import Any

from kubectl_submit.process.command import Result
from kubectl_submit.process.event_loop import Loop

from .fakes import program
from .programs import Answer

# How long a kubectl takes until it does something.
START_SECONDS = 0.05
TOO_LONG = 100_000.0
Object = dict[str, Any]


class Call:
    """A running kubectl, as the loop sees it."""

    def __init__(
        self, simulation: Simulation, argv: list[str], answer: Object, begins: float
    ) -> None:
        self.argv = argv[1:]
        self.begins = begins
        self.closed = False
        self._simulation = simulation
        self._parts: list[Object] = list(answer["parts"])
        self._written = b""
        self._result = Result(exit_code=answer["exit_code"], stdout="", stderr=answer["stderr"])
        self._waits_for: list[str] = []

    def fileno(self) -> int:
        raise AssertionError("nobody waits for this with a real selector")

    @property
    def ready(self) -> bool:
        """Whether there is something to read, or the end."""
        self._play()
        return bool(self._written) or not (self._parts or self._waits_for)

    def read(self) -> bytes | None:
        if not self.ready:
            return None
        data, self._written = self._written, b""
        self._simulation.note_written(self.argv, data)
        return data

    def ended(self) -> bool:
        return True

    def finish(self) -> Result:
        self.closed = True
        return self._result

    def ask_to_end(self) -> None:
        pass

    kill = ask_to_end

    def stop(self) -> None:
        self.closed = True

    def _play(self) -> None:
        gates = self._simulation.gates
        if self._simulation.now < self.begins:
            self._waits_for = self._waits_for or ["its start"]
            return
        while True:
            self._waits_for = [
                gate for gate in self._waits_for if gate not in gates and gate != "its start"
            ]
            if self._waits_for or not self._parts or self._written:
                return
            self._play_part(self._parts.pop(0))

    def _play_part(self, part: Object) -> None:
        [(name, value), *_] = part.items()
        if name == "write":
            self._written += value.encode("utf-8", "surrogateescape")
        elif name == "open":
            self._simulation.open(value)
        elif name == "wait":
            self._waits_for = [value]
        else:
            assert name == "logs"
            lines, cut = program.logs(value, self.argv), part["cut"]
            self._written += lines[:cut] if cut else lines
            pods = program.asked_for(value, self.argv)
            for pod in pods:
                self._simulation.open(f"log of {pod}")
            if "--follow" in self.argv and not cut:
                self._waits_for = [f"end of {pod}" for pod in pods]


class Simulation(selectors.BaseSelector):
    """What kubectl answers, and the time."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.gates: set[str] = set()
        self.all_calls: list[Call] = []
        self._rules: list[tuple[list[str], list[Object]]] = []
        self._asked: dict[int, int] = {}
        self._told: dict[str, dict[str, Object]] = {}
        self._unread: dict[str, bytes] = {}
        self._registered: dict[Any, selectors.SelectorKey] = {}

    def loop(self) -> Loop:
        """A loop that waits for these calls only, in this time."""
        return Loop(clock=lambda: self.now, selector=self)

    def sleep(self, seconds: float) -> None:
        """Let time pass, as a reader that pauses."""
        self.now += seconds

    def on(self, *words_and_answers: str | Answer) -> None:
        """Answer so where each word is an argument, as a fake program does."""
        words = [word for word in words_and_answers if isinstance(word, str)]
        answers = [said.as_json for said in words_and_answers if isinstance(said, Answer)]
        self._rules.append((words, answers))

    def open(self, gate: str) -> None:
        """Open a gate."""
        self.gates.add(gate)

    def calls(self, *words: str) -> list[Call]:
        """The calls that have each of these words in their arguments."""
        return [call for call in self.all_calls if program.fits(list(words), call.argv)]

    def call(self, *words: str) -> Call:
        """The one call that has these words."""
        [found] = self.calls(*words)
        return found

    @property
    def running(self) -> list[list[str]]:
        """The arguments of calls that have not ended."""
        return [call.argv for call in self.all_calls if not call.closed]

    def start(self, argv: list[str], *, env: Mapping[str, str] | None = None) -> Call:
        """Start a kubectl (in place of Stream)."""
        call = Call(self, argv, self._answer(argv[1:]), self.now + START_SECONDS)
        self.all_calls.append(call)
        return call

    def note_written(self, argv: list[str], data: bytes) -> None:
        """A watch has told of objects, which a list has from now on."""
        path = program.path_of(argv)
        if not path or program.is_list(argv):
            return
        whole, end, rest = (self._unread.get(path, b"") + data).rpartition(b"\n")
        self._unread[path] = rest
        text = (whole + end).decode()
        for obj in program.objects_of(text):
            self._told.setdefault(path, {})[obj["metadata"]["uid"]] = obj
        for obj in program.objects_of(text, "DELETED"):
            self._told[path].pop(obj["metadata"]["uid"])

    def _answer(self, argv: list[str]) -> Object:
        fitting = [one for one, rule in enumerate(self._rules) if program.fits(rule[0], argv)]
        if not fitting:
            return Answer(stderr=f"the simulation has no answer to {argv}", exit_code=97).as_json
        number = fitting[-1]
        answers = self._rules[number][1]
        answer = answers[min(self._asked.get(number, 0), len(answers) - 1)]
        path = program.path_of(argv)
        if program.is_list(argv) and program.is_watch_answer(answer):
            found = program.first_objects(argv, answers)
            if path in self._told:
                found = list(self._told[path].values())
            return Answer(program.list_of(found)).as_json
        self._unread.pop(path, None)
        self._asked[number] = self._asked.get(number, 0) + 1
        return answer

    def register(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        key = selectors.SelectorKey(fileobj, 0, events, data)
        self._registered[fileobj] = key
        return key

    def unregister(self, fileobj: Any) -> selectors.SelectorKey:
        return self._registered.pop(fileobj)

    def get_map(self) -> Any:
        return self._registered

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """Let time pass until a call has something to say, or for so long."""
        until = TOO_LONG if timeout is None else self.now + timeout
        while True:
            ready = [key for call, key in self._registered.items() if _is_ready(call)]
            if ready:
                return [(key, selectors.EVENT_READ) for key in ready]
            starts = [
                call.begins
                for call in self._registered
                if isinstance(call, Call) and call.begins > self.now
            ]
            if not starts or min(starts) > until:
                assert until < TOO_LONG, f"everybody waits for ever: {self.running}"
                self.now = max(self.now, until)
                return []
            self.now = min(starts)


def _is_ready(call: Any) -> bool:
    return isinstance(call, Call) and call.ready
