"""What can go wrong: texts and exit codes."""

from __future__ import annotations

import pytest

from kubectl_submit import errors
from kubectl_submit.error_codes import ErrorCode
from kubectl_submit.errors import CommandFailedError, SubmitError

CODE = ErrorCode.BUILD_FAILED


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (SubmitError("it failed", code=CODE), "it failed"),
        (SubmitError("it failed", code=CODE, remedy="Try again."), "it failed\nTry again."),
        (
            SubmitError(
                "it failed", code=CODE, last_words="\n  first\nlast \n\n", remedy="Try again."
            ),
            "it failed\n  first\nlast\nTry again.",
        ),
    ],
)
def test_an_error_is_what_failed_then_last_words_then_the_remedy(
    error: SubmitError, text: str
) -> None:
    assert str(error) == text


def every_kind() -> list[type[SubmitError]]:
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type)]
    return [kind for kind in kinds if issubclass(kind, SubmitError)]


@pytest.mark.parametrize("kind", every_kind())
def test_exit_codes_are_those_that_the_help_names(kind: type[SubmitError]) -> None:
    special = {"PendingTimeoutError": 124, "WaitTimeoutError": 124}
    special |= {"CancelledError": 130}
    assert kind.exit_code == special.get(kind.__name__, 125)


@pytest.mark.parametrize(
    ("stdout", "stderr", "words"),
    [("out", "err", "err"), ("out", "", "out"), ("", "", "")],
)
def test_the_last_words_of_a_program_are_its_errors(stdout: str, stderr: str, words: str) -> None:
    error = CommandFailedError(("docker", "build"), 3, stdout, stderr)
    assert (error.message, error.last_words) == ("docker exited 3", words)
