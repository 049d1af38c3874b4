"""Writes into docs/ray.md with which versions the tests of Ray have just passed.

`make test-ray` ends with it: python -m scripts.tested_versions
"""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path

PAGE = Path(__file__).parents[1] / "docs" / "ray.md"
TABLE = re.compile(r"(<!-- tested -->\n.*\n.*\n)((?:\|.*\n)*)(?=<!-- end -->)")
"""The head of the table, and its rows."""


def main() -> None:
    """Add the versions of the local cluster; of another one, KubeRay's is not known."""
    kuberay, ray = os.environ.get("LOCAL_KUBERAY"), os.environ.get("LOCAL_RAY")
    if kuberay and ray:
        page = PAGE.read_text(encoding="utf-8")
        PAGE.write_text(with_row(page, (kuberay, ray, _kubernetes())), encoding="utf-8")


def with_row(page: str, versions: tuple[str, str, str]) -> str:
    """The page with these versions of KubeRay, Ray and Kubernetes, the newest first."""
    tested = {*rows(page), versions}
    written = "".join(f"| {' | '.join(one)} |\n" for one in sorted(tested, key=_age, reverse=True))
    return TABLE.sub(lambda found: found[1] + written, page)


def rows(page: str) -> list[tuple[str, str, str]]:
    """The versions of KubeRay, Ray and Kubernetes that were tested together."""
    found = TABLE.search(page)
    assert found, "the table is gone"
    cells = [re.findall(r"[^| ]+", line) for line in found[2].splitlines()]
    return [(kuberay, ray, kubernetes) for kuberay, ray, kubernetes in cells]


def _age(versions: tuple[str, str, str]) -> list[list[int]]:
    return [[int(number) for number in re.findall(r"\d+", one)] for one in versions]


def _kubernetes() -> str:
    argv = ["kubectl", "version", "--output=json"]
    done = subprocess.run(argv, check=True, capture_output=True, text=True)
    version: str = json.loads(done.stdout)["serverVersion"]["gitVersion"]
    return version.removeprefix("v").rpartition(".")[0]


if __name__ == "__main__":
    main()
