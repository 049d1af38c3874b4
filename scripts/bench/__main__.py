"""`make bench`: every bar of the README's table, measured; exit 1 if one is missed.

`make bench ONLY=ray` needs Ray, ONLY=large and ONLY=heavy take long: left out unless named.
"""

from __future__ import annotations

import signal
import sys

from scripts import leftovers
from scripts.bench import (
    heavy,
    large,
    lines,
    listing,
    on_ray,
    starting,
    thousand,
    turnaround,
    workers,
)
from scripts.bench.measuring import Report

PARTS = {
    "starting": starting,
    "listing": listing,
    "lines": lines,
    "workers": workers,
    "thousand": thousand,
    "turnaround": turnaround,
    "ray": on_ray,
    "large": large,
    "heavy": heavy,
}
DEFAULT = [name for name in PARTS if name not in ("ray", "large", "heavy")]


def main() -> None:
    """Measure everything, or the parts that are named."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that everything is taken down
    leftovers.remove()
    report = Report()
    for name in sys.argv[1:] or DEFAULT:
        PARTS[name].measure(report)
    sys.exit(0 if report.conclude() else 1)


if __name__ == "__main__":
    main()
