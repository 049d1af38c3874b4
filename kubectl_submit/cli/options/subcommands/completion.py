"""Writes what a shell needs to complete this command.

`bash`, `zsh` and `fish` complete `kubectl-submit`: put `source <(kubectl submit completion bash)`
into your ~/.bashrc. `kubectl` is a program that kubectl's own completion calls for `kubectl
submit`: put it, executable, on PATH as kubectl_complete-submit, unless pip has done that."""

from __future__ import annotations

from dataclasses import dataclass

from kubectl_submit.cli.options.subcommand import SubcommandOptions

CHOICES = ("bash", "zsh", "fish", "kubectl")

WORDS = "|".join(CHOICES)

EXAMPLES = """\
# Complete kubectl-submit in this bash
source <(kubectl submit completion bash)

# Let kubectl's own completion complete `kubectl submit`
kubectl submit completion kubectl > ~/.local/bin/kubectl_complete-submit
chmod +x ~/.local/bin/kubectl_complete-submit
"""


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)  # repr would show --token
class CompletionOptions(SubcommandOptions):
    """The options of `completion`."""


OPTIONS = CompletionOptions
