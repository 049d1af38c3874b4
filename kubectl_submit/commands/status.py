"""Runs `status`; its options are declared in cli/options/subcommands/status.py."""

from __future__ import annotations

from kubectl_submit.cli.options.subcommands.status import StatusOptions
from kubectl_submit.cluster.kubectl import Kubectl
from kubectl_submit.error_codes import ErrorCode
from kubectl_submit.errors import UsageError
from kubectl_submit.output import Output
from kubectl_submit.runs import details_text, documents, executions, lookup


def run(options: StatusOptions, words: tuple[str, ...], output: Output) -> int:
    """Show the run and return 0. Raises ClusterError, NoSuchRunError, UsageError."""
    if len(words) != 1:
        raise UsageError(
            "status takes exactly one run name",
            code=ErrorCode.RUN_NAME_EXPECTED,
            remedy="See `kubectl submit list`.",
        )
    kubectl = Kubectl.from_options(options)
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
