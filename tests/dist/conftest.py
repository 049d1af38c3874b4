"""What users install, from dist/, as they install it: far away from this checkout."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cluster.conftest import Namespace, busybox, namespace
from tests.conftest import Commands, Finished

ROOT = Path(__file__).parents[2]
DIST = ROOT / "dist"
# Lets a program run where it can write nothing but its temporary folder, as in many containers.
READ_ONLY = """
mount -o remount,bind,ro / && mount -t tmpfs none "$TMPDIR" &&
! touch "$HOME/written" 2>/dev/null && exec "$@"
"""


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The program as pip installs the wheel."""
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    [found] = DIST.glob("*.whl")
    subprocess.run([folder / "bin" / "pip", "install", "--quiet", found], check=True)
    return folder / "bin" / "kubectl-submit"


@pytest.fixture(scope="session")
def single_file() -> Path:
    """The single file."""
    return DIST / "kubectl-submit"


class User:
    """Somebody with kubectl, git and the plugin on PATH, an empty home, and nothing of ours."""

    def __init__(self, commands: Commands, folder: Path, namespace: Namespace) -> None:
        self._commands = commands
        self._namespace = namespace.name
        self.folder = folder
        self.programs = folder / "bin"
        self.home = folder / "home"
        self.here = folder / "here"
        for path in (self.programs, self.home, self.here):
            path.mkdir()
        self.install(Path(shutil.which("kubectl") or ""), "kubectl")

    def install(self, program: Path, name: str = "kubectl-submit") -> None:
        """Put a program on PATH."""
        (self.programs / name).unlink(missing_ok=True)
        (self.programs / name).symlink_to(program)

    @property
    def environment(self) -> dict[str, str]:
        """With no other variable of ours than those that say where the cluster is."""
        kept = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("VIRTUAL_ENV", "PYTHON", "XDG_"))
        }
        return {**kept, "HOME": str(self.home), "PATH": f"{self.programs}:/usr/bin:/bin:/usr/sbin"}

    def submit(
        self, *arguments: str, prefix: tuple[str, ...] = (), cwd: Path | None = None, **env: str
    ) -> Finished:
        """`kubectl submit` in the test's namespace."""
        argv = (*prefix, "kubectl", "submit", *arguments)
        variables = {**self.environment, "KUBECTL_SUBMIT_NAMESPACE": self._namespace, **env}
        return self._commands.run(*argv, cwd=cwd or self.here, env=variables)

    def run(self, *argv: str) -> Finished:
        """Something else that is on PATH."""
        return self._commands.run(*argv, cwd=self.here, env=self.environment)

    def submit_read_only(self, *arguments: str) -> Finished:
        """The same, where nothing can be written."""
        unshare = ("unshare", "--map-root-user", "--mount", "sh", "-c", READ_ONLY, "sh")
        return self.submit(*arguments, prefix=unshare)


@pytest.fixture
def user(commands: Commands, tmp_path: Path, namespace: Namespace) -> User:
    """A user who has not installed it yet."""
    folder = tmp_path / "user"
    folder.mkdir()
    return User(commands, folder, namespace)


__all__ = ["DIST", "ROOT", "busybox", "namespace"]
