"""Somebody who has the rights of examples/role.yaml, and no others; and what is refused."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
import yaml

from tests.cluster.conftest import Namespace, Submit, own_job
from tests.cluster.gate import Gate
from tests.cluster.test_pod_security import enforce, without_root
from tests.conftest import Repository, eventually
from tests.documentation import ROOT

__all__ = ["without_root"]

ROLE = (ROOT / "examples" / "role.yaml").read_text(encoding="utf-8")
QUOTA = {
    "apiVersion": "v1",
    "kind": "ResourceQuota",
    "metadata": {"name": "one"},
    "spec": {"hard": {"count/jobs.batch": "1"}},
}


@pytest.fixture
def tenant(namespace: Namespace) -> str:
    """The flag by which such a person calls kubectl."""
    objects = list(yaml.safe_load_all(ROLE))
    for one in objects:
        one["metadata"]["namespace"] = namespace.name
    objects[1]["subjects"][0] |= {"kind": "User", "name": "tenant"}
    namespace.create(yaml.safe_dump_all(objects))
    return "--as=tenant"


@pytest.fixture
def policy(namespace: Namespace) -> Iterator[None]:
    """A policy by which every Job of the namespace needs a label."""
    kind, name = "ValidatingAdmissionPolicy", namespace.name
    head = {"apiVersion": "admissionregistration.k8s.io/v1", "metadata": {"name": name}}
    rule = {"apiGroups": ["batch"], "apiVersions": ["v1"], "operations": ["CREATE"]}
    where = {"matchLabels": {"kubernetes.io/metadata.name": namespace.name}}
    matched = {"resourceRules": [{**rule, "resources": ["jobs"]}], "namespaceSelector": where}
    asked = {"expression": "'team' in object.metadata.labels", "message": "every job needs a team"}
    spec = {"matchConstraints": matched, "validations": [asked]}
    binding = {"policyName": name, "validationActions": ["Deny"]}
    objects = [
        {**head, "kind": kind, "spec": spec},
        {**head, "kind": f"{kind}Binding", "spec": binding},
    ]
    namespace.create(yaml.safe_dump_all(objects))
    yield
    namespace.kubectl("delete", f"{kind},{kind}Binding", name)


def test_a_run_in_a_restricted_namespace_that_may_not_be_read(
    without_root: Repository, namespace: Namespace, submit: Submit, tenant: str
) -> None:
    enforce(namespace, "restricted")
    flags = (tenant, "--build=local")

    tried = submit(*flags, "--dry-run=server", "--", "true", cwd=without_root.folder)
    assert tried.exit_code == 0, tried.stderr
    assert "may not create pods" in tried.stderr
    [document] = yaml.safe_load_all(tried.stdout)
    assert document["spec"]["template"]["spec"]["securityContext"]["runAsNonRoot"] is True

    result = submit(*flags, "--", "id", "-u", cwd=without_root.folder)
    assert (result.exit_code, result.stdout) == (0, "1000\n"), result.stderr


def test_the_role_is_enough_for_every_command(
    repository: Repository, submit: Submit, tenant: str, password: str
) -> None:
    repository.commit()
    kept = {"PASSWORD": password}
    command = ("--workers=2", "--secret-env=PASSWORD", "--", "sh", "-c", "echo $NODE_RANK")
    flags = ("--detach", "-o", "name", *command)

    started = submit(tenant, *flags, cwd=repository.folder, env=kept)
    assert started.exit_code == 0, started.stderr
    name = started.stdout.strip()

    for asked in (("logs", "-f", name), ("wait", name), ("status", name), ("list",)):
        result = submit(asked[0], tenant, *asked[1:])
        assert result.exit_code == 0, result.stderr
        assert "forbidden" not in result.stderr
    assert submit("cancel", tenant, "--delete", name).exit_code == 0
    checked = submit("doctor", tenant, "--secret-env=PASSWORD", cwd=repository.folder, env=kept)
    assert checked.exit_code == 0, checked.stdout
    assert submit("list", "-o", "name").stdout == ""


def test_what_may_not_be_read_is_said(
    namespace: Namespace, submit: Submit, tenant: str, busybox: str
) -> None:
    flags = (tenant, f"--image={busybox}", "--service-account=robot")
    result = submit("doctor", "-o", "json", *flags)
    found = {check["name"]: check for check in json.loads(result.stdout)["items"]}
    assert result.exit_code == 0, result.stdout
    assert found["namespace"]["text"] == f"{namespace.name}, which you may not read"
    assert found["names"]["text"] == "not checked, as you may not read it: serviceaccount/robot"


def test_a_cluster_out_of_reach_is_not_spoken_of(submit: Submit) -> None:
    result = submit("doctor", "-o", "json", "--image=x", "--server=https://127.0.0.1:1")
    found = {check["name"]: check["ok"] for check in json.loads(result.stdout)["items"]}
    assert result.exit_code == 1
    assert found.pop("kubectl") is False
    assert [name for name, ok in found.items() if ok] == ["git"]
    assert False not in found.values()


@pytest.mark.usefixtures("policy")
def test_a_policy_is_no_missing_permission(submit: Submit, busybox: str) -> None:
    command = (f"--image={busybox}", "--dry-run=server", "--", "true")
    eventually(lambda: submit(*command).exit_code == 125, "the policy counts")
    refused = submit(*command).stderr
    assert refused.startswith("error: a policy of the cluster forbids it\n"), refused
    assert "every job needs a team" in refused
    assert "ermission" not in refused


def test_a_quota_on_jobs_is_no_missing_permission(
    namespace: Namespace, submit: Submit, busybox: str
) -> None:
    namespace.create(yaml.safe_dump(QUOTA))
    command = (f"--image={busybox}", "--", "true")
    eventually(lambda: "used" in namespace.kubectl("get", "quota", "one", "-o=json"), "counts")
    assert submit(*command).exit_code == 0
    refused = submit(*command)
    assert refused.exit_code == 125
    assert "error: the namespace's quota has no room for another job\n" in refused.stderr
    assert "cancel --delete" in refused.stderr


def test_what_was_checked_is_what_runs(
    repository: Repository, gate: Gate, namespace: Namespace, submit: Submit
) -> None:
    """The manifest is edited while the image is built."""
    dockerfile = (repository.folder / "Dockerfile").read_text(encoding="utf-8")
    repository.write("Dockerfile", f"{dockerfile}RUN echo slow; {gate.wait}\n")
    repository.commit()
    manifest = own_job(repository.folder.parent, spec={"ttlSecondsAfterFinished": 4321})

    flags = ("--verbose", "--build=local", f"--manifest={manifest}")
    running = submit.start(*flags, "--", "true", cwd=repository.folder)
    running.wait_for(" slow\n")
    manifest.write_text("kind: Nonsense\n", encoding="utf-8")
    gate.open()
    result = running.finish()

    assert result.exit_code == 0, result.stderr
    assert namespace.job()["spec"]["ttlSecondsAfterFinished"] == 4321


def test_a_command_line_of_300_kilobytes(
    namespace: Namespace, submit: Submit, busybox: str
) -> None:
    argv = ("sh", "-c", 'echo $#; echo "$1" | wc -c', "sh", *["x" * 1000] * 300)

    result = submit(f"--image={busybox}", "--", *argv)

    assert (result.exit_code, result.stdout) == (0, "300\n1001\n"), result.stderr
    name = namespace.job()["metadata"]["name"]
    assert "shortened here (arguments: 304, bytes: 3003" in submit("status", name).stdout
    document = json.loads(submit("status", name, "-o", "json").stdout)
    assert document["commandCut"]["arguments"] == 304
    assert name in submit("list").stdout
