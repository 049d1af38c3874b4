"""Tells the whole details of one run.

Its phases with their times, its workers with exit codes and reasons, the warnings of the cluster,
and what to type next."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from kubectl_submit.cli.options import kubectl_flags
from kubectl_submit.cli.options.declaration import option
from kubectl_submit.cli.options.subcommand import SubcommandOptions
from kubectl_submit.cli.options.submit import DOCUMENTS
from kubectl_submit.errors import UsageError

if TYPE_CHECKING:
    from kubectl_submit.output import Output

WORDS = "NAME"
EXAMPLES = """\
# Phases, workers and warnings of a run; a beginning of its name is enough
kubectl submit status hello-07b78

# Its exit code, for a script
kubectl submit status hello-07b7803-lccg6 -o json | jq .exitCode
"""


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)  # repr would show --token
class OPTIONS(SubcommandOptions):
    """The options of `status`."""

    output: str | None = option(
        "Output",
        "--output",
        "-o",
        type=click.Choice(DOCUMENTS),
        configurable=False,
        help="For scripts.",
    )


def run(options: OPTIONS, words: tuple[str, ...], output: Output) -> int:
    """Tell it; 0. Raises ClusterError, NoSuchRunError, UsageError."""
    from kubectl_submit.cluster.kubectl import Kubectl
    from kubectl_submit.runs import details_text, documents, executions, lookup

    if len(words) != 1:
        raise UsageError("say whose status to show: one name", remedy="See `kubectl submit list`.")
    kubectl = Kubectl(flags=kubectl_flags(options), request_timeout=options.request_timeout)
    [found] = lookup.find(kubectl, words)
    if options.output == "name":
        output.data([found.id])
        return 0
    details = executions.details_of(found, kubectl)
    if options.output:
        document = documents.details_document(details)
        output.data([documents.text(document, options.output)])
    else:
        output.data(details_text.lines(details, kubectl.flags))
    return 0
