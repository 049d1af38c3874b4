"""Commands that a RayJob runs: what they are given, what they write, and how they end."""

from __future__ import annotations

import json
import re
from pathlib import Path

from tests.cluster.conftest import Namespace, Submit
from tests.cluster.hostile import HOSTILE
from tests.conftest import Repository, eventually, local

from .conftest import Rays, ray_version

DRIVER = """
import os, socket, sys, ray

ray.init(log_to_driver=False, logging_level="ERROR")

@ray.remote(num_gpus=1)
def seen():
    with open("/run/secrets/wandb/key") as file:
        secrets = file.read(), open("/run/secrets/mine").read(), os.environ["TOKEN"]
    return socket.gethostname(), os.environ["COLOUR"], secrets, ray.get_gpu_ids()

found = [ray.get(seen.remote()) for _ in range(4)]
hosts = {host for host, *_ in found}
assert socket.gethostname() not in hosts
print("workers", ray.cluster_resources()["GPU"])
print("colour", os.environ["COLOUR"], {one[1] for one in found})
print("secrets", {one[2] for one in found})
print("here, too", open("/run/secrets/mine").read(), os.environ["TOKEN"])
print("file", open("data.txt").read())
sys.stdout.flush()
sys.stdout.buffer.write(b"\\xff\\xfe not UTF-8\\nno newline at the end")
sys.stdout.flush()
sys.exit(9)
"""


def test_a_commit(
    repository: Repository,
    namespace: Namespace,
    submit: Submit,
    rays: Rays,
    ray: str,
    tmp_path: Path,
) -> None:
    (tmp_path / "mine").write_text("of a file", encoding="utf-8")
    namespace.kubectl("create", "secret", "generic", "wandb", "--from-literal=key=1234")
    repository.write("Dockerfile", f"FROM {ray}\nWORKDIR /app\nCOPY . .\n")
    repository.write("driver.py", DRIVER)
    repository.write("data.txt", "of the commit")
    commit = repository.commit()
    flags = (
        *("--execution=ray", f"--ray-version={ray_version()}", "--workers=2", "--gpus=1"),
        "--env=COLOUR=$(blue)",
    )
    secrets = ("--secret=wandb", f"--secret-file={tmp_path}/mine", "--secret-env=TOKEN=HERE")

    result = submit(
        *flags,
        *secrets,
        *("--", "python", "driver.py"),
        cwd=repository.folder,
        env={"HERE": "of a variable"},
    )

    lines = result.output.splitlines()
    assert result.exit_code == 9, result.stderr
    assert lines == [
        b"workers 2.0",
        b"colour $(blue) {'$(blue)'}",
        b"secrets {('1234', 'of a file', 'of a variable')}",
        b"here, too of a file of a variable",
        b"file of the commit",
        b"\xff\xfe not UTF-8",
        b"no newline at the end",
    ]
    assert f"rayjob/{rays.name}: exited 9" in result.stderr
    assert "waiting" in result.stderr
    assert rays.job["metadata"]["annotations"]["kubectl-submit/commit"] == commit
    again = submit("logs", rays.name)
    assert (again.exit_code, again.output.splitlines()) == (0, lines)
    assert submit("wait", rays.name).exit_code == 9
    document = json.loads(submit("status", rays.name, "-o", "json").stdout)
    assert (document["backend"], document["state"], document["exitCode"]) == ("ray", "Failed", 9)
    assert "Failed (9)" in submit("list").stdout
    eventually(lambda: not rays.pods("head") and not rays.pods("worker"), "the cluster is gone")
    # Beside these there was the token, which belongs to the cluster.
    eventually(lambda: len(namespace.names("secrets")) == 3, "the token is gone")
    namespace.kubectl("delete", "rayjob", rays.name)
    eventually(lambda: namespace.names("secrets") == ["wandb"], "its Secrets are gone")


