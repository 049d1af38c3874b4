"""What a pod says of its command, of the containers beside it, and of its node."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from kubectl_submit.execution_backends import lingering
from kubectl_submit.execution_backends.kubernetes.job_state import ranks
from kubectl_submit.execution_backends.outcomes import outcome
from kubectl_submit.model.containers import command_container
from kubectl_submit.model.execution_state import ExecutionState
from kubectl_submit.model.nodes import lost_text
from kubectl_submit.model.pods import PodState, pod_state

FAILED = ExecutionState(failed=True, reason="BackoffLimitExceeded", message="…", failed_pods=1)
END = "2026-11-30T04:00:10Z"
RUNNING = {"running": {"startedAt": "2026-11-30T04:00:00Z"}}


def ended(code: int, **more: Any) -> dict[str, Any]:
    """The state of a container that has exited."""
    reason = "Error" if code else "Completed"
    return {"terminated": {"exitCode": code, "reason": reason, "finishedAt": END, **more}}


def pod(phase: str = "Running", **states: dict[str, Any]) -> dict[str, Any]:
    """A pod with these containers; `main` runs the command."""
    found = [{"name": name, "state": state} for name, state in states.items()]
    return {
        "metadata": {"name": "run-0", "labels": {}},
        "spec": {"restartPolicy": "Never", "nodeName": "n1"},
        "status": {"phase": phase, "containerStatuses": found},
    }


def deleted(pod: dict[str, Any], at: str, grace: int = 30, by: str = "") -> dict[str, Any]:
    """The pod, to be gone at a time."""
    pod = copy.deepcopy(pod)
    pod["metadata"] |= {"deletionTimestamp": at, "deletionGracePeriodSeconds": grace}
    if by:
        condition = {"type": "DisruptionTarget", "status": "True", "reason": by}
        pod["status"]["conditions"] = [condition]
    return pod


def said(pod: dict[str, Any], job: ExecutionState = FAILED, workers: int = 1) -> tuple[int, str]:
    """The exit code of a run with this one pod, and what is said of it."""
    found = outcome(job, [pod_state(pod, "main")], workers)
    assert found
    return found.exit_code, found.summary


@pytest.mark.parametrize("first", [True, False])
def test_a_sidecar_that_fails_never_makes_a_zero(first: bool) -> None:
    states = {"main": ended(0), "proxy": ended(3)}
    ordered = dict(sorted(states.items(), reverse=first))
    expected = (125, "exited 0, but its Job failed: the container proxy exited 3")
    assert said(pod("Failed", **ordered)) == expected


def test_a_commands_own_failure_counts_more_than_that_of_a_sidecar() -> None:
    assert said(pod("Failed", proxy=ended(3), main=ended(7))) == (7, "exited 7")


@pytest.mark.parametrize(
    ("by", "why"),
    [
        ("EvictionByEvictionAPI", "EvictionByEvictionAPI"),
        ("", "its pod was deleted"),
    ],
)
def test_a_command_that_ends_well_when_it_is_told_to_stop(by: str, why: str) -> None:
    gone = deleted(pod("Failed", main=ended(0)), "2026-11-30T04:00:38Z", by=by)
    assert said(gone) == (125, f"exited 0, but its Job failed: {why}")
    gone["status"]["phase"] = "Succeeded"
    complete = outcome(ExecutionState(succeeded=True), [pod_state(gone, "main")], 1)
    assert complete
    assert (complete.exit_code, complete.plain, complete.fleeting) == (0, False, True)
    assert complete.summary == f"succeeded, but exited 0 when asked to stop ({why})"


def test_a_pod_that_is_deleted_while_it_runs() -> None:
    gone = deleted(pod("Failed", main=ended(137)), "2026-11-30T04:00:38Z")
    assert said(gone) == (137, "exited 137 (its pod was deleted)")


def test_a_pod_that_is_deleted_after_its_end() -> None:
    gone = deleted(pod("Failed", main=ended(137)), "2026-11-30T04:00:41Z")
    assert said(gone) == (137, "exited 137")
    assert not pod_state(gone, "main").stopped


@pytest.mark.parametrize(
    ("code", "reason", "why"),
    [
        (255, "Unknown", "its node or container runtime has restarted"),
        (137, "ContainerStatusUnknown", "its node no longer knows the container"),
    ],
)
def test_a_container_that_ended_unseen(code: int, reason: str, why: str) -> None:
    state = pod("Failed", main=ended(code, reason=reason))
    assert said(state) == (code, f"exited {code} ({reason}: {why})")


def test_where_the_pod_is_gone_that_is_said() -> None:
    found = outcome(FAILED, [], 2)
    assert found
    assert found.exit_code == 125
    assert found.summary.startswith("the pod that failed is gone, and its exit code is no longer")


def test_an_init_container_that_fails() -> None:
    failed = pod("Failed", main={"waiting": {"reason": "PodInitializing"}})
    failed["spec"]["initContainers"] = [
        {"name": "mesh", "restartPolicy": "Always"},
        {"name": "get"},
    ]
    failed["status"]["initContainerStatuses"] = [
        {"name": "mesh", "state": ended(1)},
        {"name": "get", "state": ended(3)},
    ]
    assert said(failed) == (125, "init container get exited 3")
    found = outcome(FAILED, [pod_state(failed, "main")], 1)
    assert found
    assert found.log_source == ("run-0", "get")
    failed["status"]["initContainerStatuses"][1]["state"] = ended(3, message="no such bucket")
    found = outcome(FAILED, [pod_state(failed, "main")], 1)
    assert found
    assert (found.log_source, found.last_words) == (None, "no such bucket")


@pytest.mark.parametrize(("message", "log_source"), [("no user namespaces", ""), ("", "buildkit")])
def test_a_sidecar_that_does_not_start(message: str, log_source: str) -> None:
    state = pod("Pending", main={"waiting": {"reason": "PodInitializing"}})
    last = ended(1, message=message)
    begins = {"name": "buildkit", "state": {}, "lastState": last, "restartCount": 2}
    state["status"]["initContainerStatuses"] = [begins]
    problem = pod_state(state, "main").start_problem
    assert problem
    assert problem.text.startswith("the container buildkit exits 1 each time it starts")
    assert (message in problem.text, problem.container) == (True, log_source)


@pytest.mark.parametrize(
    ("pods", "job", "workers", "exit_code"),
    [
        ([pod(main=ended(0), proxy=RUNNING)], ExecutionState(), 1, 0),
        ([pod(proxy=RUNNING, main=ended(7))], ExecutionState(), 1, 7),
        ([pod(proxy=RUNNING, main=RUNNING)], ExecutionState(), 1, None),
        ([pod(proxy=ended(0), main=ended(0))], ExecutionState(), 1, None),
        ([pod(proxy=RUNNING, main=ended(0))], ExecutionState(), 2, None),
        ([pod(proxy=RUNNING, main=ended(0))], ExecutionState(succeeded_pods=1), 2, 0),
        ([pod(proxy=RUNNING, main=ended(7))], ExecutionState(), 2, 7),
        ([pod(proxy=RUNNING, main=ended(7))], ExecutionState(retries=True), 2, None),
        ([pod(proxy=RUNNING, main=ended(7))], ExecutionState(suspended=True), 1, None),
        ([pod(proxy=RUNNING, main=ended(7))], FAILED, 1, None),
        (
            [deleted(pod(proxy=RUNNING, main=ended(7)), "2026-11-30T04:00:38Z")],
            ExecutionState(),
            1,
            None,
        ),
    ],
)
def test_what_is_decided_while_another_container_goes_on(
    pods: list[dict[str, Any]], job: ExecutionState, workers: int, exit_code: int | None
) -> None:
    found = lingering.decided(job, [pod_state(one, "main") for one in pods], workers)
    assert (found and found.exit_code) == exit_code
    if found:
        assert found.ends_job
        assert found.summary.endswith("the Job was ended because the container proxy did not end")


@pytest.mark.parametrize(("code", "has_ended"), [(0, True), (7, False)])
def test_a_kubelet_that_starts_again_what_failed(code: int, has_ended: bool) -> None:
    again = pod(main=ended(code), proxy=RUNNING)
    again["spec"]["restartPolicy"] = "OnFailure"
    assert pod_state(again, "main").ended is has_ended


def test_what_goes_on_is_said() -> None:
    one = pod_state(pod(proxy=RUNNING, agent=RUNNING, main=ended(0)), "main")
    assert lingering.text([one], 1) == (
        "the command has exited 0, but the containers proxy, agent of its pod still run"
    )
    two = pod_state(pod(proxy=RUNNING, main=ended(7)), "main")
    assert lingering.text([two], 2) == (
        "worker 0: the command has exited 7, but the container proxy of its pod still runs"
    )


def lost(*tolerations: dict[str, Any], **condition: Any) -> PodState:
    """A pod that runs, whose node does not answer any more."""
    state = pod(main=RUNNING)
    state["spec"]["tolerations"] = list(tolerations)
    state["status"]["conditions"] = [
        {"type": "Ready", "status": "False", "lastTransitionTime": END, **condition},
        {"type": "ContainersReady", "status": "True"},
    ]
    return pod_state(state, "main")


@pytest.mark.parametrize(
    ("tolerations", "words"),
    [
        (
            [{"key": "node.kubernetes.io/unreachable", "tolerationSeconds": 300}],
            "Kubernetes deletes the pod 300 s after that",
        ),
        ([{"operator": "Exists"}], "the pod stays until the node is back"),
        ([], "Kubernetes deletes the pod 0 s after that"),
    ],
)
def test_a_node_that_is_lost(tolerations: list[dict[str, Any]], words: str) -> None:
    node = lost(*tolerations).lost_node
    assert node
    text = lost_text(node, "worker 0")
    assert text.startswith(f"node n1 of worker 0 has not been ready since {END}; ")
    assert words in text
    assert "kubectl submit cancel" in text


@pytest.mark.parametrize(
    ("by", "why"), [("DeletionByTaintManager", " (DeletionByTaintManager)"), ("", "")]
)
def test_a_pod_that_is_deleted_before_it_starts_waits_for_its_node(by: str, why: str) -> None:
    creating = pod("Pending", main={"waiting": {"reason": "ContainerCreating"}})
    assert pod_state(creating, "main").waiting == ""
    known = pod_state(deleted(creating, END, by=by), "main")
    assert (
        known.waiting
        == f"the pod was deleted{why} before it started; waiting for the kubelet on n1"
    )
    assert pod_state(deleted(pod(main=RUNNING), END, by=by), "main").waiting == ""


@pytest.mark.parametrize("reason", ["ContainersNotReady", "ReadinessGatesNotReady", "PodCompleted"])
def test_a_kubelet_that_says_why_is_not_lost(reason: str) -> None:
    assert lost(reason=reason).lost_node is None


def test_which_container_runs_the_command() -> None:
    spec = {"containers": [{"name": "proxy"}, {"name": "train"}]}
    recorded = {"metadata": {"annotations": {"kubectl-submit/container": "train"}}}
    assert command_container(recorded, spec) == "train"
    assert command_container({"metadata": {}}, spec) == "proxy"


@pytest.mark.parametrize(
    ("text", "numbers"), [("", set()), ("3", {3}), ("0,2-4,7", {0, 2, 3, 4, 7}), ("0-1", {0, 1})]
)
def test_the_ranks_that_a_job_counts_as_completed(text: str, numbers: set[int]) -> None:
    assert ranks(text) == numbers


def test_a_pod_that_the_kubelet_refuses_is_told_with_its_words() -> None:
    refused = pod("Failed")
    refused["status"] |= {"reason": "OutOfcpu", "message": "Pod was rejected: not enough cpu"}
    found = outcome(FAILED, [pod_state(refused, "main")], 1)
    assert found
    assert (found.exit_code, found.summary) == (125, "never started (OutOfcpu)")
    assert found.last_words == "Pod was rejected: not enough cpu"


def test_a_pod_that_was_evicted_may_have_run() -> None:
    evicted = pod("Failed")
    evicted["status"] |= {"reason": "Evicted", "message": "Pod storage exceeds the limit 1Mi. "}
    found = outcome(FAILED, [pod_state(evicted, "main")], 1)
    assert found
    assert found.exit_code == 125
    assert found.summary.startswith("was evicted before the node reported that it ran")
    assert found.last_words == "Pod storage exceeds the limit 1Mi."


def test_why_a_pod_was_evicted_is_told() -> None:
    gone = "The container could not be located when the pod was terminated"
    evicted = pod("Failed", main=ended(137, reason="ContainerStatusUnknown", message=gone))
    evicted["status"] |= {"reason": "Evicted", "message": "Pod storage exceeds the limit 5Mi. "}
    found = outcome(FAILED, [pod_state(evicted, "main")], 1)
    assert found
    assert (found.exit_code, found.summary) == (137, "exited 137 (Evicted)")
    assert found.last_words == "Pod storage exceeds the limit 5Mi."


def test_a_pod_that_has_begun_and_has_no_code_is_not_said_not_to_have_started() -> None:
    lost = pod("Failed", main=RUNNING)
    lost["status"]["reason"] = "NodeLost"
    assert said(lost) == (125, "ended without a code (NodeLost)")


@pytest.mark.parametrize(
    ("spec", "conditions", "told"),
    [
        ({"schedulerName": "volcano"}, [], "the scheduler volcano has not looked at it yet"),
        ({"schedulerName": "volcano", "nodeName": "n1"}, [], ""),
        ({"schedulerName": "volcano"}, [{"type": "PodScheduled", "status": "False"}], ""),
        ({}, [], ""),
    ],
)
def test_whether_a_scheduler_has_looked_at_a_pod(
    spec: dict[str, str], conditions: list[dict[str, str]], told: str
) -> None:
    pending = pod("Pending")
    pending["spec"] = spec
    pending["status"]["conditions"] = conditions
    assert pod_state(pending, "main").unplaced == told


@pytest.mark.parametrize("prefix", ["Pod was rejected: ", "Pod "])
def test_a_pod_that_a_full_node_refuses_has_written_nothing(prefix: str) -> None:
    refused = pod("Failed")
    words = f"{prefix}The node had condition: [DiskPressure]. "
    refused["status"] |= {"reason": "Evicted", "message": words}
    found = outcome(FAILED, [pod_state(refused, "main")], 1)
    assert found
    assert (found.exit_code, found.summary) == (125, "never started (Evicted)")
    assert found.last_words == words.strip()
