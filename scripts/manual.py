"""Writes the manual page, from the same texts as the help: `make dist` puts it beside the rest.

The macros are those of man(7).
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from kubectl_submit import __version__
from kubectl_submit.cli import command_line, help_text
from kubectl_submit.cli.options.declaration import GroupedOption
from kubectl_submit.cli.options.subcommands import COMMANDS

PAGE = Path("dist/kubectl-submit.1")
EXIT_CODES = {
    "0": "Every worker succeeded.",
    "the command's own": "Of the worker that failed first.",
    "124": "A timeout ended it.",
    "125": "kubectl-submit itself failed, or the command never ran.",
    "130": "Ctrl-C, or somebody cancelled it.",
}


def main() -> None:
    """Write the page."""
    PAGE.parent.mkdir(exist_ok=True)
    PAGE.write_text(page(), encoding="utf-8")


def page() -> str:
    """The whole page."""
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    yield f'.TH KUBECTL-SUBMIT 1 "" "kubectl-submit {__version__}" "User Commands"'
    yield ".SH NAME"
    yield "kubectl-submit \\- run a command from a git commit on a Kubernetes cluster"
    yield ".SH SYNOPSIS"
    yield from _usage(command_line.submit_command())
    yield ".SH DESCRIPTION"
    yield text(help_text.ABOUT)
    yield ".PP"
    yield text(help_text.EPILOG.replace("\n", " "))
    yield from _examples(".SH EXAMPLES", help_text.EXAMPLES)
    yield ".SH OPTIONS"
    yield from _options(command_line.submit_command())
    yield ".SH COMMANDS"
    for word in COMMANDS:
        command = command_line.subcommand(word)
        yield f".SS {text(word)}"
        yield from _usage(command)
        yield ".PP"
        yield text(inspect.cleandoc(f"{command.help}\n{command.end or ''}").replace("\n", " "))
        yield from _options(command, skipped=_names(command_line.submit_command()))
        yield from _examples(".PP\nExamples:", command.examples)
    yield ".SH EXIT STATUS"
    for code, meaning in EXIT_CODES.items():
        yield from (".TP", f".B {text(code)}", text(meaning))


def _usage(command: help_text.GroupedCommand) -> Iterator[str]:
    name = "kubectl submit" if command.name == "submit" else f"kubectl submit {command.name}"
    yield f".B {text(name)}"
    yield text(command.pieces)


def _examples(head: str, examples: str) -> Iterator[str]:
    yield from (head, ".PP", ".nf", *map(text, examples.splitlines()), ".fi")


def _names(command: click.Command) -> set[str | None]:
    return {one.name for one in command.params}


def _options(
    command: help_text.GroupedCommand, skipped: set[str | None] | None = None
) -> Iterator[str]:
    group = ""
    for option in command.params:
        if not isinstance(option, GroupedOption) or option.name in (skipped or ()):
            continue
        if option.group != group and not skipped:
            group = option.group
            yield f".SS {text(group)}"
        flags = ", ".join([*option.opts, *option.secondary_opts])
        value = "" if option.is_flag else f" {option.make_metavar(click.Context(command))}"
        yield from (".TP", f".B {text(flags + value)}", text(option.help or ""))
        yield text(_where(option))


def _where(option: GroupedOption) -> str:
    """The option's default, and where else it can be said."""
    default: Any = option.default
    told = "none" if default in (None, (), False) else str(default)
    if not option.configurable:
        return f"Default: {told}."
    return f"Default: {told}. Key: {option.key}; variable: {option.envvar}."


def text(plain: str) -> str:
    """Text as man(7) shows it unchanged."""
    escaped = plain.replace("\\", "\\e").replace("-", "\\-")
    return f"\\&{escaped}" if escaped.startswith((".", "'")) else escaped


if __name__ == "__main__":
    main()
