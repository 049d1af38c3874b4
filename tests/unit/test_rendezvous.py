"""Where workers find each other: the Services, and the ports that lead to worker 0."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from kubectl_submit.execution_backends.kubernetes.backend import BACKEND as KUBERNETES
from kubectl_submit.manifests import files, tree
from kubectl_submit.model import provenance

from .examples import SOURCE, execution_parameters

NAME = "app-0123456-x2k4z"
JOB = {"batch.kubernetes.io/job-name": NAME}


def rendered(**changes: Any) -> list[Any]:
    """The documents of a run of two workers, as kubectl reads them."""
    parameters = execution_parameters(**{"workers": 2, **changes})
    return list(yaml.safe_load_all(tree.dump(KUBERNETES.render(parameters))))


def ports(*argv: str, **changes: Any) -> list[int]:
    """The ports on which MASTER_ADDR leads to worker 0."""
    *_, first = rendered(argv=argv or ("true",), **changes)
    return [one["port"] for one in first["spec"]["ports"]]


def test_every_worker_has_a_host_name() -> None:
    _, service, _ = rendered()
    assert service["metadata"]["name"] == NAME
    assert service["metadata"]["labels"] == provenance.as_labels(SOURCE.facts(NAME))
    assert service["spec"] == {
        "clusterIP": "None",
        "publishNotReadyAddresses": True,
        "selector": JOB,
    }


def test_the_first_worker_is_known_before_it_has_an_address() -> None:
    job, _, service = rendered()
    [container] = job["spec"]["template"]["spec"]["containers"]
    [master] = [one["value"] for one in container["env"] if one["name"] == "MASTER_ADDR"]
    # The host name that the Job controller gives worker 0, which finds itself without DNS.
    assert service["metadata"]["name"] == master == f"{NAME}-0"
    assert "clusterIP" not in service["spec"]  # the API server assigns one
    assert service["spec"]["publishNotReadyAddresses"] is True
    assert service["spec"]["selector"] == {
        **JOB,
        "batch.kubernetes.io/job-completion-index": "0",
    }


def test_one_worker_needs_none_of_this() -> None:
    [job] = rendered(workers=1)
    pod = job["spec"]["template"]["spec"]
    assert "subdomain" not in pod
    assert {"name": "MASTER_ADDR", "value": "localhost"} in pod["containers"][0]["env"]


USUAL = [29500, 29400]


@pytest.mark.parametrize(
    ("command", "more"),
    [
        (["python", "train.py", "12345"], []),
        (["torchrun", "--master_port=25678", "--master-port", "25679", "x.py"], [25678, 25679]),
        (["sh", "-c", "ray start --address=$MASTER_ADDR:6379"], [6379]),
        (["sh", "-c", 'run "${MASTER_ADDR}":1234'], [1234]),
        (["sh", "-c", "export MASTER_PORT=12355; run"], [12355]),
        (["sh", "-c", "python train.py $MASTER_ADDR:$MASTER_PORT --port 0 --port 65536"], []),
        (["run", "--port=29500", "--port=123456"], []),
    ],
)
def test_ports_that_the_command_names(command: list[str], more: list[int]) -> None:
    assert ports(*command) == USUAL + more


def test_a_port_of_the_users_own() -> None:
    assert ports(env=(("MASTER_PORT", "1234"),)) == [1234, 29400]
    assert ports(env=(("MASTER_PORT", "$X"),)) == [29400]


def test_there_are_no_more_ports_than_a_node_can_bear() -> None:
    assert len(ports("run", *(f"--port={number}" for number in range(1000, 2000)))) == 50


# The long flags of torchrun in torch 1.10, its first one; those with hyphens came with torch 2.0.
TORCHRUN = {"nnodes", "nproc_per_node", "node_rank", "master_addr", "master_port"}


def test_the_page_has_flags_that_every_torchrun_knows() -> None:
    page = Path(__file__).parents[2] / "docs" / "multi-worker.md"
    [line] = re.findall(r"torchrun --nnodes[^']*", page.read_text(encoding="utf-8"))
    assert set(re.findall(r"--(\S+)", line)) == TORCHRUN


@pytest.mark.parametrize(
    ("pod", "policy"),
    [
        ("{hostNetwork: true}", "ClusterFirstWithHostNet"),
        ("{hostNetwork: true, dnsPolicy: ClusterFirst}", "ClusterFirstWithHostNet"),
        ("{hostNetwork: true, dnsPolicy: Default}", "Default"),
        ("{hostNetwork: false}", None),
    ],
)
def test_workers_on_the_nodes_network_find_each_other(
    tmp_path: Path, pod: str, policy: str | None
) -> None:
    own = files.read(None, "job.yml")[0].replace(
        "      restartPolicy: Never\n", f"      restartPolicy: Never\n      {pod[1:-1]}\n"
    )
    own = own.replace(", dnsPolicy", "\n      dnsPolicy")
    path = tmp_path / "job.yml"
    path.write_text(own)
    job, *_ = rendered(manifest=path)
    assert job["spec"]["template"]["spec"].get("dnsPolicy") == policy
