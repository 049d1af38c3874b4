"""The refs of temporary commits on a remote.

Their names contain the user and the time, to distinguish refs of killed clients from those in use.
"""

from __future__ import annotations

import hashlib
import re
from datetime import datetime, timedelta, timezone
from pathlib import Path

from kubectl_submit.error_codes import ErrorCode
from kubectl_submit.errors import RepositoryError
from kubectl_submit.process import command
from kubectl_submit.process.masking import mask
from kubectl_submit.source import remotes
from kubectl_submit.source.git_settings import ADDRESS, ASK_NOBODY
from kubectl_submit.source.identity import me

PREFIX = "refs/kubectl-submit/"
FORM = re.compile(rf"{PREFIX}[0-9a-f]{{12}}/(\d{{8}}T\d{{6}}Z)-[0-9a-f]{{40,64}}")
TIME = "%Y%m%dT%H%M%SZ"
LONGEST_BUILD = timedelta(days=7)
"""A ref that is older than this belongs to no build any more."""


def own_prefix() -> str:
    """The prefix of this user's refs; a hash, because everyone can read it."""
    return f"{PREFIX}{hashlib.sha256(me().encode()).hexdigest()[:12]}/"


def new(commit: str) -> str:
    """A ref for a commit that is pushed now."""
    return f"{own_prefix()}{datetime.now(timezone.utc):{TIME}}-{commit}"


class LeftoverRefs:
    """The refs on a remote that are older than any build; asked for in the background."""

    def __init__(self, root: Path, remote: str, prefix: str = PREFIX) -> None:
        self._remote = remote
        settings = {**remotes.push_access(root, remote).environment, **ASK_NOBODY, "LC_ALL": "C"}
        argv = ["git", "ls-remote", "--quiet", ADDRESS, f"{prefix}*"]
        self._asked = command.Started(argv, cwd=root, env=settings, unattended=True)

    def refs(self) -> list[str]:
        """Wait for the answer. Raises RepositoryError where there is none."""
        answer = self._asked.result()
        if answer.exit_code != 0:
            raise RepositoryError(
                f"the remote {self._remote} does not answer",
                code=ErrorCode.REMOTE_NOT_ANSWERING,
                last_words=mask(answer.stderr),
            )
        refs = [line.partition("\t")[2] for line in answer.stdout.splitlines()]
        return [ref for ref in refs if _is_old(ref)]

    def refs_so_far(self) -> list[str]:
        """The same without waiting: empty if there is no answer yet, or none at all."""
        if not self._asked.ended():
            self._asked.stop()
            return []
        try:
            return self.refs()
        except RepositoryError:
            return []


def _is_old(ref: str) -> bool:
    """Also if it has no time: then an older version has pushed it."""
    match = FORM.fullmatch(ref)
    return not match or match[1] < f"{datetime.now(timezone.utc) - LONGEST_BUILD:{TIME}}"
