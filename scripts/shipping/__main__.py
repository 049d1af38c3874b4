"""`make dist`: everything that users install, in dist/. The same sources give the same bytes."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from kubectl_submit import __version__
from scripts import manual
from scripts.shipping import krew, sbom, single_file

DIST = Path("dist")
CHECKSUMS = "SHA256SUMS"
FIRST_MOMENT_OF_ZIP = 315532800  # 1980-01-01


def main() -> None:
    """Make what users install, the manual page, the SBOM and the checksums."""
    seconds = int(os.environ.get("SOURCE_DATE_EPOCH", FIRST_MOMENT_OF_ZIP))
    shutil.rmtree(DIST, ignore_errors=True)
    hatchling = [sys.executable, "-m", "hatchling", "build", "--directory", str(DIST)]
    subprocess.run(hatchling, check=True, env={**os.environ, "SOURCE_DATE_EPOCH": str(seconds)})
    [wheel] = DIST.glob("*.whl")
    _write_krew_archive(_write_single_file(wheel, seconds), seconds)
    manual.main()
    sums = checksums({path.name: path.read_bytes() for path in DIST.iterdir()})
    (DIST / CHECKSUMS).write_text(sums, encoding="utf-8")


def _write_single_file(wheel: Path, seconds: int) -> bytes:
    year, month, day, hour, minute, second, *_ = time.gmtime(seconds)
    with tempfile.TemporaryDirectory() as folder:
        bundled = single_file.download(Path(folder))
        moment = (year, month, day, hour, minute, second)
        program = single_file.build([wheel, *bundled], __version__, moment)
        bom = sbom.document(program, __version__, bundled)
    path = DIST / "kubectl-submit"
    path.write_bytes(program)
    path.chmod(0o755)
    (DIST / sbom.NAME).write_text(bom, encoding="utf-8")
    return program


def _write_krew_archive(program: bytes, seconds: int) -> None:
    files = {
        "kubectl-submit": (program, 0o755),
        "LICENSE": (Path("LICENSE").read_bytes(), 0o644),
    }
    archive = krew.archive(files, seconds)
    (DIST / krew.archive_name(__version__)).write_bytes(archive)
    manifest = krew.manifest(krew.TEMPLATE.read_text(encoding="utf-8"), __version__, archive)
    (DIST / "submit.yaml").write_text(manifest, encoding="utf-8")


def checksums(files: dict[str, bytes]) -> str:
    """What `sha256sum --check` reads, for files (name → content)."""
    lines = (
        f"{hashlib.sha256(data).hexdigest()}  {name}\n" for name, data in sorted(files.items())
    )
    return "".join(lines)


if __name__ == "__main__":
    main()
