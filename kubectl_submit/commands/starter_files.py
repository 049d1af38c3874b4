"""The Dockerfile and the .dockerignore that `init` offers to a repository that has none."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

DOCKERFILE = "Dockerfile"
IGNORE = ".dockerignore"
# The file that tells how dependencies are installed, and the Dockerfile for it; the first counts.
KINDS = (
    ("uv.lock", "uv"),
    ("environment.yml", "conda"),
    ("requirements.txt", "pip"),
)


def kind(root: Path) -> tuple[str, str]:
    """The kind of a repository, and the file that tells it; both empty if it has no Python."""
    for name, found in KINDS:
        if (root / name).is_file():
            return found, name
    program = next(iter(sorted(root.glob("*.py"))), None)
    return ("python", program.name) if program else ("", "")


def offered(root: Path) -> bool:
    """Whether a repository has no Dockerfile, and is of a kind that there is one for."""
    return not (root / DOCKERFILE).exists() and bool(kind(root)[0])


def texts(root: Path, of_kind: str) -> dict[Path, str]:
    """The files for a kind, by their path, with their text; a .dockerignore that exists stays."""
    folder = resources.files("kubectl_submit") / "dockerfiles"
    found = {root / DOCKERFILE: (folder / f"{of_kind}.Dockerfile").read_text(encoding="utf-8")}
    if not (root / IGNORE).exists():
        found[root / IGNORE] = (folder / "dockerignore").read_text(encoding="utf-8")
    return found
