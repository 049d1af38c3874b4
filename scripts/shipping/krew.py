"""krew's archive of a release, and the manifest that names it."""

from __future__ import annotations

import gzip
import hashlib
import io
import re
import tarfile
from collections.abc import Mapping
from pathlib import Path

TEMPLATE = Path(".krew.yaml")
TAG = r"\{\{ *\.TagName *\}\}"
ADD_URI_AND_SHA = r'\{\{ *addURIAndSha "(?P<uri>.+)" \.TagName *\}\}'


def archive_name(version: str) -> str:
    """The name of the archive, as it stands in the template."""
    return f"kubectl-submit-krew-v{version}.tar.gz"


def archive(files: Mapping[str, tuple[bytes, int]], seconds: int) -> bytes:
    """A tar.gz of files (name → content, mode): plain files only, always the same bytes."""
    tar = io.BytesIO()
    with tarfile.open(fileobj=tar, mode="w", format=tarfile.USTAR_FORMAT) as written:
        for name, (content, mode) in sorted(files.items()):
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode, entry.mtime = len(content), mode, seconds
            written.addfile(entry, io.BytesIO(content))
    out = io.BytesIO()
    with gzip.GzipFile(filename="", mode="wb", fileobj=out, mtime=0) as compressed:
        compressed.write(tar.getvalue())
    return out.getvalue()


def manifest(template: str, version: str, archive: bytes) -> str:
    """The manifest of a release, as krew-release-bot makes it of its template."""
    tag = f"v{version}"
    sha256 = hashlib.sha256(archive).hexdigest()
    text = re.sub(ADD_URI_AND_SHA, rf"uri: \g<uri>\n    sha256: {sha256}", template)
    return re.sub(TAG, tag, text)
