"""The role that docs/permissions.md offers has what the program asks for, and no more."""

from __future__ import annotations

from typing import Any

import yaml

from kubectl_submit import execution_backends
from kubectl_submit.commands import doctor_checks
from tests import documentation
from tests.documentation import ROOT

ROLE = (ROOT / "examples" / "role.yaml").read_text(encoding="utf-8")
# What a submit can do without, which is why `doctor` does not ask for it.
BETTER = {
    ("services", "get"),  # by `kubectl patch`
    ("services", "patch"),  # lets the Job own them
    ("services", "delete"),  # where the Job is not created
    ("events", "list"),
    ("events", "watch"),
    ("statefulsets.apps", "list"),
    ("statefulsets.apps", "watch"),
}


def granted(rules: list[dict[str, Any]]) -> set[tuple[str, str]]:
    """Resource and verb, as `kubectl auth can-i` names them."""
    return {
        (f"{resource}.{group}".rstrip("."), verb)
        for rule in rules
        for group in rule["apiGroups"]
        for resource in rule["resources"]
        for verb in rule["verbs"]
    }


def test_the_role_is_what_is_asked_for() -> None:
    role, _ = yaml.safe_load_all(ROLE)
    backends = {right for one in execution_backends.every() for right in one.permissions}
    needed = {*doctor_checks.NEEDED, *doctor_checks.FOR_SECRETS, *backends}
    assert granted(role["rules"]) == needed | BETTER


def test_the_role_is_bound_in_its_namespace() -> None:
    role, binding = yaml.safe_load_all(ROLE)
    assert role["metadata"] == binding["metadata"]
    assert binding["roleRef"]["name"] == role["metadata"]["name"]
    assert binding["roleRef"]["kind"] == role["kind"] == "Role"


def test_the_page_shows_the_file() -> None:
    [block] = documentation.blocks(ROOT / "docs" / "permissions.md", "yaml")
    assert block.text == ROLE
