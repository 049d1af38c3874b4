"""Kubernetes objects as plain data."""

from __future__ import annotations

from typing import Any

Object = dict[str, Any]
"""A Kubernetes object, as kubectl prints it in JSON."""
