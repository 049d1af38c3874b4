"""The image of `--image`, by digest where the registry tells it."""

from __future__ import annotations

from dataclasses import replace

from kubectl_submit.build_backends import docker
from kubectl_submit.cli.options import Options
from kubectl_submit.model.image import Image, parse_reference, seen_from_here
from kubectl_submit.process.pending import Pending


def start_resolving(options: Options) -> Pending[Image]:
    """Ask for the digest of `--image`, if docker is there."""
    image = parse_reference(options.image or "")
    if image.digest or not docker.installed():
        return Pending(lambda: image)
    here = seen_from_here(image, options.pull_repository, options.image_repository)
    digest = docker.start_digest(here.reference)
    return Pending(lambda: replace(image, digest=digest.result()))
