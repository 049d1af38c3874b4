"""Runs `completion`; its options are declared in cli/options/subcommands/completion.py."""

from __future__ import annotations

from kubectl_submit.cli.options.subcommands.completion import WORDS, CompletionOptions
from kubectl_submit.error_codes import ErrorCode
from kubectl_submit.errors import UsageError
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


def run(options: CompletionOptions, words: tuple[str, ...], output: Output) -> int:
    """Write the script and return 0. Raises UsageError."""
    del options
    if len(words) != 1 or words[0] not in SCRIPTS:
        raise UsageError(f"choose a shell: {WORDS}", code=ErrorCode.SHELL_EXPECTED)
    output.data([SCRIPTS[words[0]].strip()])
    return 0
