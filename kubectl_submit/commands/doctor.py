"""Runs `doctor`; its options are declared in cli/options/subcommands/doctor.py."""

from __future__ import annotations

from kubectl_submit.cli.options.subcommands.doctor import DoctorOptions
from kubectl_submit.cluster.kubectl import Kubectl
from kubectl_submit.commands import doctor_checks
from kubectl_submit.output import Output, printable
from kubectl_submit.runs import documents

MISSING = 1
MARKS = {True: "ok", False: "MISSING", None: "-"}


def run(options: DoctorOptions, words: tuple[str, ...], output: Output) -> int:
    """Show the result of each check at once; returns 1 if something is missing, else 0."""
    del words

    kubectl = Kubectl.from_options(options)
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
