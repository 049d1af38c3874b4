"""Flags → parameters → one call per command; the only place where errors are caught."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Sequence
from typing import Any, NoReturn

import click
from click.core import ParameterSource

from kubectl_submit import __version__, configuration
from kubectl_submit.errors import SubmitError, UsageError
from kubectl_submit.options import GroupedOption, Options, declared

HOME = "https://github.com/kubectl-submit/kubectl-submit"
INTERRUPTED = 130
BUG = 125
EPILOG = f"""\
Every option can stand in .kubectl-submit.yaml by its long name, and in the environment as
KUBECTL_SUBMIT_NAME. The exit code is the command's own; 125: kubectl-submit failed, 124: a
timeout ended it, 130: Ctrl-C.

Home: {HOME}"""


class SubmitCommand(click.Command):
    """The command with its options in groups."""

    def collect_usage_pieces(self, ctx: click.Context) -> list[str]:
        """What stands behind `Usage: kubectl submit`."""
        return ["[OPTIONS] -- COMMAND [ARG...]"]

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The help's options, in their groups."""
        groups: dict[str, list[tuple[str, str]]] = {}
        for parameter in self.get_params(ctx):
            record = parameter.get_help_record(ctx)
            if record and isinstance(parameter, click.Option):
                group = parameter.group if isinstance(parameter, GroupedOption) else "Other"
                groups.setdefault(group, []).append(record)
        for group, records in groups.items():
            with formatter.section(group):
                formatter.write_dl(records)

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The help's end, with its line breaks."""
        formatter.write_paragraph()
        formatter.write(EPILOG + "\n")


def main() -> NoReturn:
    """The console script."""
    sys.exit(run(sys.argv[1:]))


def run(arguments: Sequence[str]) -> int:
    """Run the command line; its exit code. Every error has become a message on stderr."""
    try:
        return _run(list(arguments))
    except click.exceptions.Exit as done:
        return done.exit_code
    except click.UsageError as error:
        _complain(f"{_message(error)}\nSee '{_program()} --help' for help and examples.")
        return UsageError.exit_code
    except SubmitError as error:
        _complain(str(error))
        return error.exit_code
    except (KeyboardInterrupt, click.Abort):
        _complain("interrupted")
        return INTERRUPTED
    except Exception:
        import traceback

        traceback.print_exc()
        _complain(f"this is a bug in kubectl-submit {__version__}; please report it: {HOME}/issues")
        return BUG


def command() -> SubmitCommand:
    """The click command of the main job."""
    words = click.Argument(["words"], nargs=-1, type=click.UNPROCESSED)
    version = click.version_option(__version__, message="kubectl-submit %(version)s")
    return version(
        SubmitCommand(
            "submit",
            params=[*declared(), words],
            callback=lambda **values: values,
            help="Build the image of the commit you stand on, run a command in it on a Kubernetes "
            "cluster, show its output, and exit with its exit code.",
            context_settings={
                "help_option_names": ["-h", "--help"],
                "allow_interspersed_args": False,
                "max_content_width": 100,
            },
        )
    )


def parse(arguments: list[str]) -> tuple[Options, tuple[str, ...]]:
    """The options before the first `--`, and the command after it."""
    before, separator, argv = _split(arguments)
    submit_command = command()
    defaults = _configured(submit_command)
    given: dict[str, Any] = submit_command.main(
        before, prog_name=_program(), standalone_mode=False, default_map=defaults
    )
    if not isinstance(given, dict):  # --help and --version have been answered
        raise click.exceptions.Exit(given or 0)
    words = given.pop("words")
    if words:
        raise click.UsageError(
            f"{words[0]!r} is not an option; the command stands behind --, as in "
            f"'{_program()} -- {' '.join(words)}'"
        )
    if not separator or not argv:
        raise click.UsageError("no command given; it stands behind --, as in '-- python train.py'")
    return Options(**given), tuple(argv)


def _run(arguments: list[str]) -> int:
    options, argv = parse(arguments)
    _end_like_interrupts()
    _check_encoding(argv)
    if options.verbose:
        _log_commands()
    # Everything below costs start-up time, which --help and mistakes need not pay.
    from kubectl_submit.output import Output
    from kubectl_submit.submit import submit

    gc.enable()  # __main__.py has switched it off until here
    output = Output(quiet=options.quiet)
    try:
        return submit(options, argv, output)
    finally:
        output.clear()


def _split(arguments: list[str]) -> tuple[list[str], bool, list[str]]:
    if "--" not in arguments:
        return arguments, False, []
    place = arguments.index("--")
    return arguments[:place], True, arguments[place + 1 :]


def _configured(submit_command: SubmitCommand) -> dict[str, Any]:
    try:
        path = configuration.find(os.getcwd())
    except FileNotFoundError:
        raise UsageError("the current folder does not exist any more") from None
    if path is None:
        return {}
    options = [one for one in submit_command.params if isinstance(one, GroupedOption)]
    return configuration.load(path, options)


def _check_encoding(argv: Sequence[str]) -> None:
    from kubectl_submit import values

    for number, argument in enumerate(argv, 1):
        try:
            values.encodable(argument)
        except ValueError as error:
            raise UsageError(f"argument {number} of the command: {error}") from None


def _message(error: click.UsageError) -> str:
    """click's message in our form, and where the value comes from if not from a flag."""
    text = error.format_message().rstrip(".")
    if isinstance(error, click.BadParameter) and error.ctx and error.param and error.param.name:
        source = error.ctx.get_parameter_source(error.param.name)
        if source is ParameterSource.DEFAULT_MAP:
            text += f" (in {configuration.FILE_NAME})"
        elif source is ParameterSource.ENVIRONMENT:
            text += f" (in the environment, {error.param.envvar})"
    return text[:1].lower() + text[1:]


def _complain(text: str) -> None:
    from kubectl_submit.output import printable

    print(printable(f"error: {text}"), file=sys.stderr, flush=True)


def _log_commands() -> None:
    import logging

    logging.basicConfig(format="%(message)s", stream=sys.stderr)
    logging.getLogger("kubectl_submit").setLevel(logging.INFO)


def _program() -> str:
    """What the user typed: `kubectl submit` where kubectl runs us as its plugin."""
    name = os.path.basename(sys.argv[0])
    return name.replace("kubectl-", "kubectl ", 1) if name.startswith("kubectl-") else name


def _end_like_interrupts() -> None:
    """Let SIGTERM and SIGHUP end us as Ctrl-C does, so that nothing is left behind."""
    import signal

    def interrupt(_signal: int, _frame: object) -> NoReturn:
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, interrupt)
    signal.signal(signal.SIGHUP, interrupt)
