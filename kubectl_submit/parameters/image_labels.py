"""The labels that say from what an image was built (OCI image specification, annotations.md)."""

from __future__ import annotations

from kubectl_submit.model.provenance import Source

PREFIX = "org.opencontainers.image."


def image_labels(source: Source, title: str, dockerfile: str) -> tuple[tuple[str, str], ...]:
    """Revision, source and title, except for those that the Dockerfile's text sets itself.

    A working tree that is not a commit is marked as docker buildx does it.
    """
    revision = f"{source.commit}-dirty" if source.dirty else source.commit
    values = {"revision": revision, "source": source.remote, "title": title}
    return tuple(
        (PREFIX + name, value)
        for name, value in values.items()
        if value and PREFIX + name not in dockerfile
    )