def test_arguments(submit: Submit, ray: str) -> None:
    show = "import json, sys; print(json.dumps(sys.argv[1:]))"

    result = submit("--execution=ray", f"--image={ray}", "--", "python", "-c", show, *HOSTILE)

    assert result.exit_code == 0, result.stderr
    assert json.loads(result.stdout) == HOSTILE
    assert len(HOSTILE) >= 60


def test_nobody_without_the_token_runs_code_in_the_head(submit: Submit, ray: str) -> None:
    driver = """
import os, urllib.error, urllib.request

for token in ("", os.environ.get("RAY_AUTH_TOKEN", "")):
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    request = urllib.request.Request("http://127.0.0.1:8265/api/jobs/", None, headers)
    try:
        print(urllib.request.urlopen(request).status)
    except urllib.error.HTTPError as error:
        print(error.code)
"""
    result = submit("--execution=ray", f"--image={ray}", "--", "python", "-c", driver)

    assert result.exit_code == 0, result.stderr
    assert result.stdout == "401\n200\n"


def test_the_versions_are_those_that_are_named(submit: Submit, ray: str) -> None:
    """What KubeRay says of itself in the head: the table in docs/ray.md must not lie."""
    driver = "import os, ray; print(ray.__version__, os.environ['RAY_USAGE_STATS_EXTRA_TAGS'])"

    result = submit("--execution=ray", f"--image={ray}", "--", "python", "-c", driver)

    assert result.exit_code == 0, result.stderr
    versions = f"{ray_version()} kuberay_version=v{local('LOCAL_KUBERAY')};"
    assert result.stdout.startswith(versions)


def test_workers_come_and_go(submit: Submit, namespace: Namespace, rays: Rays, ray: str) -> None:
    """As many as are needed; when they are idle, none."""
    driver = """
import ray, time
ray.init(log_to_driver=False, logging_level="ERROR")

@ray.remote(num_gpus=1)
def work():
    time.sleep(5)

ray.get([work.remote() for _ in range(2)])
print("worked", flush=True)
while ray.cluster_resources().get("GPU", 0):
    time.sleep(0.5)
print("free", flush=True)
"""
    flags = ("--execution=ray", f"--image={ray}", "--workers=2", "--gpus=1")

    running = submit.start(*flags, "--autoscale", "--idle-timeout=5s", "--", "python", "-c", driver)
    eventually(lambda: namespace.get("rayjobs"), "the RayJob is there")
    eventually(lambda: len(rays.pods("worker")) == 2, "two came")
    result = running.finish()

    # Ray itself says something where a worker is slow to come.
    lines = [line for line in result.stdout.splitlines() if "(raylet)" not in line]
    assert (result.exit_code, lines) == (0, ["worked", "free"]), result.stderr
    group = rays.job["spec"]["rayClusterSpec"]["workerGroupSpecs"][0]
    assert (group["minReplicas"], group["maxReplicas"]) == (0, 2)


OWN = """# Ours.
apiVersion: ray.io/v1
kind: RayJob
metadata:
  name: own
spec:
  entrypoint: placeholder
  suspend: true
  shutdownAfterJobFinishes: false   # which KubeRay does not allow together with suspend
  rayClusterSpec:
    headGroupSpec:
      rayStartParams: {}
      template: {spec: {containers: [{name: head, image: placeholder}]}}
"""


def test_a_manifest_that_kuberay_refuses(submit: Submit, ray: str, tmp_path: Path) -> None:
    own = tmp_path / "own.yml"
    own.write_text(OWN, encoding="utf-8")
    flags = ("--execution=ray", f"--image={ray}", f"--manifest={own}")

    result = submit(*flags, "--", "true")

    assert (result.exit_code, result.stdout) == (125, "")
    assert "ValidationFailed" in result.stderr
    own.write_text(OWN.replace("ray.io/v1", "ray.io/v99"), encoding="utf-8")
    unknown = submit(*flags, "--", "true")
    assert (unknown.exit_code, unknown.stdout) == (125, "")
    assert re.search(r"KubeRay is not installed(.|\n)*helm install", unknown.stderr)
