"""A changed line on a base of 3 GB and a step of 2 GB, none of which can be compressed.

Takes half an hour and 40 GB of disk. `HEAVY=0.1` measures a tenth of it.
"""

from __future__ import annotations

import os
import uuid

from scripts.bench.measuring import IMAGE, MB, Report, namespace
from scripts.bench.turnaround import Project, measure_bytes, medians, project

SIZE = float(os.environ.get("HEAVY", "1"))
BASE, STEP = int(300 * SIZE), int(200 * SIZE)
FILE = 10 * MB
ROUNDS = 3


def measure(report: Report) -> None:
    """With `COPY --link` and the cache in the registry, then with a builder that stays."""
    with namespace() as name, project(name) as made:
        made.write_dockerfile(f"FROM {IMAGE}\n{random_files(BASE, 'base')}")
        base = made.push(f"heavy-{uuid.uuid4().hex[:8]}")
        step = random_files(STEP, "{}")
        made.begin("COPY --link . .", step, base)
        report.line(f"first build, {BASE + STEP} files of 10 MB", f"{made.submit():7.2f} s")
        made.by_hand()
        compare(report, made, "COPY --link")
        made.create_builder()
        made.begin("COPY . .", step, base)
        report.line("the same, a builder that stays", f"{made.submit():7.2f} s")
        made.by_hand()
        compare(report, made, "a builder that stays")


def compare(report: Report, made: Project, what: str) -> None:
    """The time of a changed line, and the bytes that it takes."""
    ours, bare = medians(made.submit, made.by_hand, rounds=ROUNDS)
    report.ratio(f"changed line, {SIZE * 5:g} GB, {what} | by hand", ours, bare, 3.0)
    measure_bytes(made, report)


def random_files(count: int, folder: str) -> str:
    """A step that writes so many files of 10 MB."""
    return (
        f"RUN mkdir /{folder} && for i in $(seq {count}); "
        f"do head -c {FILE} /dev/urandom > /{folder}/$i; done\n"
    )
