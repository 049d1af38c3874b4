"""Reads the log of docker buildx: which steps there are, and how each ends. Pure.

This is `--progress=plain`, as util/progress/progressui/printer.go of moby/buildkit writes it (read
at v0.32.2; display.go beside it writes the lines of steps and, at the end, those of failed ones):

    #0 building with "build" instance using remote driver
    #7 [2/3] RUN make                 a step begins, or goes on after lines of another one
    #7 0.105 cc main.c                what its program writes, and after how many seconds
    #7 extracting sha256:1f… 2.9s done    what BuildKit does for it
    #7 ...                            lines of another step follow
    #7 CACHED | DONE 3.1s | CANCELED | ERROR: why     it has ended; it may begin again

`rawjson` says the same, but nobody could read it with `kubectl logs`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

NUMBERED = re.compile(rb"#(\d+) (.*)", re.DOTALL)
ENDED = re.compile(r"(CACHED|DONE|CANCELED|ERROR:)(?: (?:([\d.]+)s$|(.*)))?$", re.DOTALL)
WRITTEN = re.compile(r"\d+\.\d{1,3} (.*)", re.DOTALL)
ACTIVITY = re.compile(
    r"(?P<what>.+?)(?P<bytes> [\d.]+[kMGTP]?B(?: / [\d.]+[kMGTP]?B)?)?(?: (?P<seconds>[\d.]+)s)?"
    r"(?P<done> done)?$"
)
LAYER = re.compile(r"sha256:[0-9a-f]{64}$")
OF_DOCKERFILE = re.compile(r"(?:\[(?:[^\]]* )?\d+/\d+\] (\w+)|(FROM) )")
RULE = b"------"


@dataclass(eq=False, kw_only=True)
class Step:
    """A step of a build: an instruction of the Dockerfile, or what BuildKit does beside them."""

    name: str
    ended: bool = False
    cached: bool = False
    canceled: bool = False
    error: str = ""
    """Why it failed."""
    seconds: float = 0.0
    """How long it ran, as BuildKit says at its end; with all times that it began again."""
    doing: str = ""
    """The last that was said of it."""
    written: list[bytes] = field(default_factory=list)
    """The lines that its program has written; forgotten when it ends well."""
    wrote: bool = False
    """Whether its program has written anything."""
    pulled: bool = False
    """Whether layers were pulled for it."""
    unpacked: dict[str, float] = field(default_factory=dict)
    """The layers that were unpacked for it, with the seconds that this took."""

    @property
    def instruction(self) -> str:
        """`RUN`, `COPY` and so on; empty for a step that is none of the Dockerfile's."""
        found = OF_DOCKERFILE.match(self.name)
        return found[1] or found[2] if found else ""

    @property
    def text(self) -> str:
        """The instruction with its arguments."""
        return self.name.partition("] ")[2]

    @property
    def from_cache(self) -> bool:
        """Whether it had been built before.

        If its layers are pulled at once, BuildKit no longer says CACHED. But the layers of a step
        that runs are not pulled.
        """
        silent = self.pulled and not self.wrote
        return self.cached or (silent and self.instruction not in ("", "FROM"))

    @property
    def unpacking(self) -> float:
        """The seconds that went into unpacking layers for it."""
        return sum(self.unpacked.values())


class BuildLog:
    """The steps of a build, as far as its log has been read."""

    def __init__(self) -> None:
        self.steps: list[Step] = []
        """In the order in which they began; of the last build, if there are several."""
        self._began = False
        self._after_the_end: list[bytes] | None = None
        """The lines of a failed step that are repeated at the end."""

    def read(self, line: bytes) -> Step | bytes | None:
        """Read a line, without its newline.

        Returns the step that has now ended or begun (perhaps again); the line itself, if it is none
        of BuildKit's; or None.
        """
        numbered = NUMBERED.match(line)
        if numbered:
            return self._read(line, int(numbered[1]), numbered[2])
        if self._after_the_end is not None:
            self._after_the_end.append(line)
            return self._repeated() if line == RULE else None
        if line == RULE and any(step.error for step in self.steps):
            self._after_the_end = []
            return None
        return None if self._began and not line.strip() else line

    def _read(self, line: bytes, number: int, rest: bytes) -> Step | bytes | None:
        text = rest.decode("utf-8", "replace")
        if number == 0:  # a build begins
            self._began = True
            self.steps = []
            return None
        if number == len(self.steps) + 1:
            self.steps.append(Step(name=text))
            return self.steps[-1]
        if number > len(self.steps):  # its beginning was not read
            return line
        step = self.steps[number - 1]
        if text == step.name:
            step.ended = False
            return step
        return _note(step, text, rest)

    def _repeated(self) -> bytes | None:
        """The end of what is repeated: nothing, if it is known from the step itself."""
        lines, self._after_the_end = self._after_the_end or [], None
        names = (f" > {step.name}:".encode() for step in self.steps if step.error)
        return None if lines[0] in names else b"\n".join([RULE, *lines])

    def rest(self) -> list[bytes]:
        """What was kept back, if the log ends too early."""
        lines, self._after_the_end = self._after_the_end or [], None
        return lines


def _note(step: Step, text: str, rest: bytes) -> Step | None:
    written = WRITTEN.match(text)
    if written:
        step.wrote = True
        step.doing = written[1]
        step.written.append(rest.split(b" ", 1)[1])
        return None
    ended = ENDED.match(text)
    if ended:
        _note_end(step, ended)
        return step
    if text != "...":
        step.doing = text
        _note_activity(step, text)
    return None


def _note_end(step: Step, ended: re.Match[str]) -> None:
    word, seconds, why = ended.groups()
    step.ended = True
    step.doing = ""
    step.cached = step.cached or word == "CACHED"
    step.canceled = word == "CANCELED"
    step.seconds = float(seconds) if seconds else step.seconds
    if word == "ERROR:":
        step.error = why or seconds or "unknown"
    else:
        step.written.clear()


def _note_activity(step: Step, text: str) -> None:
    """Note the time of unpacking, and which layers are pulled."""
    found = ACTIVITY.match(text)
    layer = found["what"].removeprefix("extracting ") if found else ""
    if found and LAYER.match(layer):
        if layer == found["what"]:
            step.pulled = True
        elif found["done"]:
            step.unpacked[layer] = float(found["seconds"] or 0)
