"""What a submit would need is told before it is typed."""

from __future__ import annotations

import json

from tests.cluster.conftest import Namespace, Submit
from tests.conftest import Repository


def test_a_folder_from_which_all_goes(
    repository: Repository, namespace: Namespace, submit: Submit
) -> None:
    commit = repository.commit()
    result = submit("doctor", "--workers=2", cwd=repository.folder)
    assert (result.exit_code, result.stderr) == (0, ""), result.stdout
    assert {line.split()[0] for line in result.stdout.splitlines()} == {"ok"}
    assert f"{commit[:7]} of main" in result.stdout
    assert "(Job, Job, Service, Service)" in result.stdout
    assert namespace.names("jobs") == []


def test_what_is_missing(repository: Repository, namespace: Namespace, submit: Submit) -> None:
    repository.commit()
    repository.write("changed.txt", "not committed")
    namespace.kubectl("create", "serviceaccount", "nobody")
    who = f"--as=system:serviceaccount:{namespace.name}:nobody"
    result = submit("doctor", "-o", "json", who, "--secret=wandb", cwd=repository.folder)
    document = json.loads(result.stdout)
    found = {check["name"]: check for check in document["items"]}
    assert (result.exit_code, document["kind"]) == (1, "CheckList")
    assert [name for name, check in found.items() if check["ok"]][:2] == ["git", "kubectl"]
    assert "changed.txt" in found["commit"]["text"] + found["commit"]["remedy"]
    assert "create jobs.batch" in found["permissions"]["text"]
    assert found["permissions"]["remedy"]
