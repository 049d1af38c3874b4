"""Who the user is, as recorded on what this tool creates and cancels."""

from __future__ import annotations

import getpass
import os

from kubectl_submit.model.provenance import PREFIX, label_value


def created_by(email: str) -> str:
    """git's `user.email`, else the login, else the number of the user."""
    if email:
        return email
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a user id without a name, as in many containers
        return str(os.getuid())


def me() -> str:
    """The name under which our runs are recorded from this folder."""
    from kubectl_submit.source.repository import user_email

    return created_by(user_email())


def mine() -> str:
    """The label selector of our own runs."""
    return f"{PREFIX}created-by={label_value(me())}"
