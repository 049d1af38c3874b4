"""Where the layers of builds are cached: the names of caches in a registry. Pure.

Each branch has its own cache for each project, Dockerfile, context, target and platform, so that no
build replaces what another one needs. A new branch begins with the layers of the default branch.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass

BRANCH_LENGTH = 40
# The steps of a Dockerfile that make a layer; without one there is nothing to cache.
LAYER = r"(?im)^\s*(RUN|COPY|ADD|WORKDIR)\b"


@dataclass(frozen=True, kw_only=True)
class BuildCache:
    """The caches of a build in a registry."""

    tags: tuple[str, ...] = ()
    """Of the cache that is read and written, and of another one to read; empty: no cache."""
    repository: str = ""
    """Where they are; empty: beside the image."""

    def references(self, image: str, platform: str) -> list[str]:
        """The cache to read and write, and another one to read.

        `image`: the name of the image. `platform`: what is built for; empty if whoever builds has
        to add it.
        """
        name, end = self.repository or image, suffix(platform)
        return [f"{name}:{tag}{end}" for tag in self.tags]


def plan(
    choice: str, recipe: Sequence[object], branch: str, default_branch: str, dockerfile: str
) -> BuildCache:
    """What `--build-cache` asks for.

    `recipe`: project, Dockerfile, context and target. `branch`: empty on a detached HEAD.
    `dockerfile`: what is in the Dockerfile.
    """
    kind, _, repository = choice.partition("=")
    if kind == "none" or not re.search(LAYER, dockerfile):
        return BuildCache()
    branches = dict.fromkeys([branch, default_branch or branch])
    return BuildCache(tags=tuple(_tag(recipe, one) for one in branches), repository=repository)


def suffix(platform: str) -> str:
    """The end of a tag for a platform: `-amd64` for linux/amd64."""
    short = re.sub(r"[^A-Za-z0-9_.]+", "-", platform.replace("linux/", ""))
    return f"-{short}" if short else ""


def _tag(recipe: Sequence[object], branch: str) -> str:
    told = json.dumps([*recipe, branch])
    shown = re.sub(r"[^A-Za-z0-9_.]+", "-", branch)[:BRANCH_LENGTH].strip("-.")
    parts = ["cache", shown, hashlib.sha256(told.encode()).hexdigest()[:8]]
    return "-".join(filter(None, parts))
