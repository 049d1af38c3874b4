"""The lines of one worker: how many a second, with how much memory, and how soon."""

from __future__ import annotations

import statistics
import subprocess
import threading
import time
from typing import IO

from scripts.bench.measuring import IMAGE, MB, SUBMIT, Report, Watched, namespace, run, seconds

MANY = 1_000_000
FEWER = 250_000
ROUNDS = 5
# The kubelet rotates a log only while its container runs, so a fast writer's stays in one file.
WRITE = "seq {}; sleep 1"
# A million in forty seconds, while the kubelet rotates the log. Who writes faster than a kubelet
# reads loses whole files: it goes on from a rotated one to the newest.
SLOWLY = "for n in $(seq 0 39); do seq ${n}00000 ${n}24999; sleep 1; done; sleep 2"


def measure(report: Report) -> None:
    """Throughput and memory of a long log; the moments of the first line and of the end."""
    with namespace() as name:
        _long_log(name, report)
        _live(name, report)
        moments = [_moments(name) for _ in range(5)]
    first, bare_first, end = (statistics.median(one) for one in zip(*moments, strict=True))
    report.most("first line, after bare kubectl has it", first - bare_first, "s", 0.5)
    report.most("exit, after the Job's condition", end, "s", 1.0)


def _long_log(name: str, report: Report) -> None:
    runs = {lines: _written(name, lines) for lines in (MANY, FEWER)}
    job = runs[MANY]
    ours, bare, stern = [], [], []
    for _ in range(ROUNDS):
        ours.append(seconds(lambda: _count(SUBMIT, "logs", job, "-n", name)))
        bare.append(seconds(lambda: _count("kubectl", "logs", f"job/{job}", "-n", name)))
        stern.append(seconds(lambda: _count(*_stern(name, job))))
    took, bare_took, stern_took = map(statistics.median, (ours, bare, stern))
    peer = f"; stern {stern_took:.2f} s"
    report.ratio("1 000 000 lines | kubectl logs", took, bare_took, 1 / 0.9, peer)
    peaks = {lines: _peak(SUBMIT, "logs", found, "-n", name) for lines, found in runs.items()}
    bare_peak = _peak("kubectl", "logs", f"job/{job}", "-n", name)
    stern_peak = _peak(*_stern(name, job))
    peer = f"; kubectl {bare_peak / MB:.0f} MB, stern {stern_peak / MB:.0f} MB"
    report.most("memory of 1 000 000 lines", peaks[MANY] / MB, "MB", 100, peer)
    report.most("… as a ratio to that of 250 000", peaks[MANY] / peaks[FEWER], "x", 1.2)


def _live(name: str, report: Report) -> None:
    """A million lines that are followed while they are written, beside bare kubectl."""
    flags = ("-q", "--image", IMAGE, "--name", "live")
    ours = Watched(SUBMIT, "-n", name, *flags, "--", "sh", "-c", SLOWLY, stdout=subprocess.PIPE)
    counts: dict[str, int] = {}
    job = _job_of(name, "live")
    bare = threading.Thread(target=_count_followed, args=(name, job, counts))
    bare.start()
    assert ours.process.stdout
    lines = _lines_in(ours.process.stdout)
    ours.process.wait()
    bare.join()
    peer = f"; kubectl logs -f {counts['bare']}"
    report.line("1 000 000 lines, followed live", f"{lines:9d}{peer}", held=lines == MANY)
    report.most("… memory", ours.peak_bytes / MB, "MB", 100)


def _count_followed(name: str, job: str, counts: dict[str, int]) -> None:
    counts["bare"] = 0
    while not counts["bare"]:
        logs = ["kubectl", "logs", "-f", "-n", name, job]
        with subprocess.Popen(logs, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as running:
            assert running.stdout
            counts["bare"] = _lines_in(running.stdout)


def _lines_in(stream: IO[bytes]) -> int:
    lines = 0
    while data := stream.read(1 << 20):
        lines += data.count(b"\n")
    return lines


def _written(name: str, lines: int) -> str:
    """The name of a run that has written so many lines into one file."""
    while True:
        flags = ("--detach", "-o", "name", "-q", "--image", IMAGE)
        submitted = run(SUBMIT, "-n", name, *flags, "--", "sh", "-c", WRITE.format(lines))
        job = submitted.strip().partition("/")[2]
        run(SUBMIT, "wait", job, "-n", name)
        found = run("kubectl", "logs", f"job/{job}", "-n", name).count("\n")
        if found == lines:
            return job
        print(f"the node has {found} of {lines} lines; once more", flush=True)


def _stern(name: str, job: str) -> list[str]:
    selector = f"batch.kubernetes.io/job-name={job}"
    return ["stern", "-n", name, "-l", selector, "--no-follow", "-o", "raw", "--tail=-1"]


def _count(*argv: str) -> None:
    """Read all the lines."""
    with subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as running:
        assert running.stdout
        lines = _lines_in(running.stdout)
    if lines != MANY:
        print(f"{argv[0].rpartition('/')[2]} shows {lines} of {MANY} lines", flush=True)


def _peak(*argv: str) -> int:
    watched = Watched(*argv)
    watched.finish()
    return watched.peak_bytes


def _moments(name: str) -> tuple[float, float, float]:
    """When ours and bare kubectl show the first line, and how long after the condition we end."""
    seen: dict[str, float] = {}
    line = ("sh", "-c", "echo first; sleep 3")
    ours = subprocess.Popen(
        [SUBMIT, "-n", name, "-q", "--image", IMAGE, "--name", "moment", "--", *line],
        stdout=subprocess.PIPE,
    )
    job = _job_of(name, "moment")
    threads = [
        threading.Thread(target=_bare_first, args=(name, job, seen)),
        threading.Thread(target=_condition, args=(name, job, seen)),
    ]
    for thread in threads:
        thread.start()
    assert ours.stdout
    ours.stdout.read(1)
    first = time.monotonic()
    ours.wait()
    end = time.monotonic()
    for thread in threads:
        thread.join()
    run("kubectl", "delete", "-n", name, job)
    return first, seen["first"], end - seen["condition"]


def _job_of(name: str, prefix: str) -> str:
    while True:
        for found in run("kubectl", "get", "jobs", "-n", name, "-o", "name").split():
            if f"{prefix}-" in found:
                return found


def _bare_first(name: str, job: str, seen: dict[str, float]) -> None:
    while "first" not in seen:
        logs = ["kubectl", "logs", "-f", "-n", name, job]
        with subprocess.Popen(logs, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as running:
            assert running.stdout
            if running.stdout.read(1):
                seen["first"] = time.monotonic()


def _condition(name: str, job: str, seen: dict[str, float]) -> None:
    run("kubectl", "wait", "-n", name, "--for=condition=Complete", "--timeout=90s", job)
    seen["condition"] = time.monotonic()
