"""Shows the runs in a namespace.

The newest run comes last. All data comes from the objects in the cluster; nothing is stored on
this machine."""

from __future__ import annotations

from dataclasses import dataclass

import click

from kubectl_submit.cli.options.declaration import option
from kubectl_submit.cli.options.subcommand import SubcommandOptions
from kubectl_submit.cli.options.submit import DOCUMENTS

WORDS = ""

EXAMPLES = """\
# List the runs in the namespace
kubectl submit list

# Watch your own runs in all namespaces
kubectl submit list --mine -A -w

# List only the names, for a script
kubectl submit list -o name
"""


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)  # repr would show --token
class ListOptions(SubcommandOptions):
    """The options of `list`."""

    mine: bool = option(
        "Runs",
        "--mine",
        is_flag=True,
        default=False,
        configurable=False,
        help="Show only my own runs.",
    )
    all_namespaces: bool = option(
        "Runs",
        "--all-namespaces",
        "-A",
        is_flag=True,
        default=False,
        configurable=False,
        help="Show runs in all namespaces.",
    )
    watch: bool = option(
        "Output",
        "--watch",
        "-w",
        is_flag=True,
        default=False,
        configurable=False,
        help="Keep watching, and write a line for each change.",
    )
    output: str | None = option(
        "Output",
        "--output",
        "-o",
        type=click.Choice((*DOCUMENTS, "wide")),
        configurable=False,
        help="The output format: name, json and yaml for scripts, wide for more columns.",
    )


OPTIONS = ListOptions
