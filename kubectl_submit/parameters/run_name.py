"""Names of runs."""

from __future__ import annotations

import re
import secrets

from kubectl_submit.error_codes import ErrorCode
from kubectl_submit.errors import UsageError

RANDOM_LETTERS = "bcdfghjklmnpqrstvwxz2456789"  # as Kubernetes does: spells no words


def run_name(prefix: str | None, default: str, limit: int) -> str:
    """`<prefix>-<random5>`, a DNS label of at most `limit` characters that starts with a letter.

    A default is cut where it is too long; for a prefix that the user chose this is a UsageError.
    """
    room = limit - 6
    if prefix and len(prefix) > room:
        raise UsageError(
            f"the name {prefix!r} is {len(prefix)} characters long, {room} are allowed",
            code=ErrorCode.RUN_NAME_TOO_LONG,
        )
    safe = prefix or re.sub(r"[^a-z0-9]+", "-", default.lower()).strip("-")
    if not safe[:1].isalpha():
        safe = f"run-{safe}".rstrip("-")
    if len(safe) > room:  # keep the end: it is the commit
        safe = f"{safe[: room - 8].rstrip('-')}-{safe[-7:].lstrip('-')}"
    return f"{safe}-{''.join(secrets.choice(RANDOM_LETTERS) for _ in range(5))}"
