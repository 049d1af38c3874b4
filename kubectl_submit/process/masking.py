"""Hides secrets in a program's arguments and in its output. Pure."""

from __future__ import annotations

import re


def mask(text: str) -> str:
    """The text without the values of `--token=…`, `--password=…` and the passwords in URLs."""
    text = re.sub(r"(--(?:token|password)=)\S+", r"\1***", text)
    return re.sub(r"(?<=://)[^/@\s]+@", "***@", text)
