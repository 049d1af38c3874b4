"""The workflow that makes a release: what each job can do, and what is signed and published."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from scripts.shipping import sbom

ROOT = Path(__file__).parents[2]


def jobs() -> dict[str, Any]:
    """The jobs of the workflow that makes a release."""
    text = (ROOT / ".github" / "workflows" / "release.yml").read_text(encoding="utf-8")
    workflow = yaml.safe_load(text)
    assert workflow["permissions"] == {}
    found: dict[str, Any] = workflow["jobs"]
    return found


def test_only_the_job_that_builds_runs_code_of_the_repository_and_it_can_write_nothing() -> None:
    for name, job in jobs().items():
        checks_out = any("actions/checkout@" in step.get("uses", "") for step in job["steps"])
        writes = "write" in job["permissions"].values()

        assert (checks_out, writes) == ((True, False) if name == "build" else (False, True)), name


def test_everything_that_is_published_has_an_attestation() -> None:
    [provenance, bom] = [
        step["with"] for step in jobs()["attest"]["steps"] if "actions/attest@" in step["uses"]
    ]

    assert provenance == {"subject-path": "dist/*"}
    assert bom["sbom-path"] == f"dist/{sbom.NAME}"
    assert "dist/*" in jobs()["release"]["steps"][-1]["run"].split()
    assert jobs()["release"]["needs"] == "attest"


def test_nothing_goes_to_pypi_before_the_owner_says_so() -> None:
    job = jobs()["pypi"]

    assert job["if"] == "vars.PUBLISH_TO_PYPI == 'true'"
    assert job["environment"]["name"] == "pypi"
    assert job["permissions"] == {"id-token": "write"}
