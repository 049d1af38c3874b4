"""Checks what a submit from this folder would need, and says what to do where something is missing.

It takes the options of a submit, and looks at the configuration as a submit does. Nothing is
built or created."""

from __future__ import annotations

from dataclasses import dataclass

from kubectl_submit.cli.options import Options, kubectl_flags
from kubectl_submit.output import Output, printable

WORDS = ""
EXAMPLES = """\
# Check what a submit from this folder would need
kubectl submit doctor

# Check another namespace, and a Secret that the run needs
kubectl submit doctor -n team --secret wandb

# What is missing, for a script
kubectl submit doctor -o json
"""
MISSING = 1
MARKS = {True: "ok", False: "MISSING", None: "-"}


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)  # repr would show --token
class OPTIONS(Options):
    """The options of a submit."""


def run(options: OPTIONS, words: tuple[str, ...], output: Output) -> int:
    """Show each check as it is made; 1 if something is missing, else 0."""
    del words
    from kubectl_submit.cluster.kubectl import Kubectl
    from kubectl_submit.commands import doctor_checks
    from kubectl_submit.runs import documents

    kubectl = Kubectl(flags=kubectl_flags(options), request_timeout=options.request_timeout)
    found = []
    for finding in doctor_checks.findings(options, kubectl, Output(quiet=True)):
        found.append(finding)
        if options.output in (None, "name"):
            mark = MARKS[finding.well]
            output.data([printable(f"{mark:8}{finding.name:13}{finding.text}")])
            if finding.remedy:
                output.data([f"{'':21}{line}" for line in finding.remedy.splitlines()])
    if options.output in ("json", "yaml"):
        output.data([documents.text(doctor_checks.document(found), options.output)])
    return MISSING if any(finding.well is False for finding in found) else 0
