"""What killed tests left in the cluster goes; what belongs to somebody who runs stays."""

from __future__ import annotations

import json
import subprocess
import sys

from scripts import leftovers

from .programs import Answer, Program


def labelled(kind: str, name: str, label: str) -> dict[str, object]:
    return {"kind": kind, "metadata": {"name": name, "labels": {leftovers.LABEL: label}}}


def test_what_an_ended_process_left_is_deleted(kubectl: Program) -> None:
    own = leftovers.own_label()[leftovers.LABEL]
    number, begun, machine = own.split(".")
    program = "import sys; from scripts import leftovers; print(*leftovers.own_label().values())"
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    items = [
        labelled("Namespace", "test-mine", own),
        labelled("Namespace", "test-elsewhere", f"{number}.{begun}1.another"),
        labelled("Namespace", "test-ended", ended.stdout.decode().strip()),
        labelled("Node", "kwok-1", f"{number}.{begun}1.{machine}"),
    ]
    kubectl.on("get", Answer(json.dumps({"items": items})))
    kubectl.on("delete", Answer())

    leftovers.remove()

    deleted = [call.argv[1:3] for call in kubectl.calls("delete")]
    assert deleted == [["Namespace", "test-ended"], ["Node", "kwok-1"]]


def test_without_a_cluster_nothing_happens(kubectl: Program) -> None:
    kubectl.on("get", Answer(stderr="connection refused\n", exit_code=1))
    leftovers.remove()
    assert kubectl.calls("delete") == []


def test_the_label_is_added_to_those_that_are_there() -> None:
    made = leftovers.with_own_label({"metadata": {"name": "x", "labels": {"type": "kwok"}}})
    assert made["metadata"]["labels"] == {"type": "kwok", **leftovers.own_label()}
    assert len(made["metadata"]["labels"][leftovers.LABEL]) <= 63
