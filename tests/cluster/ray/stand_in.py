"""Plays KubeRay's operator where there is none: the part of its contract that a RayJob needs.

Real Ray runs in real pods. States, reasons and labels are those of KubeRay's rayjob_controller.go.
The argument is a port on which it listens while it is there.
"""

from __future__ import annotations

import copy
import json
import math
import secrets
import socket
import subprocess
import sys
import time
from datetime import datetime, timezone
from pathlib import Path
from string import Template
from typing import Any

Object = dict[str, Any]
FINAL = ("Complete", "Failed", "ValidationFailed")
TERMINAL = ("SUCCEEDED", "FAILED", "STOPPED")
SUBMITTER_SECONDS = 30
READY = {"httpGet": {"path": "/api/local_raylet_healthz", "port": 52365}, "periodSeconds": 1}
NO_SUSPEND = "a RayJob with shutdownAfterJobFinishes set to false is not allowed to be suspended"
# A cluster's object, its head's Service, and what the autoscaler is allowed.
OBJECTS = Template((Path(__file__).parent / "stand_in_cluster.yaml").read_text(encoding="utf-8"))


def kubectl(*argv: str, stdin: str | None = None) -> str | None:
    how: Object = {"capture_output": True, "text": True}
    done = subprocess.run(["kubectl", *argv], input=stdin, check=False, **how)
    return done.stdout if done.returncode == 0 else None


def age(moment: str) -> float:
    then = datetime.fromisoformat(moment.replace("Z", "+00:00"))
    return (datetime.now(timezone.utc) - then).total_seconds()


