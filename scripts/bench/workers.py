"""Ninety workers at once, as many as fit on the node."""

from __future__ import annotations

import re
import subprocess
import threading
import time

from scripts.bench.measuring import IMAGE, MB, SUBMIT, Report, Watched, namespace

WORKERS = 90
LINES = 2000
# Each says that it is there, waits until all are, and then counts.
COUNT = f"echo here; sleep 60; seq {LINES}; sleep 2"


def measure(report: Report) -> None:
    """Whether every line comes, how soon the streams are open, and the memory of all programs."""
    with namespace() as name:
        flags = ("-q", "--image", IMAGE, "--workers", str(WORKERS))
        ours = Watched(SUBMIT, "-n", name, *flags, "--", "sh", "-c", COUNT, stdout=subprocess.PIPE)
        stern = Watched(
            "stern", "-n", name, ".*", "-o", "raw", "--max-log-requests=100", stdout=subprocess.PIPE
        )
        stern_lines: list[int] = []
        counting = threading.Thread(target=_count, args=(stern, stern_lines))
        counting.start()
        running: list[float] = []
        threading.Thread(target=_note_running, args=(name, running), daemon=True).start()
        lines, all_here = _read(ours)
        ours.process.wait()
        time.sleep(2)
        stern.process.terminate()
        counting.join()
    wanted = WORKERS * LINES
    peer = f"; stern {sum(stern_lines) - WORKERS}"
    report.line("90 workers: lines of 180 000", f"{lines:9d}{peer}", held=lines == wanted)
    report.most("90 workers: streams open after pods run", all_here - running[0], "s", 4)
    peer = f"; stern {stern.peak_bytes / MB:.0f} MB"
    report.most("90 workers: memory of all programs", ours.peak_bytes / MB, "MB", 400, peer)


def _read(ours: Watched) -> tuple[int, float]:
    """How many numbers came, and when the last worker was heard for the first time."""
    here, lines, all_here = 0, 0, 0.0
    assert ours.process.stdout
    for line in ours.process.stdout:
        if line.endswith(b"] here\n"):
            here += 1
            if here == WORKERS:
                all_here = time.time()
        elif re.fullmatch(rb"\[\d+\] \d+\n", line):
            lines += 1
    return lines, all_here


def _note_running(name: str, moments: list[float]) -> None:
    """Note when bare kubectl has seen all workers run; the server ends the watch of a slow one."""
    running = set()
    watch = ["kubectl", "get", "pods", "-n", name, "--watch", "--no-headers"]
    while not moments:
        with subprocess.Popen(watch, stdout=subprocess.PIPE, text=True) as program:
            assert program.stdout
            for line in program.stdout:
                pod, _, status = line.split()[:3]
                if status in ("Running", "Completed"):
                    running.add(pod)
                if len(running) == WORKERS:
                    moments.append(time.time())
                    program.terminate()
                    return


def _count(watched: Watched, lines: list[int]) -> None:
    assert watched.process.stdout
    while data := watched.process.stdout.read(1 << 20):
        lines.append(data.count(b"\n"))
