"""Folders that stay in the user's cache, so that only what changes is written again.

Each has one user at a time: a lock on a file inside (flock(2)) that ends with the last program that
has the file open. Those used least recently are removed.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

MOST = 8
MOST_BYTES = 5_000_000_000
MOST_SECONDS = 14 * 86_400
"""A folder that nobody has used for this long is removed."""
AT_ONCE = 2
"""How many folders there are for users of the same key at the same time."""
SECONDS_BETWEEN_PRUNES = 86_400
LOCK, SIZE, PRUNED, REMOVED = "lock", "bytes", "pruned", "removed-"


@dataclass(frozen=True, kw_only=True)
class KeptFolder:
    """A folder that is ours until its lock is closed."""

    path: Path
    lock: int
    """A descriptor that each program that uses the folder must inherit: it may outlive us."""

    @property
    def is_new(self) -> bool:
        """Whether nobody has finished with it yet."""
        return not (self.path / SIZE).exists()


@contextlib.contextmanager
def hold(key: str) -> Iterator[KeptFolder | None]:
    """A folder for a key, with what its last user left; None where none is free or can be made."""
    kept = _first_free(key)
    if kept is None:
        yield None
        return
    due = kept.is_new or _is_prune_due(kept.path.parent)
    try:
        yield kept
        if due:
            with contextlib.suppress(OSError):
                (kept.path / SIZE).write_text(str(_measured(kept.path)), encoding="ascii")
    finally:
        os.close(kept.lock)
    if due:
        prune(kept.path.parent)


def prune(root: Path) -> None:
    """Remove the folders beyond the limits, except those in use."""
    with contextlib.suppress(OSError):
        (root / PRUNED).write_bytes(b"")
    left, left_bytes = 0, 0
    for folder in sorted(filter(Path.is_dir, root.iterdir()), key=_last_used, reverse=True):
        if folder.name.startswith(REMOVED):  # by somebody who did not finish
            shutil.rmtree(folder, ignore_errors=True)
            continue
        size = _size(folder)
        too_old = time.time() - _last_used(folder) > MOST_SECONDS
        if too_old or left >= MOST or left_bytes + size > MOST_BYTES:
            _remove(folder)
        else:
            left, left_bytes = left + 1, left_bytes + size


def _first_free(key: str) -> KeptFolder | None:
    for number in range(AT_ONCE):
        with contextlib.suppress(OSError):
            path = _root() / f"{key}-{number}"
            path.mkdir(mode=0o700, exist_ok=True)
            return KeptFolder(path=path, lock=_lock(path))
    return None


def _root() -> Path:
    """Where the folders are; nobody else can read or change them. Raises OSError."""
    cache = os.environ.get("XDG_CACHE_HOME", "")
    if not os.path.isabs(cache):
        cache = os.path.join(os.environ.get("HOME", ""), ".cache")
    if not os.path.isabs(cache):
        raise FileNotFoundError("no home folder")
    root = Path(cache) / "kubectl-submit" / "checkouts"
    root.mkdir(mode=0o700, parents=True, exist_ok=True)
    status = root.stat()
    if status.st_uid != os.geteuid():  # as with sudo: whose files they are would change
        raise PermissionError(f"{root} is somebody else's")
    if status.st_mode & 0o077:
        root.chmod(0o700)
    return root


def _lock(path: Path) -> int:
    """The descriptor of a folder's lock. Raises OSError where somebody else has it."""
    lock = os.open(path / LOCK, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if not os.path.samestat(os.fstat(lock), (path / LOCK).stat()):
            raise BlockingIOError("removed meanwhile")
        os.utime(lock)
        os.set_inheritable(lock, True)  # only by programs that are told to keep it open
    except BaseException:
        os.close(lock)
        raise
    return lock


def _remove(folder: Path) -> None:
    """Remove a folder unless it is in use; under another name, so that nobody uses half of it."""
    with contextlib.suppress(OSError):
        lock = _lock(folder)
        try:
            removed = folder.with_name(f"{REMOVED}{uuid.uuid4().hex}")
            folder.rename(removed)
            shutil.rmtree(removed, ignore_errors=True)
        finally:
            os.close(lock)


def _is_prune_due(root: Path) -> bool:
    with contextlib.suppress(OSError):
        return time.time() - (root / PRUNED).stat().st_mtime > SECONDS_BETWEEN_PRUNES
    return True


def _last_used(folder: Path) -> float:
    with contextlib.suppress(OSError):
        return (folder / LOCK).stat().st_mtime
    return 0.0


def _size(folder: Path) -> int:
    """The bytes on disk, as its last user recorded them."""
    with contextlib.suppress(OSError, ValueError):
        return int((folder / SIZE).read_text(encoding="ascii"))
    return _measured(folder)


def _measured(folder: Path) -> int:
    size = 0
    for place, _, names in os.walk(folder):
        for name in names:
            with contextlib.suppress(OSError):
                size += os.lstat(os.path.join(place, name)).st_blocks * 512
    return size
