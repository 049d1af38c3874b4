"""Builds in the cluster that fail, and a build manifest of the user's own."""

from __future__ import annotations

import re
import uuid
from pathlib import Path

import pytest
import yaml

from tests.cluster.conftest import Namespace, Submit
from tests.conftest import Repository, eventually, local, tags

DEFAULT_MANIFEST = Path(__file__).parents[2] / "manifests" / "build-remote.yml"


def test_a_dockerfile_that_fails(
    repository: Repository, namespace: Namespace, submit: Submit
) -> None:
    dockerfile = (repository.folder / "Dockerfile").read_text(encoding="utf-8")
    failing = "RUN echo the weather is bad >&2; exit 3"
    repository.write("Dockerfile", f"{dockerfile}{failing}\nRUN echo never\n")
    commit = repository.commit()

    result = submit("--", "true", cwd=repository.folder)

    assert (result.exit_code, result.stdout) == (125, "")
    assert failing in result.stderr
    assert " the weather is bad\n" in result.stderr
    assert "error: the image build failed: " in result.stderr
    eventually(lambda: namespace.names("jobs,pods") == [], "nothing is left")
    assert tags(commit) == []


@pytest.mark.parametrize("build", ["remote", "local"])
def test_a_line_for_each_step_and_where_the_time_went(
    repository: Repository, namespace: Namespace, submit: Submit, build: str
) -> None:
    dockerfile = (repository.folder / "Dockerfile").read_text(encoding="utf-8")
    base, copy = dockerfile.rsplit("COPY", 1)
    loud = f"RUN echo loud > /{uuid.uuid4()}"  # no cache has it
    repository.write("Dockerfile", f"{base}{loud}\nCOPY{copy}")
    repository.write("greeting.txt", "hello\n")
    repository.commit()
    flags = (f"--build={build}", "--", "cat", "greeting.txt")

    first = submit(*flags, cwd=repository.folder)
    repository.write("greeting.txt", "good morning\n")
    repository.commit()
    second = submit(*flags, cwd=repository.folder)

    assert (first.stdout, second.stdout) == ("hello\n", "good morning\n")
    assert re.search(rf"(?m)^ *[\d.]+ s  \[3/4\] {loud}", first.stderr), first.stderr
    assert re.search(r"(?m)^built in [\d.]+ s: \d of 3 steps cached, ", first.stderr)
    assert f"  cached  [3/4] {loud}" in second.stderr
    assert re.search(r"(?m)^ *[\d.]+ s  \[4/4\] COPY \. \.$", second.stderr)
    assert re.search(r"(?m)^built in [\d.]+ s: 2 of 3 steps cached, ", second.stderr)
    for one in (first, second):
        assert not re.search(r"(?m)^(#\d| > |loud|.*there is none)", one.stderr), one.stderr
    if build == "remote":
        [job, _] = sorted(name for name in namespace.names("jobs") if name.endswith("-build"))
        whole = namespace.kubectl("logs", f"job/{job}", "-c", "build")
        assert "#1 [internal] load build definition from Dockerfile\n" in whole


def test_a_registry_that_refuses_the_push(
    repository: Repository, namespace: Namespace, submit: Submit
) -> None:
    commit = repository.commit()
    closed = "127.0.0.1:1/app"

    result = submit(
        f"--image-repository={closed}",
        f"--pull-repository={closed}",
        *("--", "true"),
        cwd=repository.folder,
    )

    assert (result.exit_code, result.stdout) == (125, "")
    assert f"failed to push {closed}:{commit}" in result.stderr
    assert f"it is not known whether {closed}:{commit} exists" in result.stderr
    assert "connection refused" in result.stderr
    assert "error: the image build failed: " in result.stderr
    eventually(lambda: namespace.names("jobs,pods") == [], "nothing is left")


def test_a_builder_image_that_cannot_be_pulled(
    repository: Repository, namespace: Namespace, submit: Submit
) -> None:
    repository.commit()
    image = f"{local('LOCAL_PULL_REGISTRY')}/no-such-builder:1"

    result = submit(
        f"--builder-image={image}",
        f"--buildkit-image={image}",
        *("--", "true"),
        cwd=repository.folder,
    )

    assert (result.exit_code, result.stdout) == (125, "")
    assert "error: the build never ran: " in result.stderr
    assert "ErrImagePull" in result.stderr
    assert image in result.stderr
    eventually(lambda: namespace.names("jobs,pods") == [], "nothing is left")


