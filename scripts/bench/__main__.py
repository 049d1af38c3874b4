"""`make bench`: every bar of the README's table, measured; exit 1 if one is missed."""

from __future__ import annotations

import sys

from scripts.bench import lines, starting, thousand, workers
from scripts.bench.measuring import Report

PARTS = {"starting": starting, "lines": lines, "workers": workers, "thousand": thousand}


def main() -> None:
    """Measure everything, or the parts that are named."""
    report = Report()
    for name in sys.argv[1:] or PARTS:
        PARTS[name].measure(report)
    sys.exit(0 if report.held else 1)


if __name__ == "__main__":
    main()
