"""The names of an image and of the Job that builds it, made of what decides about it. Pure."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence

APP_LENGTH = 30
DEFAULT = ["Dockerfile", ".", None, (), None]


def tag(commit: str, recipe: Sequence[object], *, dirty: str = "") -> str:
    """The commit, and a short hash of whatever else decides what is in the image.

    `recipe`: Dockerfile, context, target, build arguments, platform. `dirty`: what tells this
    working tree from all others; empty for a clean commit.
    """
    if dirty:
        return f"{commit}-dirty-{dirty}"
    if list(recipe) == DEFAULT:
        return commit
    return f"{commit}-{_hash(json.dumps(recipe), 8)}"


def identity(image: str, *, only: str = "") -> str:
    """A label's value that is the same for every build of an image (name and tag).

    `only`: the run whose build this is alone, because it builds whatever there is already.
    """
    return _hash(f"{image} {only}".rstrip(), 20)


def job_name(image: str, commit: str, build: str, *, after: str = "") -> str:
    """The build Job's name: the same for every submit of the same image, at most 56 characters.

    `build`: its identity. `after`: the uid of the last such Job, which ended without an image.
    """
    app = image.rpartition("/")[2].partition(":")[0].lower()
    app = re.sub(r"[^a-z0-9]+", "-", app)[:APP_LENGTH].strip("-") or "image"
    return f"{app}-{commit[:7]}-{_hash(f'{build} {after}', 10)}-build"


def _hash(text: str, length: int) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:length]
