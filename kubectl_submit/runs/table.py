"""Formats runs as a table."""

from __future__ import annotations

from collections.abc import Sequence

from kubectl_submit import times
from kubectl_submit.model.run import CANCELLED, FAILED, PENDING, Run
from kubectl_submit.output import printable
from kubectl_submit.runs import documents

COLUMNS = ("NAME", "BACKEND", "WORKERS", "STATE", "AGE", "DURATION", "COMMIT", "CREATED BY")
WIDE = ("IMAGE", "REASON")
# Columns that change with the time alone.
MOVING = ("AGE", "DURATION")
REASON_LENGTH = 40


class Table:
    """Formats aligned lines; later lines keep the column widths of earlier ones."""

    def __init__(self, *, namespaces: bool, wide: bool) -> None:
        self.columns = (*(["NAMESPACE"] if namespaces else []), *COLUMNS, *(WIDE if wide else []))
        self._widths = [0] * len(self.columns)

    def header(self) -> dict[str, str]:
        """The names of the columns, as a row."""
        return {column: column for column in self.columns}

    def lines(self, rows: Sequence[dict[str, str]]) -> list[str]:
        """The rows as aligned lines."""
        cells = [[row[column] for column in self.columns] for row in rows]
        widths = [max(len(cell) for cell in column) for column in zip(*cells, strict=True)]
        self._widths = [
            max(pair) for pair in zip(self._widths, widths or self._widths, strict=True)
        ]
        return [_line(line, self._widths) for line in cells]


def aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """Rows with the same number of cells as aligned lines."""
    cells = [[printable(cell).replace("\n", " ") for cell in row] for row in rows]
    widths = [max(len(cell) for cell in column) for column in zip(*cells, strict=True)]
    return [_line(row, widths) for row in cells]


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    padded = (cell.ljust(width) for cell, width in zip(cells, widths, strict=True))
    return "   ".join(padded).rstrip()


def row(run: Run) -> dict[str, str]:
    """The cells of a run, by column."""
    facts = run.facts
    commit = facts.get("commit", "")[:7] + ("*" if facts.get("dirty") == "true" else "")
    cells = {
        "NAMESPACE": run.namespace,
        "NAME": run.name,
        "BACKEND": run.backend,
        "WORKERS": f"{run.ready}/{run.workers}" if run.main else "-",
        "STATE": state(run),
        "AGE": times.span(times.between(run.created, times.now())),
        "DURATION": times.span(documents.duration(run)),
        "COMMIT": commit or "-",
        "CREATED BY": facts.get("created-by", "-"),
        "IMAGE": facts.get("image", "-"),
        "REASON": run.status.reason or "-",
    }
    return {column: printable(cell).replace("\n", " ") for column, cell in cells.items()}


def state(run: Run) -> str:
    """The state with a short reason: `Failed (33)`, `Pending (Unschedulable)`."""
    status = run.status
    reason = ""
    if status.state == FAILED and status.exit_code != 125:
        reason = str(status.exit_code)
    elif status.state == CANCELLED:
        reason = status.reason
    elif status.state == PENDING:
        reason = status.reason.partition(":")[0]
    return f"{status.state} ({reason[:REASON_LENGTH]})" if reason else status.state
