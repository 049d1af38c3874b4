"""A fake kubectl that plays a recorded run again, as a cluster would show it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

import yaml

from kubectl_submit.cli import main
from kubectl_submit.execution_backends.kubernetes.execution import execution
from kubectl_submit.model.execution import Execution
from kubectl_submit.model.pods import RANK_LABEL, pod_state

from .programs import FOREVER, Answer, Logs, Open, Part, Program, Wait
from .samples import Object, Run
from .simulation import Simulation


def lines(events: Sequence[Object]) -> str:
    """Events as a watch writes them."""
    return "".join(json.dumps(event) + "\n" for event in events)


def execution_of(run: Run) -> Execution:
    """What is to be followed of the run."""
    return execution(json.loads(created(run)))


def logs_of(run: Run, cut: int = 0) -> Logs:
    """All logs of a run, each pod with its rank."""
    ranks = {
        event["object"]["metadata"]["name"]: int(event["object"]["metadata"]["labels"][RANK_LABEL])
        for event in run.pods
    }
    return Logs({pod: (ranks[pod], log) for pod, log in run.logs.items()}, cut)


def replay(kubectl: Program | Simulation, run: Run) -> None:
    """Let kubectl say all that was recorded.

    As on a cluster, the Job goes on once the pods have, a running container ends once its log is
    read, and its log ends with it.
    """
    name = f"%3D{run.last_job['metadata']['name']}"
    told = f"pods of {run.folder.name}"
    said = (lines(run.job[:1]), Wait(told), lines(run.job[1:]), FOREVER)
    kubectl.on("--raw", "/jobs?", name, Answer(*said))
    kubectl.on("--raw", "/pods?", name, Answer(*_pods(run), Open(told), FOREVER))
    kubectl.on("--raw", "/events?", Answer(lines(run.events), FOREVER))
    kubectl.on("logs", Answer(logs_of(run)))


def _pods(run: Run) -> Iterator[Part]:
    running = set()
    for event in run.pods:
        state = pod_state(event["object"], run.container)
        if state.ended and state.name in running:
            yield Wait(f"log of {state.name}")
        yield lines([event])
        if state.ended:
            yield Open(f"end of {state.name}")
        elif state.started:
            running.add(state.name)


def created(run: Run) -> str:
    """What `kubectl create -o json` says of the run's Job."""
    template: dict[str, Any] = {"spec": {"containers": [{"name": run.container}]}}
    made = {**run.job[0]["object"]}
    made["spec"] = {**made["spec"], "template": template}
    return json.dumps(made)


def play(kubectl: Program, name: str) -> None:
    """Let kubectl create a recorded run, and play it."""
    run = Run(name)
    replay(kubectl, run)
    kubectl.on("create", Answer(created(run)))


def submit(*arguments: str) -> int:
    """The whole command in this process; its exit code."""
    return main.run([*arguments, "--", "python", "train.py", "--x=$HOME"])


def jobs(kubectl: Program) -> list[Any]:
    """The Jobs that were created; tries without effect do not count."""
    calls = [call for call in kubectl.calls("create") if "--dry-run=server" not in call.argv]
    documents = [one for call in calls for one in yaml.safe_load_all(call.stdin)]
    return [one for one in documents if one["kind"] == "Job"]


def container(job: Any) -> Any:
    """The container of a Job that runs the command."""
    [found] = job["spec"]["template"]["spec"]["containers"]
    return found
