"""Records in the annotations of a build Job which submits follow it. Pure.

Submits of the same image share its build Job. Each writes its own annotation with the facts of its
run as JSON, so two submits never change the same value.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

from kubectl_submit.model.objects import Object

RECIPE_LABEL = "kubectl-submit/recipe"
PREFIX = "follower.kubectl-submit/"
SINCE = "since"
CANCELLED_BY = "cancelled-by"


@dataclass(frozen=True, kw_only=True)
class Follower:
    """A submit that waits for a build, or has waited for one."""

    run: str
    facts: dict[str, str]
    """The recorded facts of its run."""
    since: str = ""
    """When it began to follow, RFC 3339; empty for the one that created the Job."""
    cancelled_by: str = ""
    """Who cancelled it; empty if it was not cancelled."""


def added(run: str, facts: dict[str, str], since: str = "") -> dict[str, str]:
    """The annotations of one more follower."""
    return _annotation(run, {**facts, SINCE: since} if since else facts)


def cancelled(follower: Follower, who: str) -> dict[str, str]:
    """The annotations of a follower that was cancelled while others go on."""
    since = {SINCE: follower.since} if follower.since else {}
    return _annotation(follower.run, {**follower.facts, **since, CANCELLED_BY: who})


def removed(run: str) -> dict[str, None]:
    """The annotations for a merge patch that removes a follower."""
    return {PREFIX + run: None}


def followers(job: Object) -> dict[str, Follower]:
    """The followers of a build Job, by the name of the run."""
    found = {}
    for key, value in (job["metadata"].get("annotations") or {}).items():
        if key.startswith(PREFIX):
            run = key.removeprefix(PREFIX)
            found[run] = _follower(run, value)
    return found


def others(job: Object, run: str) -> list[Follower]:
    """The other followers that still want the image."""
    return [one for one in followers(job).values() if one.run != run and not one.cancelled_by]


def _annotation(run: str, recorded: dict[str, str]) -> dict[str, str]:
    return {PREFIX + run: json.dumps(recorded)}


def _follower(run: str, value: str) -> Follower:
    try:
        found = json.loads(value)
    except ValueError:
        found = None
    facts = {key: str(one) for key, one in found.items()} if isinstance(found, dict) else {}
    since, cancelled_by = facts.pop(SINCE, ""), facts.pop(CANCELLED_BY, "")
    return Follower(run=run, facts=facts, since=since, cancelled_by=cancelled_by)
