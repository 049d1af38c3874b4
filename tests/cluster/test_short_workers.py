"""Workers that live for a moment only: their lines are there, and so is their exit code."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest
import yaml

from tests.cluster.conftest import Namespace, Submit, own_job
from tests.conftest import eventually

# Worker 1 fails at once, and the Job stops the other one in its first second.
ONE_FAILS = """
echo "worker $NODE_RANK"
if [ "$NODE_RANK" = 1 ]; then exit 3; fi
trap 'echo "worker 0 stops"; exit 9' TERM
sleep 300 & wait
"""
GRANT = """
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: user}
rules:
- {apiGroups: [""], resources: [pods, pods/log, events, services, secrets],
   verbs: [get, list, watch, create, patch, delete]}
- {apiGroups: [batch], resources: [jobs], verbs: [get, list, watch, create, patch, delete]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: user}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: user}
subjects: [{kind: ServiceAccount, name: default}]
"""


def test_last_lines_without_an_end(namespace: Namespace, submit: Submit, busybox: str) -> None:
    """kubectl writes both of them as one line."""
    result = submit("--workers=2", f"--image={busybox}", "--", "printf", "done")

    assert sorted(result.stdout.splitlines()) == ["[0] done", "[1] done"]
    assert result.exit_code == 0
    again = submit("logs", namespace.job()["metadata"]["name"])
    assert sorted(again.stdout.splitlines()) == ["[0] done", "[1] done"]
    assert (again.exit_code, again.stderr) == (0, "")


@pytest.mark.parametrize("attempt", range(3))
def test_a_worker_that_is_stopped_in_its_first_second(
    attempt: int, submit: Submit, busybox: str
) -> None:
    """Each of its lines comes, or the warning; mostly it has not even begun."""
    result = submit("--workers=2", f"--image={busybox}", "--", "sh", "-c", ONE_FAILS)

    assert result.exit_code == 3
    lines = result.stdout.splitlines()
    assert "[1] worker 1" in lines
    of_zero = [line for line in lines if line.startswith("[0] ")]
    warned = re.search(r"^warning: worker 0: lines .*may be missing", result.stderr, re.MULTILINE)
    assert of_zero in ([], ["[0] worker 0", "[0] worker 0 stops"]) or warned


def test_a_worker_that_is_evicted_by_the_api_misses_nothing(
    namespace: Namespace, submit: Submit, busybox: str
) -> None:
    """As `kubectl drain` does: the pod is deleted, and its log with it."""
    command = "trap 'echo bye; exit 9' TERM; echo ready; sleep 300 & wait"
    running = submit.start(f"--image={busybox}", "--", "sh", "-c", command)
    running.wait_for("ready\n")
    pod = namespace.pod()["metadata"]["name"]
    eviction = (
        '{"apiVersion": "policy/v1", "kind": "Eviction", '
        f'"metadata": {{"name": "{pod}", "namespace": "{namespace.name}"}}}}'
    )
    path = f"/api/v1/namespaces/{namespace.name}/pods/{pod}/eviction"
    namespace.kubectl("create", "--raw", path, "--filename=-", stdin=eviction)
    result = running.finish()

    assert result.stdout == "ready\nbye\n"
    assert "missing" not in result.stderr


def test_a_container_that_is_started_again_misses_nothing(
    namespace: Namespace, submit: Submit, busybox: str, tmp_path: Path
) -> None:
    """Its second log begins where the first one, which was read to its end, is not any more."""
    manifest = own_job(
        tmp_path,
        spec={"backoffLimit": 3},
        pod={"restartPolicy": "OnFailure", "volumes": [{"name": "data", "emptyDir": {}}]},
        container={"volumeMounts": [{"name": "data", "mountPath": "/data"}]},
    )
    command = (
        "mkdir -p /data/tries; touch /data/tries/$(date +%s%N); n=$(ls /data/tries | wc -l); "
        "echo try $n; until [ -e /data/read-$n ]; do sleep 0.1; done; exit $((n < 3))"
    )

    flags = (f"--manifest={manifest}", f"--image={busybox}")
    running = submit.start(*flags, "--", "sh", "-c", command)
    for number in (1, 2, 3):
        running.wait_for(f"try {number}\n")
        pod = namespace.pod()["metadata"]["name"]
        namespace.kubectl("exec", pod, "--", "touch", f"/data/read-{number}")
    result = running.finish()

    assert (result.exit_code, result.stdout) == (0, "try 1\ntry 2\ntry 3\n")
    assert "missing" not in result.stderr


def test_rights_that_are_taken_away_while_it_runs_cost_no_line(
    namespace: Namespace, submit: Submit, busybox: str, tmp_path: Path
) -> None:
    """The stream that is open goes on; a last reading is refused."""
    namespace.create(GRANT)
    token = namespace.kubectl("create", "token", "default").strip()
    kubeconfig = tmp_path / "kubeconfig"
    configuration = yaml.safe_load(Path(os.environ["KUBECONFIG"]).read_text())
    configuration["users"] = [
        {"name": user["name"], "user": {"token": token}} for user in configuration["users"]
    ]
    kubeconfig.write_text(yaml.safe_dump(configuration))
    command = "echo ready; while [ ! -e /tmp/go ]; do sleep 0.1; done; echo the end; exit 4"
    running = submit.start(
        f"--kubeconfig={kubeconfig}", f"--image={busybox}", "--", "sh", "-c", command
    )
    running.wait_for("ready\n")
    rights = '[{"op": "replace", "path": "/rules/0/resources", "value": ["pods", "events"]}]'
    namespace.kubectl("patch", "role", "user", "--type=json", f"--patch={rights}")
    pod = namespace.pod()["metadata"]["name"]
    may = ("auth", "can-i", "get", "pods", "--subresource=log", f"--kubeconfig={kubeconfig}")
    eventually(lambda: answer(namespace, *may) == "no", "the right is taken away")
    namespace.kubectl("exec", pod, "--", "touch", "/tmp/go")
    result = running.finish()

    assert (result.exit_code, result.stdout) == (4, "ready\nthe end\n")
    assert "missing" not in result.stderr


def answer(namespace: Namespace, *question: str) -> str:
    """What kubectl answers, whatever its exit code."""
    argv = ["kubectl", "--namespace", namespace.name, *question]
    return subprocess.run(argv, capture_output=True, text=True, check=False).stdout.strip()
