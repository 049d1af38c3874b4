"""Records how Jobs go on a real cluster: `python tests/unit/data/record.py [RUN…]`.

It makes and deletes the namespace unit-samples in the current context. Each run of runs.yaml
becomes a folder here: what watches of its Job, its pods and its events say, one event a line, and
the pods' logs.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import yaml

Object = dict[str, Any]

HERE = Path(__file__).parent
RUNS: dict[str, Object] = yaml.safe_load((HERE / "runs.yaml").read_text(encoding="utf-8"))
NAMESPACE = "unit-samples"
AT_ONCE = 3
PATIENCE = 120.0
AFTER_THE_END = 2.0

JOB = {"completionMode": "Indexed", "backoffLimit": 0, "podReplacementPolicy": "Failed"}
ONE = {"completions": 1, "parallelism": 1}
POD = {"restartPolicy": "Never", "terminationGracePeriodSeconds": 3}
CONTAINER = {
    "name": "main",
    "image": "registry.test:5000/busybox:1",
    "terminationMessagePolicy": "FallbackToLogsOnError",
}
JOB_ENDED = ('{"type": "Complete", "status": "True"', '{"type": "Failed", "status": "True"')
# What tells of the machine, or of nothing.
POINTLESS = re.compile(
    "managedFields|nodeName|nodeInfo|hostIPs?|podIPs?|hostname|containerID|imageID|"
    "generateName|generation|creationTimestamp|resourceVersion|ownerReferences|observedGeneration|"
    "template|selector|manualSelector|env|tolerations|volumes|volumeMounts|schedulerName|priority|"
    "preemptionPolicy|dnsPolicy|enableServiceLinks|serviceAccount|serviceAccountName|"
    "securityContext|qosClass|imagePullPolicy|terminationMessagePath|terminationMessagePolicy|"
    "lastProbeTime|lastTransitionTime|eventTime|reportingComponent|reportingInstance|source|"
    "(batch.kubernetes.io/)?controller-uid|job-name"
)


def kubectl(*argv: str, stdin: str = "") -> str:
    command = ["kubectl", "-n", NAMESPACE, *argv]
    return subprocess.run(
        command, input=stdin, check=True, text=True, stdout=subprocess.PIPE
    ).stdout


def pruned(value: Any) -> Any:
    if isinstance(value, list):
        return [pruned(item) for item in value]
    if isinstance(value, dict):
        return {key: pruned(item) for key, item in value.items() if not POINTLESS.fullmatch(key)}
    if isinstance(value, str):
        return re.sub(r"\b10(\.\d{1,3}){3}\b", "192.0.2.1", value)
    return value


class Recorder:
    """One run: its Job, and everything that is read of it."""

    def __init__(self, run: str) -> None:
        self._run, self._what = run, RUNS[run]
        self._name = f"recorded-{run}"
        self._container: Object = CONTAINER | self._what.get("container", {})
        self._enough = threading.Event()
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        self._acted = False
        self._folder = HERE / run
        shutil.rmtree(self._folder, ignore_errors=True)
        self._folder.mkdir()

    def record(self) -> None:
        """Create the Job, and read until enough has come."""
        api, batch = f"/api/v1/namespaces/{NAMESPACE}", f"/apis/batch/v1/namespaces/{NAMESPACE}"
        self._watch("job", f"{batch}/jobs?fieldSelector=metadata.name%3D{self._name}")
        self._watch("pods", f"{api}/pods?labelSelector=job-name%3D{self._name}")
        self._watch("events", f"{api}/events?fieldSelector=involvedObject.name%3D{self._name}")
        kubectl("create", "-f", "-", stdin=json.dumps(self._job()))
        if not self._enough.wait(PATIENCE):
            print(f"{self._run}: not enough has come", file=sys.stderr)
        threading.Event().wait(AFTER_THE_END)
        for process in list(self._processes.values()):
            process.terminate()
        kubectl("delete", "job", self._name, "--ignore-not-found", "--wait=false")
        print("recorded", self._run)

    def _job(self) -> Object:
        pod = POD | self._what.get("pod", {}) | {"containers": [self._container]}
        return {
            "apiVersion": "batch/v1",
            "kind": "Job",
            "metadata": {"name": self._name},
            "spec": JOB | ONE | self._what.get("job", {}) | {"template": {"spec": pod}},
        }

    def _watch(self, what: str, path: str) -> None:
        argv = ["kubectl", "get", "--raw", f"{path}&watch=1"]
        process = subprocess.Popen(argv, stdout=subprocess.PIPE)
        self._processes[what] = process
        threading.Thread(target=self._read, args=(process, what)).start()

    def _read(self, process: subprocess.Popen[bytes], what: str) -> None:
        assert process.stdout
        with (self._folder / f"{what}.jsonl").open("w") as file:
            for line in process.stdout:
                event = pruned(json.loads(line))
                text = json.dumps(event)
                file.write(text + "\n")
                if what == "pods":
                    self._follow(event["object"]["metadata"]["name"], text)
                if "startedAt" in text or "JobSuspended" in text:
                    self._act()
                wanted = self._what.get("enough")
                if wanted in text if wanted else any(end in text for end in JOB_ENDED):
                    self._enough.set()

    def _follow(self, pod: str, event: str) -> None:
        name = self._container["name"]
        started = rf'"name": "{name}", "state": {{"(running|terminated)"'
        if re.search(started, event) and pod not in self._processes:
            argv = ["kubectl", "-n", NAMESPACE, "logs", pod, "-c", name, "--timestamps", "--follow"]
            with (self._folder / f"{pod}.log").open("wb") as file:
                self._processes[pod] = subprocess.Popen(argv, stdout=file)

    def _act(self) -> None:
        if "act" in self._what and not self._acted:
            self._acted = True
            threading.Event().wait(1)  # so that something has been written
            kubectl(*self._what["act"])


def record(run: str) -> None:
    """Record one run in the namespace that it needs."""
    for argv in RUNS[run].get("before", []):
        kubectl(*argv)
        threading.Event().wait(3)  # until a quota counts
    Recorder(run).record()
    for argv in RUNS[run].get("after", []):
        kubectl(*argv)


def main() -> None:
    """Record all runs, or those that are named."""
    wanted = sys.argv[1:] or list(RUNS)
    kubectl("create", "namespace", NAMESPACE)
    kubectl("wait", "--for=create", "serviceaccount/default")
    with ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(record, [run for run in wanted if "before" not in RUNS[run]]))
    for run in wanted:
        if "before" in RUNS[run]:
            record(run)
    (HERE / "VERSION").write_text(kubectl("version"))
    kubectl("delete", "namespace", NAMESPACE, "--wait=false")


if __name__ == "__main__":
    main()
