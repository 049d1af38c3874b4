"""Checks what a submit from this folder would need, and says what to do where something is missing.

It takes the options of a submit, and looks at the configuration as a submit does. Nothing is
built or created."""

from __future__ import annotations

from dataclasses import dataclass

from kubectl_submit.cli.options import Options

WORDS = ""

EXAMPLES = """\
# Check what a submit from this folder would need
kubectl submit doctor

# Check another namespace, and a Secret that the run needs
kubectl submit doctor -n team --secret wandb

# What is missing, for a script
kubectl submit doctor -o json
"""


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)  # repr would show --token
class DoctorOptions(Options):
    """The options of a submit."""


OPTIONS = DoctorOptions
