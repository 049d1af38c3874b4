"""What runs when a test has put a fake program on PATH: it notes the call, and answers.

`program.py FOLDER ARG…`: FOLDER/answers.json says what to answer to which arguments. The call is
noted as one line of FOLDER/calls.jsonl. A gate is a file in FOLDER: open once it exists.
"""

from __future__ import annotations

import fcntl
import json
import os
import re
import stat
import sys
import time
from pathlib import Path
from typing import Any

NO_ANSWER = 97


def main(folder: Path, argv: list[str]) -> int:
    """Note the call, and do what the answer for it says; its exit code."""
    stdin = sys.stdin.buffer.read().decode("utf-8", "surrogateescape")
    call: dict[str, Any] = {"argv": argv, "stdin": stdin, "pid": os.getpid(), "rule": None}
    if argv and Path(argv[-1]).is_dir():
        call["files"] = listing(Path(argv[-1]))
    with (folder / "calls.jsonl").open("a+") as calls:
        fcntl.flock(calls, fcntl.LOCK_EX)
        calls.seek(0)
        earlier = [json.loads(line)["rule"] for line in calls]
        rules = json.loads((folder / "answers.json").read_text())
        rule = next((rule for rule in reversed(rules) if fits(rule["words"], argv)), None)
        if rule:
            call["rule"] = rule["number"]
        calls.write(json.dumps(call) + "\n")
    if rule is None:
        print(f"the fake has no answer to {argv}", file=sys.stderr)
        return NO_ANSWER
    answers = rule["answers"]
    answer = answers[min(earlier.count(rule["number"]), len(answers) - 1)]
    for part in answer["parts"]:
        play(part, folder, argv)
    os.write(2, answer["stderr"].encode())
    return int(answer["exit_code"])


def fits(words: list[str], argv: list[str]) -> bool:
    """Whether each word is an argument, or if it looks like one of a path stands in one."""
    return all(
        word in argv or (bool(re.search("[/?=:%]", word)) and any(word in arg for arg in argv))
        for word in words
    )


def play(part: dict[str, Any], folder: Path, argv: list[str]) -> None:
    """Do one part of an answer."""
    [(name, value), *_] = part.items()
    if name == "write":
        write(value.encode("utf-8", "surrogateescape"))
    elif name == "logs":
        play_logs(value, part["cut"], folder, argv)
    elif name == "open":
        (folder / value).touch()
    elif name == "wait":
        await_gate(folder / value)
    elif name == "metadata":
        Path(argv[argv.index("--metadata-file") + 1]).write_text(value)
    elif name == "signal":
        os.kill(os.getppid(), value)


def play_logs(pods: dict[str, tuple[int, str]], cut: int, folder: Path, argv: list[str]) -> None:
    """Write the logs that are asked for; a log that is not cut is followed to the pod's end."""
    lines = logs(pods, argv)
    write(lines[:cut] if cut else lines)
    for pod in asked_for(pods, argv):
        (folder / f"log of {pod}").touch()
    if "--follow" in argv and not cut:
        for pod in asked_for(pods, argv):
            await_gate(folder / f"end of {pod}")


def await_gate(gate: Path) -> None:
    """Wait until a gate is open."""
    while not gate.exists():
        time.sleep(0.005)


def write(data: bytes) -> None:
    """Write all of it to stdout."""
    while data:
        data = data[os.write(1, data) :]


def asked_for(pods: dict[str, tuple[int, str]], argv: list[str]) -> list[str]:
    """The pods that `kubectl logs` is to read: the one that is named, or those of some ranks."""
    selector = next((arg for arg in argv if "job-completion-index in (" in arg), "")
    ranks = selector.rpartition("(")[2].strip(")").split(",")
    return [pod for pod, (rank, _) in pods.items() if pod in argv or str(rank) in ranks]


def logs(pods: dict[str, tuple[int, str]], argv: list[str]) -> bytes:
    """What `kubectl logs` gives of the pods asked for."""
    found = b""
    for pod in asked_for(pods, argv):
        lines = since(pods[pod][1].encode("utf-8", "surrogateescape"), argv)
        prefix = f"[pod/{pod}/main] ".encode() if "--prefix" in argv else b""
        found += re.sub(rb"(?m)^(?=.|\n)", prefix, lines)
    return found


def since(log: bytes, argv: list[str]) -> bytes:
    """What the kubelet gives of a log: the lines from `--since-time` on, in whole seconds."""
    start = next((arg for arg in argv if arg.startswith("--since-time=")), "")
    moment = start.partition("=")[2].encode()[:19]
    lines = re.findall(rb"[^\n]*\n|[^\n]+", log)
    return b"".join(line for line in lines if line[:19] >= moment)


def listing(folder: Path) -> dict[str, tuple[str, str]]:
    """Every file below a folder: its path, its mode, its text (of a link: where it points)."""
    found = {}
    for path in sorted(folder.rglob("*")):
        mode = path.lstat().st_mode
        if stat.S_ISLNK(mode):
            text = os.readlink(path)
        elif path.is_file():
            text = path.read_bytes().decode("utf-8", "backslashreplace")
        else:
            text = ""
        found[str(path.relative_to(folder))] = (stat.filemode(mode), text)
    return found


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2:]))
