"""What Python runs first in the single file; there it is called __main__.py.

Python keeps no compiled code of what it imports from a zip, and to compile takes longer than all
the rest of a start. So the first start unpacks the file into the user's cache folder,
`$XDG_CACHE_HOME/kubectl-submit/VERSION-DIGEST` (`~/.cache/…`), where Python keeps it. Where that
cannot be written, everything is imported from the zip.
"""

import sys

import supported  # noqa: F401  # isort: skip (before what an old Python cannot import)

import contextlib
import os

from contents import NAME

FILE = sys.path[0]


def cache_folder() -> str:
    """Where this very file is unpacked to, or empty where there is no place for it."""
    root = os.environ.get("XDG_CACHE_HOME", "")
    if not os.path.isabs(root):
        root = os.path.join(os.environ.get("HOME", ""), ".cache")
    return os.path.join(root, "kubectl-submit", NAME) if os.path.isabs(root) else ""


def is_ours(folder: str) -> bool:
    """Whether nobody else can have put code there: only root's own cache serves root."""
    try:
        state = os.stat(folder)
    except OSError:
        return False
    return state.st_uid == os.geteuid() and not state.st_mode & 0o022


def unpack(folder: str) -> None:
    """Make the folder, as a whole or not at all."""
    import shutil
    import tempfile
    import zipfile

    work = None
    with contextlib.suppress(OSError):
        os.makedirs(os.path.dirname(folder), mode=0o700, exist_ok=True)
        work = tempfile.mkdtemp(prefix=f"{NAME}.", dir=os.path.dirname(folder))
        try:
            with zipfile.ZipFile(FILE) as archive:
                archive.extractall(work)
            os.rename(work, folder)  # fails if another start was faster
        finally:
            shutil.rmtree(work, ignore_errors=True)


folder = cache_folder()
if folder and not os.path.isdir(folder):
    unpack(folder)
if folder and is_ours(folder):
    sys.path[0] = folder
    sys.dont_write_bytecode = False  # which is asked for to keep other folders clean, not this one

from kubectl_submit.__main__ import main  # noqa: E402

main()
