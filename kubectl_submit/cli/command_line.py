"""Parses the command line into a subcommand, its options and its arguments."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import click
from click.core import ParameterSource

from kubectl_submit import __version__
from kubectl_submit.cli.help_text import ABOUT, GroupedCommand
from kubectl_submit.cli.options import Options, configuration
from kubectl_submit.cli.options.declaration import GroupedOption, declared
from kubectl_submit.cli.options.subcommands import COMMANDS, declaration
from kubectl_submit.error_codes import ErrorCode
from kubectl_submit.errors import UsageError

SHORT_WITH_VALUE = re.compile(r"^(-[nosve])=")
"""kubectl reads `-n=team` as `-nteam`; click would make `=` part of the value."""


class Typed(NamedTuple):
    """The command line, split at `--`."""

    command: str
    """A word of COMMANDS; empty for a submit."""
    before: list[str]
    """The words before `--`, without the subcommand."""
    after: list[str]
    """The words after `--`."""


class Call(NamedTuple):
    """A parsed command line."""

    command: str
    """A word of COMMANDS; empty for a submit."""
    options: Any
    """An instance of the command's options class."""
    words: tuple[str, ...]
    """The command to submit with its arguments, or the arguments of a subcommand."""


def read(arguments: Sequence[str]) -> Typed:
    """Find the subcommand: the first word before `--` that is not part of an option.

    Raises click.UsageError for an unknown option.
    """
    before, after = _split(list(arguments))
    words = before
    if before and before[0] not in COMMANDS:
        submit = submit_command()
        parser = submit.make_parser(click.Context(submit, **submit.context_settings))
        found = parser.parse_args(list(before))[0].get("words")
        words = list(found) if isinstance(found, list | tuple) else []  # click has its own None
    if not words or words[0] not in COMMANDS:
        return Typed(command="", before=before, after=after)
    flags = before[: len(before) - len(words)]
    return Typed(command=words[0], before=[*flags, *words[1:]], after=after)


def parse(typed: Typed) -> Call:
    """Parse the options.

    Raises click.UsageError, UsageError, ConfigurationError; click's Exit after showing help.
    """
    if typed.command:
        return _parse_command(typed)
    given = _parse(submit_command(), typed.before)
    words = given.pop("words")
    if words:
        raise click.UsageError(
            f"{words[0]!r} is not an option; the command goes after --, as in "
            f"'{program()} -- {' '.join(words)}'"
        )
    if not typed.after:
        raise click.UsageError("no command given; it goes after --, as in '-- python train.py'")
    return Call(command="", options=Options(**given), words=tuple(typed.after))


def submit_command() -> GroupedCommand:
    """The click command of a submit."""
    command = _grouped("submit", Options, ABOUT)
    command.allow_interspersed_args = False
    return click.version_option(__version__, message="kubectl-submit %(version)s")(command)


def subcommand(word: str) -> GroupedCommand:
    """The click command of a word in COMMANDS."""
    module = declaration(word)
    command = _grouped(word, module.OPTIONS, COMMANDS[word])
    command.pieces = f"[OPTIONS] {module.WORDS}".rstrip()
    command.examples = module.EXAMPLES
    command.end = (module.__doc__ or "").partition("\n\n")[2].rstrip()
    return command


def program() -> str:
    """The name of this program as the user knows it: `kubectl submit` if kubectl runs it."""
    name = os.path.basename(sys.argv[0])
    return name.replace("kubectl-", "kubectl ", 1) if name.startswith("kubectl-") else name


def explain(error: click.UsageError) -> str:
    """click's message in our style; it names the source of the value unless that is a flag."""
    text = error.format_message().rstrip(".")
    if isinstance(error, click.BadParameter) and error.ctx and error.param and error.param.name:
        source = error.ctx.get_parameter_source(error.param.name)
        if source is ParameterSource.DEFAULT_MAP:
            text += f" (in {configuration.FILE_NAME})"
        elif source is ParameterSource.ENVIRONMENT:
            text += f" (in the environment, {error.param.envvar})"
    command = error.ctx.command.name if error.ctx else "submit"
    helped = program() if command == "submit" else f"{program()} {command}"
    return f"{text[:1].lower()}{text[1:]}\nSee '{helped} --help' for help and examples."


def _grouped(name: str, options: type[Any], about: str) -> GroupedCommand:
    words = click.Argument(["words"], nargs=-1, type=click.UNPROCESSED)
    return GroupedCommand(
        name,
        params=[*declared(options), words],
        callback=lambda **values: values,
        help=about,
        context_settings={
            "help_option_names": ["-h", "--help"],
            "max_content_width": 100,
        },
    )


def _parse_command(typed: Typed) -> Call:
    word, after = typed.command, typed.after
    command = subcommand(word)
    given = _parse(command, [*typed.before, *(["--", *after] if after else [])])
    words = given.pop("words")
    if words and not declaration(word).WORDS:
        raise click.UsageError(f"{words[0]!r}: {program()} {word} takes no words")
    return Call(command=word, options=declaration(word).OPTIONS(**given), words=words)


def _parse(command: GroupedCommand, arguments: list[str]) -> dict[str, Any]:
    """The values of a command's parameters, by name."""
    name = program() if command.name == "submit" else f"{program()} {command.name}"
    given = command.main(
        arguments, prog_name=name, standalone_mode=False, default_map=_configured(command)
    )
    if not isinstance(given, dict):  # --help and --version have been answered
        raise click.exceptions.Exit(given or 0)
    return given


def _split(arguments: list[str]) -> tuple[list[str], list[str]]:
    place = arguments.index("--") if "--" in arguments else len(arguments)
    before = [SHORT_WITH_VALUE.sub(r"\1", word) for word in arguments[:place]]
    return before, arguments[place + 1 :]


def _configured(command: GroupedCommand) -> dict[str, Any]:
    """Defaults for the command from the configuration file, which may also set other options."""
    try:
        path = configuration.find(os.getcwd())
    except FileNotFoundError:
        raise UsageError(
            "the current folder does not exist any more", code=ErrorCode.CURRENT_FOLDER_GONE
        ) from None
    if path is None:
        return {}
    own = _configurable(command.params)
    known = own if command.name == "submit" else {**_configurable(declared(Options)), **own}
    defaults = configuration.load(path, known.values())
    return {name: value for name, value in defaults.items() if name in own}


def _configurable(parameters: Iterable[click.Parameter]) -> dict[str, GroupedOption]:
    options = (one for one in parameters if isinstance(one, GroupedOption) and one.configurable)
    return {str(option.name): option for option in options}
