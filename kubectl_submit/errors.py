"""The errors that a user can meet, each with the exit code of the command."""

from __future__ import annotations

from enum import Enum

from kubectl_submit.error_codes import ErrorCode


class SubmitError(Exception):
    """An error for the user: what failed, the tool's own last words, what to do.

    `code`: a short name that never changes, for searches and tests.
    """

    exit_code = 125

    def __init__(
        self, message: str, *, code: ErrorCode, last_words: str = "", remedy: str = ""
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.last_words = last_words.strip("\n").rstrip()
        self.remedy = remedy

    def __str__(self) -> str:
        """The text for the terminal, without the leading `error: `."""
        return "\n".join(part for part in (self.message, self.last_words, self.remedy) if part)


class UsageError(SubmitError):
    """Flags, arguments or environment that make no sense."""


class ConfigurationError(SubmitError):
    """A `.kubectl-submit.yaml` that cannot be used."""


class ManifestError(SubmitError):
    """A manifest that cannot be used."""


class MissingProgramError(SubmitError):
    """git, docker, buildx or kubectl is not there."""


class RepositoryError(SubmitError):
    """The folder is no repository, or not one that can be built from."""


class GateError(RepositoryError):
    """The cluster cannot build the same commit: changes, untracked files, not pushed."""


class ClusterErrorKind(Enum):
    """What kind of error the cluster reported, as far as its words tell."""

    NOT_FOUND = "there is no such object, or no such resource type"
    FORBIDDEN = "not permitted, or refused by a policy or a quota"
    NOT_PERMITTED = "the user does not have the permission"
    JOB_QUOTA = "a quota on the number of Jobs is full"
    NOT_LOGGED_IN = "the user is not logged in"
    ALREADY_EXISTS = "an object of this name exists"
    OTHER = "something else"


class ClusterError(SubmitError):
    """kubectl failed, or the cluster refused."""

    def __init__(
        self,
        message: str,
        *,
        code: ErrorCode,
        last_words: str = "",
        remedy: str = "",
        kind: ClusterErrorKind = ClusterErrorKind.OTHER,
    ) -> None:
        super().__init__(message, code=code, last_words=last_words, remedy=remedy)
        self.kind = kind


class OutputError(SubmitError):
    """The output cannot be written to stdout."""


class BuildError(SubmitError):
    """The build produced no image."""


class ExecutionError(SubmitError):
    """The job never ran, or ended without an exit code of its own."""

    log_source: tuple[str, str] | None = None
    """The pod and the container whose log says why, if the last words do not."""


class PendingTimeoutError(SubmitError):
    """`--pending-timeout` passed before every worker ran."""

    exit_code = 124


class NoSuchRunError(SubmitError):
    """A name matches no run, or several."""


class CancelledError(SubmitError):
    """The run or build was cancelled."""

    exit_code = 130


class WaitTimeoutError(SubmitError):
    """`wait --timeout` passed before all had ended."""

    exit_code = 124


class CommandFailedError(SubmitError):
    """A program exited with an error; callers turn this into a more specific error."""

    def __init__(self, argv: tuple[str, ...], exit_code: int, stdout: str, stderr: str) -> None:
        message = f"{argv[0]} exited {exit_code}"
        super().__init__(message, code=ErrorCode.PROGRAM_FAILED, last_words=stderr or stdout)
        self.program_exit_code = exit_code
        self.stderr = stderr
