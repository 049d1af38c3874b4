"""The wheel and the single file behave alike, wherever they are."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import tarfile
from pathlib import Path

import pytest
import yaml

from kubectl_submit import __version__
from tests.cluster.conftest import Namespace
from tests.conftest import Repository

from .conftest import DIST, ROOT, User

MANIFEST = DIST / "submit.yaml"
ARCHIVE = DIST / f"kubectl-submit-krew-v{__version__}.tar.gz"
LINES = "echo one; echo two; exit 7"


@pytest.fixture(params=["wheel", "single_file"])
def installed(request: pytest.FixtureRequest, user: User) -> User:
    """A user who has installed it, one way or the other."""
    user.install(request.getfixturevalue(request.param))
    return user


def test_a_commit_is_built_and_runs(
    installed: User, namespace: Namespace, repository: Repository
) -> None:
    commit = repository.commit()
    result = installed.submit("--", "sh", "-c", LINES, cwd=repository.folder)
    assert (result.exit_code, result.stdout.splitlines()) == (7, ["one", "two"]), result.stderr
    assert namespace.job()["metadata"]["annotations"]["kubectl-submit/commit"] == commit


def test_where_nothing_can_be_written(installed: User, busybox: str) -> None:
    result = installed.submit_read_only(f"--image={busybox}", "--", "sh", "-c", LINES)
    assert (result.exit_code, result.stdout.splitlines()) == (7, ["one", "two"]), result.stderr
    assert list(installed.home.iterdir()) == []


@pytest.mark.parametrize("execution", ["kubernetes", "ray"])
def test_a_dry_run_has_the_manifests_inside(
    installed: User, namespace: Namespace, execution: str
) -> None:
    flags = ("--dry-run=client", f"--execution={execution}", "--image=app")
    result = installed.submit(*flags, "--", "true")
    assert yaml.safe_load(result.stdout)["kind"] in ("Job", "RayJob")
    assert namespace.names("jobs") == []


def test_a_manifest_of_its_own_build(installed: User, repository: Repository) -> None:
    repository.commit()
    result = installed.submit("--dry-run=client", "-o", "name", "--", "true", cwd=repository.folder)
    assert result.stdout.splitlines()[0].endswith("-build")


def test_krew_s_archive_is_the_single_file(single_file: Path) -> None:
    manifest = yaml.safe_load(MANIFEST.read_text(encoding="utf-8"))
    [platform] = manifest["spec"]["platforms"]
    assert platform["sha256"] == hashlib.sha256(ARCHIVE.read_bytes()).hexdigest()
    with tarfile.open(ARCHIVE) as opened:
        inside = opened.extractfile("kubectl-submit")
        assert inside
        assert inside.read() == single_file.read_bytes()


def test_krew_installs_it(user: User, namespace: Namespace) -> None:
    krew = shutil.which("kubectl-krew")
    assert krew, "krew is missing: scripts/local-cluster install krew"
    user.install(Path(krew), "kubectl-krew")
    root = user.folder / "krew"
    files = (f"--manifest={MANIFEST}", f"--archive={ARCHIVE}")
    ours = {**user.environment, "KREW_ROOT": str(root), "KREW_NO_UPGRADE_CHECK": "1"}
    subprocess.run(["kubectl", "krew", "install", *files], env=ours, check=True)
    path = f"{root}/bin:{user.environment['PATH']}"
    assert user.submit("--version", PATH=path).stdout == f"kubectl-submit {__version__}\n"
    tried = user.submit("--dry-run=server", "--image=app", "-o", "name", "--", "true", PATH=path)
    assert tried.stdout.startswith("job/app-"), tried.stderr
    assert namespace.names("jobs") == []


@pytest.mark.parametrize("manifest", [MANIFEST, ROOT / "plugins" / "submit.yaml"])
def test_the_check_of_krew_s_index_accepts_the_manifest(user: User, manifest: Path) -> None:
    """That of a release, and the one of our own index."""
    check = shutil.which("validate-krew-manifest")
    assert check, "it is missing: scripts/local-cluster install krew"
    checked = user.run(check, "-skip-install", f"-manifest={manifest}")
    assert checked.exit_code == 0, checked.stderr
    assert "no overlapping spec.platform[].selector" in checked.stderr


def kubectls() -> list[str]:
    """Other versions of kubectl, from KUBECTLS: paths with colons between them."""
    return list(filter(None, os.environ.get("KUBECTLS", "").split(":"))) or [""]


@pytest.mark.parametrize("kubectl", kubectls())
def test_other_versions_of_kubectl(
    user: User, single_file: Path, busybox: str, kubectl: str
) -> None:
    if not kubectl:
        pytest.skip("needs other versions of kubectl: their paths in KUBECTLS")
    user.install(Path(kubectl), "kubectl")
    user.install(single_file)
    lines = "echo $NODE_RANK; [ $NODE_RANK = 0 ] || { sleep 1; exit 4; }"
    result = user.submit("--workers=2", f"--image={busybox}", "--", "sh", "-c", lines)
    assert (result.exit_code, sorted(result.stdout.splitlines())) == (4, ["[0] 0", "[1] 1"])
    name = user.submit("list", "-o", "name").stdout.strip()
    assert user.submit("wait", name).exit_code == 4
    assert sorted(user.submit("logs", name).stdout.splitlines()) == ["[0] 0", "[1] 1"]
    assert "exited 4" in user.submit("status", name).stdout
    assert user.submit("cancel", "--delete", name).exit_code == 0
    assert user.submit("--dry-run=server", "--image=app", "--", "true").exit_code == 0


def test_completion(user: User, namespace: Namespace, wheel: Path, single_file: Path) -> None:
    """pip has installed what kubectl asks; the single file writes it."""
    asked = ("kubectl", "__complete", "submit", "--build", "")
    user.install(wheel)
    user.install(wheel.with_name("kubectl_complete-submit"), "kubectl_complete-submit")
    by_pip = user.run(*asked)
    (user.programs / "kubectl_complete-submit").unlink()
    user.install(single_file)
    script = user.folder / "kubectl_complete-submit"
    script.write_text(user.submit("completion", "kubectl").stdout, encoding="utf-8")
    script.chmod(0o755)
    user.install(script, "kubectl_complete-submit")
    by_single_file = user.run(*asked)
    assert by_pip.stdout == by_single_file.stdout == "local\nremote\n:4\n"
