"""Formats the details of a run for people. Pure."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence

from kubectl_submit import shell, times
from kubectl_submit.model.pods import PodState
from kubectl_submit.model.run import Run
from kubectl_submit.model.run_details import RunDetails
from kubectl_submit.output import printable
from kubectl_submit.runs import documents
from kubectl_submit.runs.next_commands import typed
from kubectl_submit.runs.table import aligned

MOST_EVENTS = 10


def lines(details: RunDetails, flags: Sequence[str]) -> Iterator[str]:
    """What to show; `flags` are kubectl's own, as the user gave them."""
    run = details.run
    yield printable(_headline(run))
    facts = [[f"  {key}", value] for key, value in _facts(run) if value]
    yield from _command(run, max((len(key) for key, _ in facts), default=0))
    yield from aligned(facts)
    yield from (printable(f"    {line}") for line in run.facts.get("changes", "").splitlines())
    yield ""
    rows = [
        [phase.name, times.span(phase.seconds), phase.begin, phase.end or "-"]
        for phase in details.phases
    ]
    yield from aligned([["PHASE", "TIME", "FROM", "TO"], *rows])
    if details.workers or details.gone:
        yield ""
        head = ["WORKER", "STATE", "EXIT CODE", "REASON", "STARTED", "ENDED", "POD", "NODE"]
        rows = [_worker(pod, node) for pod, node in details.workers]
        rows += [[str(rank), "gone", "-", why, "-", "-", "-", "-"] for rank, why in details.gone]
        yield from aligned([head, *sorted(rows, key=lambda row: int(row[0]))])
    warnings = [event for event in details.events if event.warning][-MOST_EVENTS:]
    if warnings:
        yield ""
        yield from aligned(
            [["WARNING", "ABOUT", ""], *([one.time, one.about, one.text] for one in warnings)]
        )
    yield ""
    yield f"Next: {_next(run, flags)}"


def _headline(run: Run) -> str:
    status = run.status
    reason = f": {status.reason}" if status.reason else ""
    return f"{run.id} in {run.namespace}: {status.state}{reason}"


def _facts(run: Run) -> Iterator[tuple[str, str]]:
    facts = run.facts
    where = " of ".join(filter(None, [facts.get("branch", ""), facts.get("remote", "")]))
    dirty = ", with uncommitted changes" if facts.get("dirty") == "true" else ""
    yield "image", facts.get("image", "")
    yield "commit", " ".join(filter(None, [facts.get("commit", ""), where])) + dirty
    yield "created by", facts.get("created-by", "")
    yield "cancelled by", facts.get("cancelled-by", "")


def _command(run: Run, width: int) -> Iterator[str]:
    """The command, ready to paste into a shell; shortened if it was too long to record."""
    argv, cut = documents.command(run), documents.command_cut(run)
    if cut:
        yield f"{'  command':{width}}   {printable(shlex.join(argv))}"
        shown = (f"{key}: {cut.get(key)}" for key in ("arguments", "bytes", "sha256"))
        yield printable(f"{'':{width}}   shortened here ({', '.join(shown)})")
    elif argv:
        yield f"{'  command':{width}}   {shell.join(argv)}"


def _worker(pod: PodState, node: str) -> list[str]:
    if pod.ended:
        shown = "failed" if pod.failed else "succeeded"
    else:
        shown = "running" if pod.started else "waiting"
    code = "-" if pod.exit_code is None else str(pod.exit_code)
    reason = pod.reason or pod.start_failure or pod.waiting
    timestamps = [pod.started_at or "-", pod.finished_at or "-"]
    return [str(pod.rank), shown, code, reason or "-", *timestamps, pod.name, node or "-"]


def _next(run: Run, flags: Sequence[str]) -> str:
    """The command that the user will most likely type next."""
    words = ["logs", *([] if run.main else ["--build"]), *([] if run.has_ended else ["-f"])]
    return typed(" ".join(words), run.name, run.namespace, flags)
