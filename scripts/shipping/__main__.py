"""`make dist`: everything that users install, in dist/. The same sources give the same bytes."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

from kubectl_submit import __version__
from scripts import manual
from scripts.shipping import krew, single_file

DIST = Path("dist")
FIRST_MOMENT_OF_ZIP = 315532800  # 1980-01-01


def main() -> None:
    """Make what users install, and the manual page."""
    seconds = int(os.environ.get("SOURCE_DATE_EPOCH", FIRST_MOMENT_OF_ZIP))
    shutil.rmtree(DIST, ignore_errors=True)
    hatchling = [sys.executable, "-m", "hatchling", "build", "--directory", str(DIST)]
    subprocess.run(hatchling, check=True, env={**os.environ, "SOURCE_DATE_EPOCH": str(seconds)})
    [wheel] = DIST.glob("*.whl")

    year, month, day, hour, minute, second, *_ = time.gmtime(seconds)
    program = single_file.build(wheel, __version__, (year, month, day, hour, minute, second))
    path = DIST / "kubectl-submit"
    path.write_bytes(program)
    path.chmod(0o755)

    files = {path.name: (program, 0o755), "LICENSE": (Path("LICENSE").read_bytes(), 0o644)}
    archive = krew.archive(files, seconds)
    (DIST / krew.archive_name(__version__)).write_bytes(archive)
    manifest = krew.manifest(krew.TEMPLATE.read_text(encoding="utf-8"), __version__, archive)
    (DIST / "submit.yaml").write_text(manifest, encoding="utf-8")
    manual.main()


if __name__ == "__main__":
    main()
