"""The table of the versions of KubeRay and Ray that were tested together."""

from __future__ import annotations

import re
from pathlib import Path

from scripts import tested_versions

SETTINGS = Path(__file__).parents[2] / "scripts" / "cluster" / "settings.sh"
HEAD = "<!-- tested -->\n| KubeRay | Ray | Kubernetes |\n|---|---|---|\n"


def test_a_row_is_added_once_and_the_newest_is_first() -> None:
    page = f"Before.\n{HEAD}| 1.6.1 | 2.60.0 | 1.35 |\n<!-- end -->\nAfter.\n"

    for versions in [("1.10.0", "2.9.0", "1.35"), ("1.6.1", "2.61.0", "1.35")] * 2:
        page = tested_versions.with_row(page, versions)

    assert page == (
        f"Before.\n{HEAD}| 1.10.0 | 2.9.0 | 1.35 |\n| 1.6.1 | 2.61.0 | 1.35 |\n"
        "| 1.6.1 | 2.60.0 | 1.35 |\n<!-- end -->\nAfter.\n"
    )


def test_the_versions_of_the_local_cluster_were_tested() -> None:
    settings = SETTINGS.read_text(encoding="utf-8")
    defaults = dict(re.findall(r"(?m)^(ray|kuberay)_version=\$\{\w+:-(.+?)\}", settings))
    pairs = [one[:2] for one in tested_versions.rows(tested_versions.PAGE.read_text("utf-8"))]

    assert (defaults["kuberay"], defaults["ray"]) in pairs, "run `make test-ray`"
