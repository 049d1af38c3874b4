"""Runs `list`; its options are declared in cli/options/subcommands/list.py."""

from __future__ import annotations

from kubectl_submit.cli.options.subcommands.list import ListOptions
from kubectl_submit.cluster.kubectl import Kubectl
from kubectl_submit.cluster.namespace import current_namespace
from kubectl_submit.error_codes import ErrorCode
from kubectl_submit.errors import UsageError
from kubectl_submit.model.run import Run
from kubectl_submit.output import Output
from kubectl_submit.process.event_loop import Loop
from kubectl_submit.runs import documents, lookup
from kubectl_submit.runs.run_watch import RunWatch
from kubectl_submit.runs.table import MOVING, Table, row
from kubectl_submit.source import identity


def run(options: ListOptions, words: tuple[str, ...], output: Output) -> int:
    """Show the runs and return 0. Raises ClusterError, UsageError."""
    kubectl = Kubectl.from_options(options)
    selector = identity.mine() if options.mine else ""
    namespace = None if options.all_namespaces else current_namespace(kubectl)
    table = Table(namespaces=options.all_namespaces, wide=options.output == "wide")
    if options.watch:
        if options.output not in (None, "wide"):
            raise UsageError(
                f"--watch writes a table, so it cannot be used with -o {options.output}",
                code=ErrorCode.WATCH_NEEDS_TABLE,
            )
        _watch(kubectl, namespace, selector, table, output)
        return 0
    found = lookup.read(kubectl, namespace, selector)
    if options.output in ("json", "yaml"):
        output.data([documents.text(documents.list_document(found), options.output)])
    elif options.output == "name":
        output.data(run.id for run in found)
    elif found:
        output.data(table.lines([table.header(), *map(row, found)]))
    else:
        where = f"in {namespace}" if namespace else "in any namespace"
        output.status(f"no runs {where}")
    return 0


def _watch(
    kubectl: Kubectl, namespace: str | None, selector: str, table: Table, output: Output
) -> None:
    """Show the runs, and each changed run again, until stdout is closed."""
    shown: dict[tuple[str, str], dict[str, str]] = {}
    first, read, loop = [table.header()], True, Loop()

    def show(found: list[Run]) -> None:
        nonlocal read
        rows = first.copy()
        first.clear()
        for one in found:
            cells = row(one)
            lasting = {column: cell for column, cell in cells.items() if column not in MOVING}
            key = (one.namespace, one.name)
            if shown.get(key) != lasting:
                shown[key] = lasting
                rows.append(cells)
        read = output.data(table.lines(rows))

    try:
        RunWatch(loop, kubectl, namespace, show, selector=selector)
        while read:
            loop.run_once()
    finally:
        loop.close()
