"""Shows the runs in a namespace.

The newest run comes last. What is shown stands in the cluster, on the objects of each run; nothing
is stored on this machine."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from kubectl_submit.cli.options import kubectl_flags
from kubectl_submit.cli.options.declaration import option
from kubectl_submit.cli.options.subcommand import SubcommandOptions
from kubectl_submit.cli.options.submit import DOCUMENTS
from kubectl_submit.errors import UsageError

if TYPE_CHECKING:  # what --help need not wait for is imported where it is used
    from kubectl_submit.cluster.kubectl import Kubectl
    from kubectl_submit.model.run import Run
    from kubectl_submit.output import Output
    from kubectl_submit.runs.table import Table

WORDS = ""
EXAMPLES = """\
# The runs in the namespace
kubectl submit list

# Your own in all namespaces, as they change
kubectl submit list --mine -A -w

# The names of all, for a script
kubectl submit list -o name
"""


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)  # repr would show --token
class OPTIONS(SubcommandOptions):
    """The options of `list`."""

    mine: bool = option(
        "Runs", "--mine", is_flag=True, default=False, configurable=False, help="Only my own."
    )
    all_namespaces: bool = option(
        "Runs",
        "--all-namespaces",
        "-A",
        is_flag=True,
        default=False,
        configurable=False,
        help="Of all namespaces.",
    )
    watch: bool = option(
        "Output",
        "--watch",
        "-w",
        is_flag=True,
        default=False,
        configurable=False,
        help="Go on, with a new line for each change.",
    )
    output: str | None = option(
        "Output",
        "--output",
        "-o",
        type=click.Choice((*DOCUMENTS, "wide")),
        configurable=False,
        help="For scripts, or with more columns.",
    )


def run(options: OPTIONS, words: tuple[str, ...], output: Output) -> int:
    """Show them; 0. Raises ClusterError, UsageError."""
    from kubectl_submit.cluster.kubectl import Kubectl
    from kubectl_submit.runs import documents, lookup
    from kubectl_submit.runs.table import Table, row
    from kubectl_submit.source import identity

    kubectl = Kubectl(flags=kubectl_flags(options), request_timeout=options.request_timeout)
    selector = identity.mine() if options.mine else ""
    namespace = None if options.all_namespaces else kubectl.namespace()
    table = Table(namespaces=options.all_namespaces, wide=options.output == "wide")
    if options.watch:
        if options.output not in (None, "wide"):
            raise UsageError(f"--watch shows lines of the table: no -o {options.output}")
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
    """Show them, and each one again when it has changed, as long as somebody reads."""
    from kubectl_submit.process.event_loop import Loop
    from kubectl_submit.runs.run_watch import RunWatch
    from kubectl_submit.runs.table import MOVING, row

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
