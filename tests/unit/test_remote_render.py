"""The build Job, as it is rendered."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from kubectl_submit.build_backends import remote
from kubectl_submit.manifests import files, pod_template, tree
from kubectl_submit.manifests.run_secrets import RunSecret
from kubectl_submit.model import provenance
from kubectl_submit.parameters.build_cache import BuildCache

from .examples import BUILD_JOB, COMMIT, RECIPE, SOURCE, build_parameters
from .kubernetes_model import expanded
from .leaves import difference, leaves

NAME = "app-0123456-x2k4z"
POD = "spec template spec"
BUILD = f"{POD} containers build"
FACTS = SOURCE.facts(NAME)
ALWAYS: dict[str, object] = {
    **leaves(provenance.as_labels(FACTS), "metadata labels"),
    **leaves(provenance.as_labels(FACTS), "spec template metadata labels"),
    **leaves(provenance.as_annotations(FACTS), "metadata annotations"),
    **leaves(provenance.as_annotations(FACTS), "spec template metadata annotations"),
    "metadata name": BUILD_JOB,
    "metadata labels kubectl-submit/recipe": RECIPE,
    f"metadata annotations follower.kubectl-submit/{NAME}": json.dumps(FACTS),
    **leaves(pod_template.STAY, "spec template metadata annotations"),
    "metadata annotations kubectl-submit/container": "build",
    f"{BUILD} env GIT_URL value": "https://git.example/team/app.git",
    f"{BUILD} env COMMIT value": COMMIT,
    f"{BUILD} env IMAGE value": f"registry.example/app:{COMMIT}",
}


def rendered(**changes: Any) -> Any:
    """The Job, as kubectl reads it."""
    return next(yaml.safe_load_all(tree.dump(remote.render(build_parameters(**changes)))))


def asked_for(**changes: Any) -> dict[str, object]:
    """What becomes different in our own Job, beside what always does."""
    before = yaml.safe_load(files.read(None, "build-remote.yml")[0])
    found = difference(before, rendered(**changes))
    return {path: value for path, value in found.items() if ALWAYS.get(path) != value}


def test_what_is_always_set() -> None:
    before = yaml.safe_load(files.read(None, "build-remote.yml")[0])
    assert difference(before, rendered()) == ALWAYS


@pytest.mark.parametrize(
    ("parameters", "changes"),
    [
        ({"dockerfile": "a/b", "context": "a"},
         {f"{BUILD} env DOCKERFILE value": "a/b", f"{BUILD} env CONTEXT value": "a"}),
        ({"cache": BuildCache(tags=("cache-a", "cache-b")), "platform": "linux/arm64"},
         {
             f"{BUILD} env CACHE_FROM value":
                 "registry.example/app:cache-a-arm64 registry.example/app:cache-b-arm64",
             f"{BUILD} env CACHE_TO value": "registry.example/app:cache-a-arm64",
             f"{BUILD} args 0": "--platform=linux/arm64",
         }),
        ({"cache_from": ("a/b:c",), "cache_to": ("type=inline",)},
         {f"{BUILD} args 0": "--cache-from=a/b:c", f"{BUILD} args 1": "--cache-to=type=inline"}),
        ({"labels": (("title", "an app"),)}, {f"{BUILD} args 0": "--label=title=an app"}),
        ({"rebuild": True}, {f"{BUILD} env REBUILD value": "yes"}),
        ({"builder_image": "builder:1"}, {f"{BUILD} image": "builder:1"}),
        ({"buildkit_image": "buildkit:1"}, {f"{POD} initContainers buildkit image": "buildkit:1"}),
        ({"target": "test", "platform": "linux/arm64", "build_args": (("A", "$1"), ("B", ""))},
         {
             f"{BUILD} args 0": "--build-arg=A=$$1",
             f"{BUILD} args 1": "--build-arg=B=",
             f"{BUILD} args 2": "--target=test",
             f"{BUILD} args 3": "--platform=linux/arm64",
         }),
        ({"cpu": "2", "memory": "4Gi"},
         {
             f"{POD} initContainers buildkit resources requests cpu": "2",
             f"{POD} initContainers buildkit resources requests memory": "4Gi",
             f"{POD} initContainers buildkit resources limits cpu": "2",
             f"{POD} initContainers buildkit resources limits memory": "4Gi",
             f"{BUILD} resources limits cpu": "2",
             f"{BUILD} resources limits memory": "4Gi",
         }),
        ({"queue": "team-a", "priority": "high"},
         {
             "metadata labels kueue.x-k8s.io/queue-name": "team-a",
             "metadata labels kueue.x-k8s.io/priority-class": "high",
         }),
        ({"priority": "high"}, {}),
        ({"service_account": "robot"}, {f"{POD} serviceAccountName": "robot"}),
    ],
)  # fmt: skip
def test_a_parameter_changes_what_it_is_for(
    parameters: dict[str, Any], changes: dict[str, object]
) -> None:
    assert asked_for(**parameters) == changes


def test_a_pod_that_builds_has_no_token_and_no_privilege() -> None:
    pod = rendered(service_account="robot")["spec"]["template"]["spec"]
    assert pod["automountServiceAccountToken"] is False
    assert "privileged" not in str(pod)
    assert "hostPath" not in str(pod)


def test_secrets_are_where_the_manifest_looks_for_them() -> None:
    pod = rendered(registry_secret="registry", git_secret="git")["spec"]["template"]["spec"]
    [container] = pod["containers"]
    places = {one["name"]: one["value"] for one in container["env"]}
    volumes = {volume["name"]: volume.get("secret") for volume in pod["volumes"]}
    mounted = {mount["mountPath"]: volumes[mount["name"]] for mount in container["volumeMounts"]}
    registry, git = mounted[places["DOCKER_CONFIG"]], mounted[places["GIT_SECRET"]]
    assert (registry["secretName"], git["secretName"]) == ("registry", "git")
    assert registry["items"] == [{"key": ".dockerconfigjson", "path": "config.json"}]
    assert pod["imagePullSecrets"] == [{"name": "registry"}]


def test_a_proxy_is_for_git_and_for_buildkit() -> None:
    pod = rendered(proxy_secret="proxy")["spec"]["template"]["spec"]
    for container in (*pod["containers"], *pod["initContainers"]):
        assert container["envFrom"] == [{"secretRef": {"name": "proxy"}}]
    assert "envFrom" not in str(rendered())


def test_authorities_are_for_git_docker_and_buildkit() -> None:
    made = RunSecret(suffix="-ca", data={"ca.crt": b""}, path="/run/ca")
    pod = rendered(new_secrets=(made,))["spec"]["template"]["spec"]
    volumes = {one["name"]: one.get("secret", {}).get("secretName") for one in pod["volumes"]}
    for container in (*pod["containers"], *pod["initContainers"]):
        mounted = {one["mountPath"]: volumes[one["name"]] for one in container["volumeMounts"]}
        variables = {one["name"]: one["value"] for one in container["env"]}
        assert mounted["/run/ca"] == "app-0123456-x2k4z-build-ca"
        assert variables["SSL_CERT_DIR"] == "/etc/ssl/certs:/run/ca"
    assert "SSL_CERT_DIR" not in str(rendered())


TEXTS = st.text(st.sampled_from("a$(){}A\n\"' ")) | st.text(
    st.characters(codec="utf-8", exclude_characters="\0")
)


@settings(max_examples=10)  # to render takes long
@given(path=TEXTS, value=TEXTS)
def test_paths_and_build_arguments_arrive_as_they_are(path: str, value: str) -> None:
    job = rendered(dockerfile=path, context=path, build_args=(("A", value),))
    [container] = job["spec"]["template"]["spec"]["containers"]
    places = {one["name"]: expanded(one["value"], {"A": "expanded"}) for one in container["env"]}
    assert (places["DOCKERFILE"], places["CONTEXT"]) == (path, path)
    assert expanded(container["args"][0], {"A": "expanded"}) == f"--build-arg=A={value}"


def test_the_script_of_the_manifest_is_one_for_sh(tmp_path: Path) -> None:
    [container] = rendered()["spec"]["template"]["spec"]["containers"]
    assert container["command"][:2] == ["sh", "-euc"]
    script = expanded(container["command"][2], dict.fromkeys(["A", "IMAGE"], "expanded"))
    assert script == container["command"][2]  # Kubernetes finds nothing to expand
    checked = subprocess.run(["/bin/sh", "-n"], input=script, text=True, check=False)
    assert checked.returncode == 0


def test_the_users_own_manifest(tmp_path: Path) -> None:
    own = tmp_path / "own.yml"
    own.write_text(
        "kind: Job  # ours\nspec: {template: {spec: {containers: [{name: b, image: own:1}]}}}\n"
        "---\nkind: ConfigMap\n"
    )
    text = tree.dump(remote.render(build_parameters(manifest=own, buildkit_image="buildkit:1")))
    job, other = yaml.safe_load_all(text)
    assert "# ours" in text
    assert other == {"kind": "ConfigMap"}
    [container] = job["spec"]["template"]["spec"]["containers"]
    assert container["image"] == "own:1"
    assert {"name": "COMMIT", "value": COMMIT} in container["env"]