def moment(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


class Run:
    """One RayJob, and what belongs to it."""

    def __init__(self, job: Object) -> None:
        self.spec, self.status = job["spec"], job.get("status", {})
        self.name, self.namespace = job["metadata"]["name"], job["metadata"]["namespace"]
        identity = {"name": self.name, "uid": job["metadata"]["uid"]}
        self.owner = {"apiVersion": "ray.io/v1", "kind": "RayJob", **identity}
        self.cluster = self.status.get("rayClusterName", "")
        self.service = f"{self.cluster}-head-svc"
        self.limit = self.spec.get("activeDeadlineSeconds", math.inf)

    def step(self) -> None:
        """Do what is to be done now."""
        state = self.status.get("jobDeploymentStatus", "")
        if state in FINAL:
            self.clean_up()
        elif not state or (state == "Suspended" and not self.spec.get("suspend")):
            self.begin()
        elif state != "Suspended" and age(self.status["startTime"]) > self.limit:
            self.end("Failed", "DeadlineExceeded", "it ran for longer than activeDeadlineSeconds")
            self.kubectl("delete", "job", self.name, "--wait=false")
        elif state == "Initializing" and self.cluster_is_ready():
            self.create(self.submitter())
            self.tell(jobDeploymentStatus="Running")
        elif state == "Running":
            self.cluster_is_ready()
            self.look()

    def begin(self) -> None:
        if self.spec.get("suspend") and not self.spec.get("shutdownAfterJobFinishes"):
            self.end("ValidationFailed", "ValidationFailed", NO_SUSPEND)
        elif self.spec.get("suspend"):
            self.tell(jobDeploymentStatus="Suspended")
        else:
            unique = f"{self.name}-{secrets.token_hex(3)}"
            self.tell(
                jobDeploymentStatus="Initializing", startTime=moment(time.time()), jobId=unique
            )
            self.tell(rayClusterName=unique)

    def clean_up(self) -> None:
        late = age(self.status["endTime"]) >= self.spec.get("ttlSecondsAfterFinished", 0)
        if self.cluster and late and self.spec.get("shutdownAfterJobFinishes"):
            selector = f"--selector=ray.io/cluster={self.cluster}"
            self.kubectl("delete", "pods,services,rayclusters", selector, "--wait=false")

    def look(self) -> None:
        """Ask Ray how the command stands; its end counts once the submitter has ended, too."""
        job = json.loads(self.kubectl("get", "job", self.name, "-o", "json") or "{}")
        conditions = job.get("status", {}).get("conditions", [])
        ended = [one for one in conditions if one["type"] in ("Complete", "Failed")]
        service = f"/api/v1/namespaces/{self.namespace}/services/{self.service}:8265"
        listed = kubectl("get", "--raw", f"{service}/proxy/api/jobs/")
        if listed is None:
            return
        jobs = {one["submission_id"]: one for one in json.loads(listed)}
        known = jobs.get(self.status["jobId"])
        if known:
            keys = {"startTime": known["start_time"], "endTime": known["end_time"]}
            info = {key: moment(ms / 1000) for key, ms in keys.items() if ms}
            self.tell(jobStatus=known["status"], message=known["message"], rayJobInfo=info)
        if not known and ended:
            self.end("Failed", "AppFailed", "Submitter completed but Ray job not found")
        elif known and ended and known["status"] in TERMINAL:
            failed = known["status"] == "FAILED"
            self.end("Failed" if failed else "Complete", "AppFailed" if failed else "")
        elif ended and age(ended[0]["lastTransitionTime"]) > SUBMITTER_SECONDS:
            self.end("Failed", "AppFailed", "The submitter finished, but the job did not end.")

    def end(self, state: str, reason: str, message: str | None = None) -> None:
        words = self.status.get("message", "") if message is None else message
        self.tell(
            jobDeploymentStatus=state, reason=reason, message=words, endTime=moment(time.time())
        )

    def cluster_is_ready(self) -> bool:
        """Create what is missing, delete what the autoscaler gives up; whether all is ready."""
        found = self.kubectl("get", "raycluster", self.cluster, "-o", "json")
        if not found:
            names = {"cluster": self.cluster, "namespace": self.namespace}
            spec = json.dumps(self.spec["rayClusterSpec"])
            text = OBJECTS.substitute(names, spec=spec, owner=json.dumps(self.owner))
            self.kubectl("create", "--filename=-", stdin=text)
            return False
        spec = json.loads(found)["spec"]
        groups = spec.get("workerGroupSpecs", [])
        selector = f"--selector=ray.io/cluster={self.cluster}"
        pods = json.loads(self.kubectl("get", "pods", selector, "-o", "json") or '{"items": []}')
        alive = [pod for pod in pods["items"] if "deletionTimestamp" not in pod["metadata"]]
        ready = [pod for pod in alive if is_ready(pod)]
        heads = [pod for pod in alive if pod["metadata"]["labels"]["ray.io/node-type"] == "head"]
        if not heads:
            self.create(self.head(spec))
        elif heads[0] in ready:
            for group in groups:
                self.reconcile(group, alive)
        wanted: int = sum(group["replicas"] for group in groups)
        here, complete = max(0, len(ready) - 1), len(ready) > wanted
        status: Object = {"desiredWorkerReplicas": wanted, "readyWorkerReplicas": here}
        before = self.status.get("rayClusterStatus", {}).get("stateTransitionTimes")
        status["stateTransitionTimes"] = before or (
            {"ready": moment(time.time())} if complete else {}
        )
        self.tell(rayClusterStatus=status)
        return complete

    def reconcile(self, group: Object, alive: list[Object]) -> None:
        name = group["groupName"]
        labelled = ((pod["metadata"]["labels"], pod["metadata"]["name"]) for pod in alive)
        own = {pod for labels, pod in labelled if labels["ray.io/group"] == name}
        given_up = own & {*(group.get("scaleStrategy", {}).get("workersToDelete") or [])}
        for worker in given_up:
            self.kubectl("delete", "pod", worker, "--wait=false")
        for _ in range(group["replicas"] - len(own - given_up)):
            self.create(self.worker(group))

    def head(self, spec: Object) -> Object:
        group = spec["headGroupSpec"]
        flags = {"dashboard-host": "0.0.0.0", **group.get("rayStartParams", {})}
        monitor = " --no-monitor" if spec.get("enableInTreeAutoscaling") else ""
        start = f"ray start --head --block{monitor}"
        pod = self.pod(("head", "headgroup"), group["template"], start, flags, "127.0.0.1:6379")
        if monitor:
            names = f"--cluster-name {self.cluster} --cluster-namespace {self.namespace}"
            autoscaler = {
                "name": "autoscaler",
                "image": pod["spec"]["containers"][0]["image"],
                "command": ["bash", "-c", f"ray kuberay-autoscaler {names}"],
                "env": pod["spec"]["containers"][0]["env"],
                "resources": spec.get("autoscalerOptions", {}).get("resources", {}),
            }
            pod["spec"]["containers"].append(autoscaler)
        return pod

    def worker(self, group: Object) -> Object:
        address = f"{self.service}.{self.namespace}.svc.cluster.local:6379"
        resources = group["template"]["spec"]["containers"][0].get("resources", {})
        amounts = {**resources.get("requests", {}), **resources.get("limits", {})}
        flags = {"num-cpus": whole(amounts.get("cpu", "1")), **group.get("rayStartParams", {})}
        start = f"ray start --block --address={address}"
        kind = ("worker", group["groupName"])
        return self.pod(kind, group["template"], start, flags, address)

    def pod(
        self, kind: tuple[str, str], template: Object, start: str, flags: Object, address: str
    ) -> Object:
        role, group = kind
        start += "".join(f" --{key}={value}" for key, value in flags.items())
        pod: Object = {"apiVersion": "v1", "kind": "Pod", **copy.deepcopy(template)}
        metadata = pod.setdefault("metadata", {})
        metadata["name"] = f"{self.cluster}-{role}-{secrets.token_hex(3)}"
        labels = {"cluster": self.cluster, "node-type": role, "group": group}
        known = {f"ray.io/{key}": value for key, value in labels.items()}
        metadata["labels"] = {**metadata.get("labels", {}), **known}
        container = pod["spec"]["containers"][0]
        container["command"], container["args"] = ["bash", "-c"], [f"ulimit -n 65536; {start}"]
        container["readinessProbe"] = READY
        add_variables(container, RAY_ADDRESS=address, RAY_CLUSTER_NAME=self.cluster)
        add_variables(container, RAY_CLOUD_INSTANCE_ID=metadata["name"], RAY_NODE_TYPE_NAME=group)
        return pod

    def submitter(self) -> Object:
        template = copy.deepcopy(self.spec["submitterPodTemplate"])
        job_id, container = self.status["jobId"], template["spec"]["containers"][0]
        address = f"{self.service}:8265"
        add_variables(container, RAY_DASHBOARD_ADDRESS=address, RAY_JOB_SUBMISSION_ID=job_id)
        head = {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": self.name}}
        return {**head, "spec": {"backoffLimit": 2, "template": template}}

    def create(self, obj: Object) -> None:
        obj["metadata"]["ownerReferences"] = [self.owner]
        self.kubectl("create", "--filename=-", stdin=json.dumps(obj))

    def tell(self, **status: Any) -> None:
        if any(self.status.get(key) != value for key, value in status.items()):
            self.status |= status
            patch = ("--type=merge", "--patch", json.dumps({"status": status}))
            self.kubectl("patch", "rayjob", self.name, "--subresource=status", *patch)

    def kubectl(self, *argv: str, stdin: str | None = None) -> str | None:
        return kubectl("--namespace", self.namespace, *argv, stdin=stdin)


def is_ready(pod: Object) -> bool:
    conditions = pod.get("status", {}).get("conditions", [])
    return any(one["type"] == "Ready" and one["status"] == "True" for one in conditions)


def add_variables(container: Object, **variables: str) -> None:
    added = [{"name": name, "value": value} for name, value in variables.items()]
    container["env"] = [*container.get("env", []), *added]


def whole(amount: str) -> int:
    return math.ceil(float(amount[:-1]) / 1000 if amount.endswith("m") else float(amount))


listening = socket.create_server(("127.0.0.1", int(sys.argv[1])))
while listening:
    every = kubectl("get", "rayjobs", "--all-namespaces", "-o", "json")
    for ray_job in json.loads(every)["items"] if every else []:
        Run(ray_job).step()
    time.sleep(0.5)
