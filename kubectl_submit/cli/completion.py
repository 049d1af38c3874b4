"""Shell completion: for kubectl's plugin completion, and for our own scripts.

Each choice is a line, `CHOICE<tab>DESCRIPTION`. The last line says what else the shell may offer:
`:0` files, `:4` nothing (the directives of cobra's completions.go, which kubectl reads).
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from typing import Any

import click

from kubectl_submit.cli import command_line
from kubectl_submit.cli.options import KubectlOptions
from kubectl_submit.cli.options.declaration import GroupedOption, declared
from kubectl_submit.cli.options.subcommands import COMMANDS, declaration

FILES, NO_FILES = ":0", ":4"
TIMEOUT = "2s"
# Options that take the name of an object in the cluster, and the kind of that object.
KINDS = {
    "secret": "secrets",
    "registry-secret": "secrets",
    "git-secret": "secrets",
    "proxy-secret": "secrets",
    "service-account": "serviceaccounts",
    "volume": "persistentvolumeclaims",
    "queue": "localqueues.kueue.x-k8s.io",
    "priority": "priorityclasses",
    "namespace": "namespaces",
}
FILE_OPTIONS = ("dockerfile", "build-context")

Choice = tuple[str, str]


def main() -> None:
    """The program `kubectl_complete-submit`, which kubectl calls with the words that were typed."""
    show(sys.argv[1:])


def show(words: Sequence[str]) -> None:
    """Write the choices for the last word, which may be empty."""
    choices, directive = complete(words)
    current = words[-1] if words else ""
    current = current.partition("=")[2] if current.startswith("--") and "=" in current else current
    for choice, description in choices:
        if choice.startswith(current):
            print(f"{choice}\t{description}" if description else choice)
    print(directive)


def complete(words: Sequence[str]) -> tuple[list[Choice], str]:
    """The choices for the last word, and what else the shell may offer."""
    *before, current = words or [""]
    if "--" in before:
        return [], FILES
    word, pending, typed = _read(before)
    options = _options(word)
    if current.startswith("--") and "=" in current:
        pending = options.get(current.partition("=")[0])
    if pending:
        return _values(pending, before)
    if current.startswith("-"):
        return sorted(_flags(options)), NO_FILES
    if not word:
        return list(COMMANDS.items()), NO_FILES
    return _words(word, typed, before), NO_FILES


def _read(before: Sequence[str]) -> tuple[str, GroupedOption | None, list[str]]:
    """The command, the option that still needs its value, and the other words."""
    word, pending, typed = "", None, []
    for one in before:
        if pending:
            pending = None
        elif one.startswith("-"):
            found = _options(word).get(one)
            pending = found if found and not found.is_flag else None
        elif not word and one in COMMANDS:
            word = one
        else:
            typed.append(one)
    return word, pending, typed


def _options(word: str) -> dict[str, GroupedOption]:
    """The options of a command, by each of their flags."""
    command = command_line.subcommand(word) if word else command_line.submit_command()
    return {
        flag: option
        for option in command.params
        if isinstance(option, GroupedOption)
        for flag in (*option.opts, *option.secondary_opts)
    }


def _flags(options: dict[str, GroupedOption]) -> Iterator[Choice]:
    yield "--help", "Show the help."
    for flag, option in options.items():
        if flag.startswith("--"):
            yield flag, option.help or ""


def _values(option: GroupedOption, before: Sequence[str]) -> tuple[list[Choice], str]:
    if isinstance(option.type, click.Choice):
        return [(str(choice), "") for choice in option.type.choices], NO_FILES
    if option.path or option.key in FILE_OPTIONS:
        return [], FILES
    return [(name, "") for name in _from_cluster(option.key, before)], NO_FILES


def _words(word: str, typed: Sequence[str], before: Sequence[str]) -> list[Choice]:
    """The arguments that a command accepts: names of runs, or fixed words."""
    choices: Sequence[str] = getattr(declaration(word), "CHOICES", ())
    if declaration(word).WORDS.startswith("NAME"):
        choices = _from_cluster("run", before)
    return [(name, "") for name in choices if name not in typed]


def _from_cluster(key: str, before: Sequence[str]) -> list[str]:
    """The names of objects; none if the cluster does not answer at once."""
    from kubectl_submit import execution_backends
    from kubectl_submit.cluster.kubectl import Kubectl
    from kubectl_submit.errors import SubmitError
    from kubectl_submit.model.provenance import NAME_LABEL

    kubectl = Kubectl(flags=_kubectl_flags(before), request_timeout=TIMEOUT)
    try:
        if key == "run":
            kinds = [one.resource for one in execution_backends.every()]
            every = kubectl.names(",".join(kinds), NAME_LABEL)
            return every or kubectl.names(kinds[0], NAME_LABEL)  # a cluster without the others
        if key in ("context", "cluster", "user"):
            return kubectl.configured(key)
        return kubectl.names(KINDS[key]) if key in KINDS else []
    except SubmitError:
        return []


def _kubectl_flags(before: Sequence[str]) -> tuple[str, ...]:
    """The typed flags that select the cluster."""
    options: dict[str, Any] = {
        flag: option for option in declared(KubectlOptions) for flag in option.opts
    }
    found: list[str] = []
    rest = iter(before)
    for one in rest:
        flag, joined, value = one.partition("=")
        option = options.get(flag)
        if option is None or option.key == "request-timeout":
            continue
        if option.is_flag:
            found.append(option.opts[0])
        elif joined or (value := next(rest, "")):
            found.append(f"{option.opts[0]}={value}")
    return tuple(found)
