"""What can go wrong, as a list; each kind with the exit code it ends the command with."""

from __future__ import annotations

from enum import Enum

from kubectl_submit.error_codes import ErrorCode


class SubmitError(Exception):
    """An error that a user can meet: what failed, the tool's own last words, what to do.

    `code`: what went wrong, in one word that stays the same, for searches and tests.
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
    """The commit is not what the cluster would see: changes, untracked files, not pushed."""


class ClusterFault(Enum):
    """Why the cluster did not do what it was asked for, as far as its words tell."""

    NOT_FOUND = "there is no such object, or no such kind of objects"
    FORBIDDEN = "we may not, or a policy or a quota is against it"
    NOT_PERMITTED = "we do not have the permission"
    JOB_QUOTA = "a quota on the number of Jobs is full"
    NOT_LOGGED_IN = "it does not know who asks"
    ALREADY_EXISTS = "there is one of this name"
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
        fault: ClusterFault = ClusterFault.OTHER,
    ) -> None:
        super().__init__(message, code=code, last_words=last_words, remedy=remedy)
        self.fault = fault


class OutputError(SubmitError):
    """The job's output cannot be written."""


class BuildError(SubmitError):
    """No image came out of the build."""


class ExecutionError(SubmitError):
    """The job never ran, or ended without an exit code of its own."""

    log_source: tuple[str, str] | None = None
    """The pod and the container whose log says why, where the last words do not."""


class PendingTimeoutError(SubmitError):
    """`--pending-timeout` passed before every worker ran."""

    exit_code = 124


class NoSuchRunError(SubmitError):
    """A name that belongs to no run, or to several."""


class CancelledError(SubmitError):
    """Somebody cancelled what we waited for."""

    exit_code = 130


class WaitTimeoutError(SubmitError):
    """`wait --timeout` passed before all had ended."""

    exit_code = 124


class CommandFailedError(SubmitError):
    """A program that was run ended with an error; its callers turn this into what it means."""

    def __init__(self, argv: tuple[str, ...], exit_code: int, stdout: str, stderr: str) -> None:
        message = f"{argv[0]} exited {exit_code}"
        super().__init__(message, code=ErrorCode.PROGRAM_FAILED, last_words=stderr or stdout)
        self.program_exit_code = exit_code
        self.stderr = stderr
