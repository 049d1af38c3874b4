"""Writes what a shell needs to complete this command.

`bash`, `zsh` and `fish` complete `kubectl-submit`: put `source <(kubectl submit completion bash)`
into your ~/.bashrc. `kubectl` is a program that kubectl's own completion calls for `kubectl
submit`: put it, executable, on PATH as kubectl_complete-submit, unless pip has done that."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from kubectl_submit.cli.options.subcommand import SubcommandOptions
from kubectl_submit.errors import UsageError

if TYPE_CHECKING:
    from kubectl_submit.output import Output

BASH = r"""
_kubectl_submit() {
  local word line words=()
  for word in "${COMP_WORDS[@]:1:COMP_CWORD}"; do  # bash splits --flag=value at the =
    if [[ $word == = && ${#words[@]} -gt 0 ]]; then words[-1]+==
    elif [[ ${#words[@]} -gt 0 && ${words[-1]} == --*= ]]; then words[-1]+=$word
    else words+=("$word"); fi
  done
  COMPREPLY=()
  while IFS= read -r line; do
    case $line in
      :0) compopt -o default ;;
      :*) ;;
      *) COMPREPLY+=("${line%%$'\t'*}") ;;
    esac
  done < <(kubectl-submit __complete "${words[@]}" 2>/dev/null)
}
complete -F _kubectl_submit kubectl-submit
"""
ZSH = r"""
#compdef kubectl-submit
_kubectl_submit() {
  local line
  local -a choices
  [[ $words[CURRENT] == --*=* ]] && compset -P '*='
  for line in "${(@f)$(kubectl-submit __complete "${(@)words[2,CURRENT]}" 2>/dev/null)}"; do
    case $line in
      :0) _files ;;
      :*) ;;
      *) choices+=("${${line%%$'\t'*}//:/\\:}:${${line#*$'\t'}:-}") ;;
    esac
  done
  (( $#choices )) && _describe -t choices choice choices
}
compdef _kubectl_submit kubectl-submit
"""
FISH = r"""
function __kubectl_submit
    set -l words (commandline -opc)[2..-1] (commandline -ct)
    for line in (kubectl-submit __complete $words 2>/dev/null)
        switch $line
            case ':0'
                __fish_complete_path (commandline -ct)
            case ':*'
            case '*'
                echo $line
        end
    end
end
complete -c kubectl-submit -f -a '(__kubectl_submit)'
"""
KUBECTL = """
#!/bin/sh
exec kubectl-submit __complete "$@"
"""
SCRIPTS = {"bash": BASH, "zsh": ZSH, "fish": FISH, "kubectl": KUBECTL}
CHOICES = tuple(SCRIPTS)
WORDS = "bash|zsh|fish|kubectl"
EXAMPLES = """\
# Complete kubectl-submit in this bash
source <(kubectl submit completion bash)

# Let kubectl's own completion complete `kubectl submit`
kubectl submit completion kubectl > ~/.local/bin/kubectl_complete-submit
chmod +x ~/.local/bin/kubectl_complete-submit
"""


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)  # repr would show --token
class OPTIONS(SubcommandOptions):
    """The options of `completion`."""


def run(options: OPTIONS, words: tuple[str, ...], output: Output) -> int:
    """Write the script; 0. Raises UsageError."""
    del options
    if len(words) != 1 or words[0] not in SCRIPTS:
        raise UsageError(f"say for what: {WORDS}")
    output.data([SCRIPTS[words[0]].strip()])
    return 0
