"""The command line → one call per command; the only place where errors are caught."""

from __future__ import annotations

import contextlib
import gc
import sys
from collections.abc import Sequence
from typing import NoReturn

import click

from kubectl_submit import __version__, commands
from kubectl_submit.cli import command_line
from kubectl_submit.cli.command_line import Call
from kubectl_submit.cli.help_text import HOME
from kubectl_submit.cli.options.subcommands import FOLLOWING
from kubectl_submit.error_codes import ErrorCode
from kubectl_submit.errors import SubmitError, UsageError
from kubectl_submit.process import signals

COMPLETE = "__complete"
"""Completion scripts call us with this word, followed by the words typed so far."""
INTERRUPTED = 130
BUG = 125
# Exit codes of commands that do not follow a run.
FAILED = 1
USAGE = 2


def main() -> NoReturn:
    """The console script."""
    if sys.argv[1:2] == [COMPLETE]:
        from kubectl_submit.cli import completion

        completion.show(sys.argv[2:])
        exit_code = 0
    else:
        exit_code = run(sys.argv[1:])
    # A last garbage collection would take a tenth of the time of --help.
    gc.freeze()
    sys.exit(exit_code)


def run(arguments: Sequence[str]) -> int:
    """Run the command line and return its exit code; errors become messages on stderr."""
    word, verbose = "", False
    try:
        typed = command_line.read(arguments)
        word, verbose = typed.command, "--verbose" in typed.before
        call = command_line.parse(typed)
        verbose = _is_verbose(call)
        return _run(call)
    except click.exceptions.Exit as done:
        return done.exit_code
    except click.UsageError as error:
        _complain(command_line.explain(error))
        return _exit_code(UsageError, word)
    except SubmitError as error:
        _complain(f"{error}\ncode: {error.code.value}" if verbose else str(error))
        return _exit_code(type(error), word)
    except (KeyboardInterrupt, click.Abort):
        _complain("interrupted")
        return INTERRUPTED
    except Exception:
        import traceback

        with contextlib.suppress(OSError):
            traceback.print_exc()
        _complain(f"this is a bug in kubectl-submit {__version__}; please report it: {HOME}/issues")
        return BUG


def _is_verbose(call: Call) -> bool:
    return bool(getattr(call.options, "verbose", False))


def _exit_code(kind: type[SubmitError], word: str) -> int:
    """The error's own code; in commands that follow no run 1, or 2 for a usage error."""
    if word in FOLLOWING or kind.exit_code != SubmitError.exit_code:
        return kind.exit_code
    return USAGE if issubclass(kind, UsageError) else FAILED


def _run(call: Call) -> int:
    signals.install()
    _check_encoding(call.words)
    if _is_verbose(call):
        _log_commands()
    # These imports are slow, and neither --help nor usage errors need them.
    from kubectl_submit.output import Output
    from kubectl_submit.process.program_end import end_the_rest
    from kubectl_submit.source import git_settings

    git_settings.forget_repository()
    gc.enable()  # __main__.py disabled it
    output = Output(quiet=getattr(call.options, "quiet", False), verbose=_is_verbose(call))
    try:
        if call.command:
            return commands.load(call.command).run(call.options, call.words, output)
        from kubectl_submit.commands.submit import submit

        return submit(call.options, call.words, output)
    finally:
        output.clear()  # first: ending programs may take seconds
        end_the_rest()


def _check_encoding(words: Sequence[str]) -> None:
    from kubectl_submit.cli.options import values

    for number, word in enumerate(words, 1):
        try:
            values.encodable(word)
        except ValueError as error:
            raise UsageError(
                f"argument {number} of the command: {error}", code=ErrorCode.ARGUMENT_NOT_TEXT
            ) from None


def _complain(text: str) -> None:
    from kubectl_submit.output import say

    say(f"error: {text}")


def _log_commands() -> None:
    import logging

    logging.basicConfig(format="%(message)s", stream=sys.stderr)
    logging.getLogger("kubectl_submit").setLevel(logging.INFO)