def test_a_remote_that_only_this_machine_reaches(
    repository: Repository, namespace: Namespace, submit: Submit
) -> None:
    repository.write("greeting.txt", "hello\n")
    repository.commit()
    folder = f"{local('LOCAL_GIT_ROOT')}/{repository.url.rsplit('/', 1)[1]}"
    repository.git("remote", "set-url", "origin", folder)
    command = ("--", "cat", "greeting.txt")

    refused = submit(*command, cwd=repository.folder)
    assert (refused.exit_code, refused.stdout) == (125, "")
    assert refused.stderr.startswith(f"error: the cluster cannot fetch from {folder}\n")
    eventually(lambda: namespace.names("jobs,pods") == [], "nothing is left")

    result = submit(f"--git-url={repository.url}", *command, cwd=repository.folder)
    assert (result.exit_code, result.stdout) == (0, "hello\n")


def test_a_build_manifest_of_ones_own(
    repository: Repository, namespace: Namespace, submit: Submit, tmp_path: Path
) -> None:
    """What the default manifest advises: BuildKit's settings in a buildkitd.toml of one's own."""
    registry = local("LOCAL_PULL_REGISTRY")
    settings = f"""\
apiVersion: v1
kind: ConfigMap
metadata: {{name: buildkit}}      # a document of its own
data:
  buildkitd.toml: |
    [registry."{registry}"]
    http = true
---
"""
    mount = "- {name: settings, mountPath: /home/user/.config/buildkit}\n        "
    volume = "- {name: settings, configMap: {name: buildkit}}\n      "
    manifest = DEFAULT_MANIFEST.read_text(encoding="utf-8")
    manifest = manifest.replace("- {name: layers, mountPath", mount + "- {name: layers, mountPath")
    manifest = manifest.replace("- {name: layers, emptyDir", volume + "- {name: layers, emptyDir")
    own = tmp_path / "build.yml"
    own.write_text(settings + manifest, encoding="utf-8")
    repository.write("greeting.txt", "hello\n")
    commit = repository.commit()

    result = submit(f"--build-manifest={own}", "--", "cat", "greeting.txt", cwd=repository.folder)

    assert (result.exit_code, result.stdout) == (0, "hello\n")
    assert tags(commit) == [commit]
    (build,) = (pod for pod in namespace.get("pods") if "-build-" in pod["metadata"]["name"])
    volumes = [volume["name"] for volume in build["spec"]["volumes"]]
    assert volumes == ["socket", "settings", "layers", "work", "passwd"]


def test_a_buildkit_that_may_not_make_a_user_namespace(
    repository: Repository, namespace: Namespace, submit: Submit, tmp_path: Path
) -> None:
    """Its last lines are shown, which say why, and what an administrator can do."""
    repository.commit()
    words = (
        "[rootlesskit:parent] error: failed to start the child: fork/exec /proc/self/exe: "
        "operation not permitted"
    )
    (job,) = yaml.safe_load_all(DEFAULT_MANIFEST.read_text(encoding="utf-8"))
    (sidecar,) = job["spec"]["template"]["spec"]["initContainers"]
    sidecar |= {"command": ["sh", "-c", f"echo '{words}' >&2; exit 1"]}
    manifest = tmp_path / "build.yml"
    manifest.write_text(yaml.safe_dump(job), encoding="utf-8")

    result = submit(f"--build-manifest={manifest}", "--", "true", cwd=repository.folder)

    assert (result.exit_code, result.stdout) == (125, "")
    why = f"the container buildkit exits 1 each time it starts:\n{words}\n"
    assert why in result.stderr
    assert result.stderr.index("--build local") > result.stderr.index(why)
    assert "kernel.apparmor_restrict_unprivileged_userns=0" in result.stderr
    eventually(lambda: namespace.names("jobs,pods") == [], "nothing is left")
