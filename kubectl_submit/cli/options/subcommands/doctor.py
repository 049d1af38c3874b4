"""Checks everything that a submit from this folder needs, and tells you how to fix what is missing.

It takes the options of a submit, and reads the same configuration. It builds and creates
nothing."""

from __future__ import annotations

from dataclasses import dataclass

from kubectl_submit.cli.options import Options

WORDS = ""

EXAMPLES = """\
# Check what a submit from this folder needs
kubectl submit doctor

# Check another namespace, and a Secret that the run needs
kubectl submit doctor -n team --secret wandb

# Write the result as JSON, for a script
kubectl submit doctor -o json
"""


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)  # repr would show --token
class DoctorOptions(Options):
    """The options of a submit."""


OPTIONS = DoctorOptions
