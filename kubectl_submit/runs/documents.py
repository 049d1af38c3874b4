"""Runs as documents for scripts, as docs/json.md describes them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from kubectl_submit import times
from kubectl_submit.model.pods import PodState
from kubectl_submit.model.run import Run
from kubectl_submit.model.run_details import RunDetails

API_VERSION = "kubectl-submit/v1"

Document = dict[str, Any]


def run_document(run: Run) -> Document:
    """One run; what is not known is null."""
    return {"apiVersion": API_VERSION, "kind": "Run", **_run(run)}


def list_document(runs: Sequence[Run]) -> Document:
    """Many runs."""
    return {"apiVersion": API_VERSION, "kind": "RunList", "items": [_run(run) for run in runs]}


def details_document(details: RunDetails) -> Document:
    """One run with its phases, workers and events."""
    return {
        **run_document(details.run),
        "phases": [
            {
                "name": phase.name,
                "seconds": phase.seconds,
                "begin": phase.begin or None,
                "end": phase.end or None,
            }
            for phase in details.phases
        ],
        "pods": [
            *(_pod(pod, node) for pod, node in details.workers),
            *(_gone(rank, why) for rank, why in details.gone),
        ],
        "events": [
            {"time": event.time, "about": event.about, "text": event.text, "warning": event.warning}
            for event in details.events
        ],
    }


def text(document: Any, form: str) -> str:
    """A document as `json` or `yaml`."""
    if form == "json":
        return json.dumps(document, indent=2, ensure_ascii=False)
    import yaml

    dumped: str = yaml.safe_dump(document, sort_keys=False, allow_unicode=True)
    return dumped.rstrip("\n")


def _run(run: Run) -> Document:
    facts = run.facts
    image = facts.get("image", "")
    return {
        "name": run.name,
        "namespace": run.namespace,
        "object": run.id,
        "backend": run.backend,
        "state": run.status.state,
        "reason": run.status.reason or None,
        "exitCode": run.status.exit_code,
        "workers": {"ready": run.ready, "total": run.workers},
        "created": run.created or None,
        "started": run.started or None,
        "ended": run.ended or None,
        "durationSeconds": duration(run),
        "commit": facts.get("commit"),
        "branch": facts.get("branch"),
        "remote": facts.get("remote"),
        "dirty": facts.get("dirty") == "true",
        "changes": facts.get("changes"),
        "createdBy": facts.get("created-by"),
        "cancelledBy": facts.get("cancelled-by"),
        "image": image or None,
        "digest": image.partition("@")[2] or None,
        "command": command(run),
        "commandCut": command_cut(run),
    }


def _pod(pod: PodState, node: str) -> Document:
    return {
        "worker": pod.rank,
        "name": pod.name,
        "node": node or None,
        "started": pod.started_at or None,
        "ended": pod.finished_at or None,
        "exitCode": pod.exit_code,
        "reason": pod.reason or pod.start_failure or pod.waiting or None,
    }


def _gone(rank: int, why: str) -> Document:
    """A worker whose pod is gone."""
    unknown = dict.fromkeys(("name", "node", "started", "ended", "exitCode"))
    return {"worker": rank, **unknown, "reason": why}


def command(run: Run) -> list[str]:
    """The command with its arguments; nothing where it was not recorded."""
    try:
        words = json.loads(run.facts.get("command", "[]"))
    except ValueError:
        return []
    return [str(word) for word in words] if isinstance(words, list) else []


def command_cut(run: Run) -> Document | None:
    """The size and hash of a command that was too long to record; else None."""
    try:
        found = json.loads(run.facts.get("command-cut", "null"))
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def duration(run: Run) -> float | None:
    """Seconds from its start to its end, or until now."""
    return times.between(run.started, run.ended or ("" if run.has_ended else times.now()))
