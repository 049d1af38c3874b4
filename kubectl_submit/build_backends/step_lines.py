"""Writes a line for each step of a build that has ended, and shows those that run."""

from __future__ import annotations

import re
import time

from kubectl_submit import drawing
from kubectl_submit.build_backends import build_report
from kubectl_submit.build_backends.buildkit_log import Step
from kubectl_submit.output import Output, WorkerLines, printable, width

# Where no terminal shows what runs, a line says so after this time, then after twice as much.
LONG_SECONDS = 10.0
STILL_RUNNING = " (still running)"
ROWS = 5
ESCAPES = re.compile(r"\x1b(\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(\x07|\x1b\\)|.)")


class StepLines:
    """The lines of the steps of one build."""

    def __init__(self, output: Output, shown: WorkerLines) -> None:
        self._output = output
        self._shown = shown
        self._current: dict[Step, float] = {}
        """The steps that run, and when each began (monotonic, in seconds).

        Also those that have ended, but may begin again: what is pulled for the next step counts
        for the one before it.
        """
        self._told: set[Step] = set()
        self._await_news()

    def note(self, step: Step) -> None:
        """Note that a step has begun or ended."""
        if not step.ended:
            if step not in self._current and step.instruction != "FROM":
                self.tell_ended()
            if not any(not one.ended for one in self._current):
                self._await_news()
            self._current.setdefault(step, time.monotonic())
        elif step.error:
            self.tell_ended()
            self._show_written(step)

    def show_running(self) -> None:
        """Show what runs now: on a terminal, or elsewhere what runs for long."""
        if not self._current or self._output.quiet:
            return
        if drawing.possible():
            self._output.draw(self._rows)
        elif time.monotonic() - self._told_at >= self._patience:
            self._tell_of_long_step()

    def tell_ended(self) -> None:
        """Write the lines of the steps that have ended."""
        for step in [step for step in self._current if step.ended]:
            del self._current[step]
            self._tell(step)

    def show_unfinished(self) -> None:
        """Show what the steps have written that had not ended when the build did."""
        for step in self._current:
            self._show_written(step)

    def _tell(self, step: Step) -> None:
        if step in self._told or not build_report.is_told(step):
            return
        if step.error:
            self._output.error(build_report.line(step))
        else:
            self._output.status(build_report.line(step, width=width()))
        self._told.add(step)
        self._await_news()

    def _await_news(self) -> None:
        self._told_at = time.monotonic()
        self._patience = LONG_SECONDS

    def _tell_of_long_step(self) -> None:
        now = self._told_at = time.monotonic()
        self._patience *= 2
        for step, begun in self._current.items():
            if not step.ended:
                room = width() - len(STILL_RUNNING)
                text = build_report.line(step, now - begun, width=room)
                self._output.status(text + STILL_RUNNING)
                return

    def _show_written(self, step: Step) -> None:
        """Show what the program of a step has written."""
        if step.written:
            self._shown.lines(0, b"".join(b"  %s\n" % line for line in step.written))
        step.written.clear()

    def _rows(self) -> list[str]:
        """The steps on the terminal, each with the last line of it. Another thread calls this."""
        rows = []
        shown = [one for one in list(self._current) if not one.ended or build_report.is_told(one)]
        for step in shown[-ROWS:]:
            begun = self._current.get(step, 0.0)
            seconds = None if step.ended else time.monotonic() - begun
            rows.append(build_report.line(step, seconds, width=width()))
            if step.doing:
                rows.append(f"{'':10}{last_words(build_report.doing(step))}")
        return [build_report.cut(printable(row), width()) for row in rows]


def last_words(text: str) -> str:
    """What a terminal would show in the end of a line with escapes and carriage returns."""
    shown = ESCAPES.sub("", text).rstrip("\r").rpartition("\r")[2]
    return " ".join(shown.split())
