"""krew's manifest and archive, held to the rules by which krew and its index check them."""

from __future__ import annotations

import hashlib
import io
import re
import tarfile
from pathlib import Path
from typing import Any

import pytest
import yaml

from kubectl_submit import __version__
from scripts.shipping import krew

ROOT = Path(__file__).parents[2]
ARCHIVE = krew.archive({"kubectl-submit": (b"program", 0o755), "LICENSE": (b"free", 0o644)}, 0)


def rendered() -> str:
    template = (ROOT / krew.TEMPLATE).read_text(encoding="utf-8")
    return krew.manifest(template, __version__, ARCHIVE)


def index() -> str:
    return (ROOT / "plugins" / "submit.yaml").read_text(encoding="utf-8")


@pytest.fixture(params=[rendered, index])
def manifest(request: pytest.FixtureRequest) -> dict[str, Any]:
    """The manifest of a release, and the one of our own index."""
    text: str = request.param()
    found: dict[str, Any] = yaml.safe_load(text)
    return found


def test_what_krew_asks_of_a_manifest(manifest: dict[str, Any]) -> None:
    assert manifest["apiVersion"] == "krew.googlecontainertools.github.com/v1alpha2"
    assert manifest["kind"] == "Plugin"
    assert manifest["metadata"]["name"] == "submit"  # the name of the file
    spec = manifest["spec"]
    assert re.fullmatch(r"v\d+\.\d+\.\d+", spec["version"])
    assert "\n" not in spec["shortDescription"]
    for platform in spec["platforms"]:
        assert platform["uri"].endswith(krew.archive_name(spec["version"].removeprefix("v")))
        assert spec["version"] in platform["uri"].split("/")
        assert re.fullmatch("[0-9a-f]{64}", platform["sha256"])
        assert platform["bin"] == "kubectl-submit"


def test_what_reviewers_of_the_index_ask(manifest: dict[str, Any]) -> None:
    spec = manifest["spec"]
    assert len(spec["shortDescription"]) <= 50
    assert max(len(line) for line in spec["description"].splitlines()) <= 80
    assert spec["homepage"].startswith("https://")


def test_it_is_for_the_platforms_that_we_run_on(manifest: dict[str, Any]) -> None:
    """krew's own check, in tests/dist, sees whether it can read the selector."""
    [platform] = manifest["spec"]["platforms"]
    chosen = {one["key"]: one["values"] for one in platform["selector"]["matchExpressions"]}

    assert chosen == {"os": ["linux", "darwin"], "arch": ["amd64", "arm64"]}


def test_the_checksum_is_the_archive_s() -> None:
    [platform] = yaml.safe_load(rendered())["spec"]["platforms"]

    assert platform["sha256"] == hashlib.sha256(ARCHIVE).hexdigest()


def test_our_index_has_this_version() -> None:
    assert yaml.safe_load(index())["spec"]["version"] == f"v{__version__}"


def test_the_archive_holds_plain_files_with_modes() -> None:
    with tarfile.open(fileobj=io.BytesIO(ARCHIVE), mode="r:gz") as archive:
        entries = {entry.name: (entry.isreg(), entry.mode) for entry in archive}

    assert entries == {"LICENSE": (True, 0o644), "kubectl-submit": (True, 0o755)}
