"""Reads the files of manifests: the user's own, and the default ones."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

from kubectl_submit.error_codes import ErrorCode
from kubectl_submit.errors import ManifestError


def read(path: Path | None, default: str) -> tuple[str, str]:
    """The text of the user's manifest or of the default of this name, and its name for messages."""
    if path is None:
        return _default(default), f"the default {default}"
    try:
        return path.read_text(encoding="utf-8"), str(path)
    except UnicodeDecodeError:
        raise ManifestError(
            f"{path} is not UTF-8 text", code=ErrorCode.MANIFEST_NOT_UTF_8
        ) from None
    except OSError as error:
        raise ManifestError(
            f"cannot read the manifest {path}: {error.strerror}", code=ErrorCode.MANIFEST_UNREADABLE
        ) from None


def _default(name: str) -> str:
    """A default manifest: inside the wheel, or beside the package in a checkout."""
    packaged = resources.files("kubectl_submit") / "manifests" / name
    if packaged.is_file():
        return packaged.read_text(encoding="utf-8")
    return (Path(__file__).parents[2] / "manifests" / name).read_text(encoding="utf-8")
