"""How long a test waits for what must come. A limit only matters where a test fails."""

from __future__ import annotations

import os

PATIENCE = int(os.environ.get("PATIENCE_SECONDS", "600"))
"""Seconds after which a test fails that still waits: no machine is so busy that it needs them."""

KUBECTL_PATIENCE = f"--timeout={PATIENCE}s"
"""The same for `kubectl wait`, whose own limit is 30 seconds."""
