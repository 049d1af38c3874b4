"""The image that a run uses: name, tag and digest."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace

NOT_BUILT_YET = "sha256:" + 64 * "0"


@dataclass(frozen=True, kw_only=True)
class Image:
    """An image: its name as the cluster pulls it, and the digest of its manifest."""

    name: str
    """Without tag: `registry.example/team/app`."""
    digest: str
    """`sha256:…`; empty if the tag of `--image` could not be resolved."""
    tag: str = ""
    build_seconds: float | None = None
    """How long the build took; None for `--image`."""

    @property
    def reference(self) -> str:
        """What the pod runs: `name@sha256:…`, or `name:tag` without a digest."""
        if self.digest:
            return f"{self.name}@{self.digest}"
        return f"{self.name}:{self.tag}" if self.tag else self.name


def parse_digest(text: object) -> str:
    """The digest `sha256:…`; ValueError if it is not one."""
    if not isinstance(text, str) or not text.startswith("sha256:"):
        raise ValueError(f"{text!r} is not a digest")
    return text


def digest_of_message(message: str) -> str:
    """The digest in a build's termination message; ValueError if there is none."""
    try:
        return parse_digest(json.loads(message)["digest"])
    except (KeyError, TypeError):
        raise ValueError(f"{message!r} has no digest") from None


def parse_reference(reference: str) -> Image:
    """Split `name[:tag][@digest]`; a colon before the last slash belongs to a port."""
    rest, _, digest = reference.partition("@")
    head, slash, last = rest.rpartition("/")
    last, _, tag = last.partition(":")
    return Image(name=f"{head}{slash}{last}", tag=tag, digest=digest)


def seen_from_here(image: Image, inside: str | None, here: str | None) -> Image:
    """The image with the name of its registry on this machine.

    `inside` and `here`: the names of one repository in the cluster and on this machine.
    """
    inside_host, here_host = (inside or "").partition("/")[0], (here or "").partition("/")[0]
    host, slash, path = image.name.partition("/")
    if inside_host and here_host and slash and host == inside_host:
        return replace(image, name=f"{here_host}/{path}")
    return image
