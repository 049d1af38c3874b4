"""The image of `--image`, by digest where the registry tells it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from kubectl_submit.build_backends import docker
from kubectl_submit.cli.options import Options
from kubectl_submit.model.image import Image, parse_reference, seen_from_here


def begin_to_resolve(options: Options) -> Callable[[], Image]:
    """Ask for the digest of `--image`, if docker is there; what gives the image in the end."""
    image = parse_reference(options.image or "")
    if image.digest or not docker.installed():
        return lambda: image
    here = seen_from_here(image, options.pull_repository, options.image_repository)
    digest = docker.begin_digest(here.reference)
    return lambda: replace(image, digest=digest())
