"""Parts of a manifest that kubectl merges; the merging itself is tested with the real one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from kubectl_submit.cli.options import configuration
from kubectl_submit.cli.options.declaration import declared
from kubectl_submit.cli.options.submit import Options
from kubectl_submit.cluster.kubectl import Kubectl
from kubectl_submit.commands import overrides, rendering
from kubectl_submit.error_codes import ErrorCode
from kubectl_submit.errors import ManifestError
from kubectl_submit.execution_backends import by_kind
from kubectl_submit.manifests import tree
from kubectl_submit.manifests.run_secrets import RunSecret
from tests.errors import raises_code

from .examples import execution_parameters
from .programs import Answer, Program

SPEC = '{"spec": {"suspend": true}}'


def rendered(kind: str, **options: Any) -> list[Any]:
    """The documents, as kubectl reads them."""
    parameters = execution_parameters(**options)
    return list(
        yaml.safe_load_all(tree.dump(rendering.render(parameters, by_kind(kind), Kubectl())))
    )


def test_nothing_is_asked_without_overrides(kubectl: Program) -> None:
    assert [one["kind"] for one in rendered("job")] == ["Job"]
    assert kubectl.all_calls == []


@pytest.mark.parametrize(
    ("kind", "object_kind", "how"), [("job", "Job", "strategic"), ("rayjob", "RayJob", "merge")]
)
def test_what_kubectl_makes_of_it_is_the_manifest(
    kubectl: Program, kind: str, object_kind: str, how: str
) -> None:
    """Of what runs the command alone; the Secret beside it is not even shown to kubectl."""
    version = "batch/v1" if kind == "job" else "ray.io/v1"
    merged = {"apiVersion": version, "kind": object_kind, "metadata": {"name": "yes"}}
    kubectl.on("patch", Answer(json.dumps(merged)))
    secret = RunSecret(suffix="-file0", data={"key": b"hidden"})

    found = rendered(kind, overrides=SPEC, new_secrets=(secret,))

    assert found[0] == merged
    assert [one["kind"] for one in found] == [object_kind, "Secret"]
    call = kubectl.call("patch")
    assert {"--local", f"--type={how}"} <= {*call.argv}
    assert SPEC not in " ".join(call.argv)
    [sent] = yaml.safe_load_all(call.stdin)
    assert sent["kind"] == object_kind
    assert not Path(call.flag("--patch-file")).exists()


@pytest.mark.parametrize("text", [SPEC, "spec:\n  suspend: true\n"])
def test_a_file(text: str) -> None:
    Path("over.yml").write_text(text, encoding="utf-8")
    assert overrides.read("over.yml") == json.loads(SPEC)
    assert overrides.read(f" {SPEC}") == json.loads(SPEC)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (None, ErrorCode.OVERRIDES_UNREADABLE),
        ("a: [", ErrorCode.OVERRIDES_UNREADABLE),
        (b"\xff", ErrorCode.OVERRIDES_UNREADABLE),
        ("- a", ErrorCode.OVERRIDES_NOT_POSSIBLE),
        ("", ErrorCode.OVERRIDES_NOT_POSSIBLE),
        ("metadata: {name: mine}", ErrorCode.OVERRIDES_NOT_POSSIBLE),
        ("metadata: {namespace: mine}", ErrorCode.OVERRIDES_NOT_POSSIBLE),
    ],
)
def test_a_file_that_cannot_be_used(text: str | bytes | None, code: ErrorCode) -> None:
    if text is not None:
        Path("over.yml").write_bytes(text if isinstance(text, bytes) else text.encode())
    with raises_code(code, ManifestError) as refused:
        overrides.read("over.yml")
    assert "--overrides over.yml" in refused.value.message


def test_what_kubectl_refuses(kubectl: Program) -> None:
    kubectl.on("patch", Answer(stderr="error: unable to find api field\n", exit_code=1))
    with raises_code(ErrorCode.OVERRIDES_NOT_POSSIBLE, ManifestError) as refused:
        rendered("job", overrides=SPEC)
    assert "unable to find api field" in refused.value.last_words


def test_what_it_is_cannot_be_changed(kubectl: Program) -> None:
    other = {"apiVersion": "batch/v1", "kind": "CronJob", "metadata": {}}
    kubectl.on("patch", Answer(json.dumps(other)))
    with raises_code(ErrorCode.OVERRIDES_NOT_POSSIBLE, ManifestError):
        rendered("job", overrides='{"kind": "CronJob"}')


@pytest.mark.parametrize(
    ("said", "read"),
    [("over.yml", "conf/over.yml"), (f"'{SPEC}'", SPEC), (f"' {SPEC}'", f" {SPEC}")],
)
def test_the_configuration_file_can_name_a_file_or_say_json(said: str, read: str) -> None:
    Path("conf").mkdir()
    path = Path("conf") / configuration.FILE_NAME
    path.write_text(f"overrides: {said}\n", encoding="utf-8")
    assert configuration.load(str(path.resolve()), declared(Options)) == {"overrides": read}
