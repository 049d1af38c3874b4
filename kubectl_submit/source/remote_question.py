"""Asks a remote for a commit, as a build will, before there is a build.

The question is a fetch from an empty repository that claims to have the commit already, so that
nothing is sent but the server's consent. The user's repository stays as it is.
"""

from __future__ import annotations

import enum
import math
import re
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from kubectl_submit.process import command
from kubectl_submit.process.masking import mask
from kubectl_submit.source.git_settings import (
    ADDRESS,
    ASK_NOBODY,
    QUIET_SETTINGS,
    Access,
    access,
    as_environment,
    objects_beside,
    of_remote,
)

Settings = Sequence[tuple[str, str]]

# What decides how git reaches a server, wherever the user has set it.
OF_THE_NETWORK = re.compile(
    r"(http|credential|ssh|protocol)\.|core\.(sshcommand|gitproxy|askpass)$"
)
NOT_THERE = re.compile(r"not our ref|want \w+ not valid|TF401175")
# The second: a server of mere files (dumb HTTP), or one that does not know --depth.
ONLY_ADVERTISED = re.compile(r"unadvertised object|does not support shallow")
FETCH = ("fetch", "--quiet", "--no-tags", "--depth=1", ADDRESS)


class Answer(enum.Enum):
    """What a remote says of a commit."""

    YES = "it has the commit"
    NO = "it does not have the commit"
    NO_TIP = "it serves only the tips of branches and tags, and the commit is not one"
    NONE = "it did not answer"


@dataclass(frozen=True, kw_only=True)
class Reply:
    """A remote's answer, and git's own words where it is not a yes."""

    answer: Answer
    words: str = ""


class Question:
    """Whether a remote would send a commit; asked in the background.

    `root`: the user's repository, `settings`: its configuration, as `git config --list` has it,
    `remote`: the name of the remote there. git does not prompt for a password.
    """

    def __init__(
        self, root: Path, settings: Settings, url: str, commit: str, remote: str = ""
    ) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="kubectl-submit-")
        self._root, self._commit = root, commit
        try:
            reached = access(url, of_remote(settings, remote))
            folder = Path(self._folder.name)
            self._environment = _environment(root, settings, reached, folder, commit)
            argv = ["git", *FETCH, commit]
            self._asked = command.Started(argv, cwd=root, env=self._environment, unattended=True)
        except BaseException:
            self._folder.cleanup()
            raise

    def reply(self, seconds: float = math.inf) -> Reply:
        """Wait for the answer, so many seconds at most."""
        if not self._asked.ends_within(seconds):
            return Reply(answer=Answer.NONE, words=f"no answer in {seconds:g} seconds")
        told = self._asked.result()
        if told.exit_code == 0:
            return Reply(answer=Answer.YES)
        words = mask(told.stderr).strip()
        if ONLY_ADVERTISED.search(words):
            return Reply(answer=Answer.YES if self._is_tip() else Answer.NO_TIP, words=words)
        return Reply(answer=Answer.NO if NOT_THERE.search(words) else Answer.NONE, words=words)

    def close(self) -> None:
        """Ask no longer."""
        self._asked.stop()
        self._folder.cleanup()

    def _is_tip(self) -> bool:
        asked = command.run(
            ["git", "ls-remote", "--quiet", ADDRESS],
            cwd=self._root,
            env=self._environment,
            check=False,
        )
        return any(line.startswith(self._commit) for line in asked.stdout.splitlines())

    def __enter__(self) -> Question:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def _environment(
    root: Path, settings: Settings, reached: Access, folder: Path, commit: str
) -> dict[str, str]:
    """A repository in that folder which has nothing but the commit, and reaches what ours does."""
    git_folder = folder / "git"
    for name in ("objects", "refs/heads"):
        (git_folder / name).mkdir(parents=True)
    (git_folder / "HEAD").write_text("ref: refs/heads/asked\n")
    (git_folder / "refs/heads/asked").write_text(f"{commit}\n")
    version = "[core]\nbare = true\nrepositoryFormatVersion = "
    sha256 = "1\n[extensions]\nobjectFormat = sha256\n"
    (git_folder / "config").write_text(version + (sha256 if len(commit) == 64 else "0\n"))
    paths = command.run(
        ["git", "rev-parse", "--git-path", "objects", "--git-path", "shallow"], cwd=root
    )
    objects, shallow = (root / path for path in paths.stdout.splitlines())
    if shallow.exists():
        shutil.copyfile(shallow, git_folder / "shallow")
    network = [(key, value) for key, value in settings if OF_THE_NETWORK.match(key)]
    ours = (("core.alternateRefsPrefixes", "refs/none"), ("gc.auto", "0"))
    return {
        **as_environment((*network, *QUIET_SETTINGS, *reached.settings, *ours)),
        **reached.variables,
        **ASK_NOBODY,
        "LC_ALL": "C",
        "GIT_DIR": str(git_folder),
        "GIT_ALTERNATE_OBJECT_DIRECTORIES": objects_beside(objects),
        # All else that matters of these is among the settings.
        "GIT_CONFIG_GLOBAL": str(_trusted_folders(root, folder)),
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_PARAMETERS": "",
    }


def _trusted_folders(root: Path, folder: Path) -> Path:
    """A configuration that has the user's `safe.directory` alone.

    A remote that is a folder of somebody else's is read by a git of its own, which takes that
    only from such a file (git-config(1)); what a repository says of itself does not count.
    """
    asked = ["git", "config", "--null", "--show-scope", "--get-all", "safe.directory"]
    told = command.run(asked, cwd=root, check=False).stdout.split("\0")
    values = [
        value.replace("\\", "\\\\").replace('"', '\\"')
        for scope, value in zip(told[::2], told[1::2], strict=False)
        if scope in ("system", "global")
    ]
    path = folder / "trusted"
    path.write_text("[safe]\n" + "".join(f'directory = "{value}"\n' for value in values))
    return path
