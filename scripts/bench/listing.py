"""A thousand runs in a list."""

from __future__ import annotations

import json

import yaml

from scripts.bench.measuring import IMAGE, SUBMIT, Report, compare, namespace, run

RUNS = 1000


def measure(report: Report) -> None:
    """Beside the `kubectl get -o json` under it."""
    with namespace() as name:
        flags = ("-q", "--dry-run=client", "--image", IMAGE, "--", "true")
        job = yaml.safe_load(run(SUBMIT, "-n", name, *flags))
        job["spec"]["suspend"] = True
        run("kubectl", "create", "-n", name, "-f", "-", stdin=json.dumps(_many(job)))
        got = ("kubectl", "get", "jobs", "-n", name, "-o", "json")
        assert run(SUBMIT, "-n", name, "list", "-o", "name").count("\n") == RUNS
        took = compare(lambda: run(SUBMIT, "-n", name, "list"), lambda: run(*got), 9)
        report.ratio("list of 1 000 | kubectl get -o json", *took, 1.3)


def _many(job: dict[str, object]) -> dict[str, object]:
    text = json.dumps(job)
    name = json.loads(text)["metadata"]["name"]
    items = [json.loads(text.replace(name, f"run-{number}")) for number in range(RUNS)]
    return {"apiVersion": "v1", "kind": "List", "items": items}
