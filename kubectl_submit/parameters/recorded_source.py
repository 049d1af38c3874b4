"""What is recorded of the source of a run."""

from __future__ import annotations

from kubectl_submit.model.provenance import Source
from kubectl_submit.source import gate, git_url
from kubectl_submit.source.identity import created_by
from kubectl_submit.source.repository import Snapshot
from kubectl_submit.source.tracked_files import STAT_LINES, changes_stat


def recorded_source(snapshot: Snapshot) -> Source:
    """Who submits which commit of which remote, and what differs from it."""
    return Source(
        created_by=created_by(snapshot.email),
        commit=snapshot.commit,
        branch=snapshot.branch,
        remote=git_url.without_credentials(snapshot.url),
        dirty=bool(gate.problems(snapshot)),
        changes=_changes(snapshot),
    )


def _changes(snapshot: Snapshot) -> str:
    """How the working tree differs from its commit, for people: one line a file."""
    changes = snapshot.changes
    stat = changes_stat(snapshot.root) if changes.tracked or changes.submodules else ""
    new = [f" {gate.shown(path)} (not in git)" for path in changes.untracked[:STAT_LINES]]
    more = len(changes.untracked) - len(new)
    return "\n".join(filter(None, [stat, *new, f" and {more} more" if more else ""]))
