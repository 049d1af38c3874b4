"""Writes the completion script for a shell.

`bash`, `zsh` and `fish` complete `kubectl-submit`: put `source <(kubectl submit completion bash)`
into your ~/.bashrc. `kubectl` writes the program that kubectl's own completion calls for `kubectl
submit`: save it on PATH as the executable kubectl_complete-submit, unless pip installed it."""

from __future__ import annotations

from dataclasses import dataclass

from kubectl_submit.cli.options.subcommand import SubcommandOptions

CHOICES = ("bash", "zsh", "fish", "kubectl")

WORDS = "|".join(CHOICES)

EXAMPLES = """\
# Complete kubectl-submit in the current bash
source <(kubectl submit completion bash)

# Let kubectl's own completion complete `kubectl submit`
kubectl submit completion kubectl > ~/.local/bin/kubectl_complete-submit
chmod +x ~/.local/bin/kubectl_complete-submit
"""


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)  # repr would show --token
class CompletionOptions(SubcommandOptions):
    """The options of `completion`."""


OPTIONS = CompletionOptions
