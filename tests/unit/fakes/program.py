"""What runs when a test has put a fake program on PATH: it notes the call, and answers.

`program.py FOLDER ARG…`: FOLDER/answers says what to answer to which arguments. The call becomes a
line of FOLDER/calls. A gate is a file in FOLDER: open once it exists. Both files hold Python
literals, and hardly anything is imported: hundreds of these are started.
"""

from __future__ import annotations

import fcntl
import os
import sys
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

NO_ANSWER = 97


class EndedError(Exception):
    """It was ended while it waited."""


class Process:
    """What the fake runs in: a process, or a thread of a test (quick_programs.py)."""

    def __init__(self, pid: int, caller: int, stdout: int, stderr: int) -> None:
        self.pid = pid
        self.caller = caller
        self.stdout = stdout
        self.stderr = stderr

    def ended(self) -> bool:
        """Whether to end while it waits."""
        return False

    def write(self, data: bytes) -> int:
        """Write some of it to stdout; how much."""
        return os.write(self.stdout, data)


def main(folder: str, argv: list[str], stdin: bytes, process: Process) -> int:
    """Note the call, and do what the answer for it says; its exit code."""
    call: dict[str, Any] = {
        "argv": argv,
        "stdin": stdin.decode("utf-8", "surrogateescape"),
        "pid": process.pid,
        "rule": None,
    }
    lock = os.open(f"{folder}/{process.pid}.lock", os.O_CREAT | os.O_RDWR)  # held while we live
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        return run(folder, call, process)
    finally:
        os.close(lock)


def run(folder: str, call: dict[str, Any], process: Process) -> int:
    """The same, once it is known to run."""
    argv = call["argv"]
    if argv and os.path.isdir(argv[-1]):
        call["files"] = listing(argv[-1])
    with open(f"{folder}/calls", "a+") as calls, open(f"{folder}/answers") as answers:
        fcntl.flock(calls, fcntl.LOCK_EX)
        calls.seek(0)
        earlier = [eval(line)["rule"] for line in calls]
        rules = eval(answers.read())
        rule = next((rule for rule in reversed(rules) if fits(rule["words"], argv)), None)
        if rule and not (is_list(argv) and is_watch_answer(rule["answers"][0])):
            call["rule"] = rule["number"]
        calls.write(ascii(call) + "\n")
    if rule is None:
        os.write(process.stderr, f"the fake has no answer to {argv}\n".encode())
        return NO_ANSWER
    answer = rule["answers"][min(earlier.count(rule["number"]), len(rule["answers"]) - 1)]
    if is_list(argv) and is_watch_answer(answer):
        write(list_of(first_objects(argv, rule["answers"])).encode(), process)
        return 0
    for part in answer["parts"]:
        play(part, folder, argv, process)
    os.write(process.stderr, answer["stderr"].encode())
    return int(answer["exit_code"])


def fits(words: list[str], argv: list[str]) -> bool:
    """Whether each word is an argument, or if it looks like one of a path stands in one."""
    return all(
        word in argv or (not set(word).isdisjoint("/?=:%") and any(word in arg for arg in argv))
        for word in words
    )


def path_of(argv: list[str]) -> str:
    """The API path that `get --raw` asks for, without its query; empty if there is none."""
    return next((arg.partition("?")[0] for arg in argv if arg.startswith("/ap")), "")


def is_list(argv: list[str]) -> bool:
    """Whether kubectl is asked for what exists, before it is asked for the changes."""
    return any(arg.startswith("/ap") and "?" in arg and "watch=1" not in arg for arg in argv)


def is_watch_answer(answer: dict[str, Any]) -> bool:
    """Whether an answer is that of a watch, so that a list is made of it."""
    texts = [part["write"] for part in answer["parts"] if "write" in part]
    return not answer["exit_code"] and not (texts and texts[0] and not is_event(texts[0]))


def is_event(text: str) -> bool:
    """Whether a text is that of a watch."""
    return text.startswith('{"type"')


def first_objects(argv: list[str], answers: list[dict[str, Any]]) -> list[Any]:
    """What a list has before a watch has told anything: of a Job that is followed, the Job."""
    texts = [part.get("write", "") for answer in answers for part in answer["parts"]]
    found = [objects_of(text) for text in texts if is_event(text)]
    return [obj for some in found for obj in some][:1] if "jobs" in path_of(argv) else []


def objects_of(text: str, change: str = "") -> list[Any]:
    """The objects that whole lines of a watch tell of; `change`: those with this change."""
    import json

    found = []
    for line in text.split("\n")[:-1]:
        try:
            event = json.loads(line)
            if event["object"]["metadata"]["uid"] and change in ("", event["type"]):
                found.append(event["object"])
        except (ValueError, KeyError, TypeError):
            continue  # the server's own words, or a proxy's
    return found


def list_of(objects: list[Any]) -> str:
    """What the API server answers to a list."""
    import json

    return json.dumps({"metadata": {"resourceVersion": "1"}, "items": objects})


def play(part: dict[str, Any], folder: str, argv: list[str], process: Process) -> None:
    """Do one part of an answer."""
    [(name, value), *_] = part.items()
    if name == "write":
        write(value.encode("utf-8", "surrogateescape"), process)
    elif name == "logs":
        play_logs(value, part["cut"], folder, argv, process)
    elif name == "open":
        open_gate(f"{folder}/{value}")
    elif name == "wait":
        await_gate(f"{folder}/{value}", process)
    elif name == "metadata":
        with open(argv[argv.index("--metadata-file") + 1], "w") as file:
            file.write(value)
    elif name == "signal":
        os.kill(process.caller, value)


def play_logs(
    pods: dict[str, tuple[int, str]], cut: int, folder: str, argv: list[str], process: Process
) -> None:
    """Write the logs that are asked for; a log that is not cut is followed to the pod's end."""
    lines = logs(pods, argv)
    write(lines[:cut] if cut else lines, process)
    for pod in asked_for(pods, argv):
        open_gate(f"{folder}/log of {pod}")
    if "--follow" in argv and not cut:
        for pod in asked_for(pods, argv):
            await_gate(f"{folder}/end of {pod}", process)


def open_gate(gate: str) -> None:
    """Open a gate."""
    with open(gate, "w"):
        pass


def await_gate(gate: str, process: Process) -> None:
    """Wait until a gate is open."""
    while not os.path.exists(gate):
        if process.ended():
            raise EndedError
        time.sleep(0.005)


def write(data: bytes, process: Process) -> None:
    """Write all of it to stdout."""
    while data:
        if process.ended():
            raise EndedError
        data = data[process.write(data) :]


def asked_for(pods: dict[str, tuple[int, str]], argv: list[str]) -> list[str]:
    """The pods that `kubectl logs` is to read: the one that is named, or those of some ranks."""
    selector = next((arg for arg in argv if "job-completion-index in (" in arg), "")
    ranks = selector.rpartition("(")[2].strip(")").split(",")
    return [pod for pod, (rank, _) in pods.items() if pod in argv or str(rank) in ranks]


def logs(pods: dict[str, tuple[int, str]], argv: list[str]) -> bytes:
    """What `kubectl logs` gives of the pods asked for."""
    found = b""
    for pod in asked_for(pods, argv):
        prefix = f"[pod/{pod}/main] ".encode() if "--prefix" in argv else b""
        for line in since(pods[pod][1].encode("utf-8", "surrogateescape"), argv):
            found += prefix + line
    return found


def since(log: bytes, argv: list[str]) -> list[bytes]:
    """What the kubelet gives of a log: the lines from `--since-time` on, in whole seconds."""
    start = next((arg for arg in argv if arg.startswith("--since-time=")), "")
    moment = start.partition("=")[2].encode()[:19]
    *lines, last = log.split(b"\n")
    lines = [line + b"\n" for line in lines] + [last] * bool(last)
    return [line for line in lines if line[:19] >= moment]


def listing(folder: str) -> dict[str, list[str]]:
    """Every file below a folder: its path, its mode, its text (of a link: where it points)."""
    import stat
    from pathlib import Path

    found = {}
    for path in sorted(Path(folder).rglob("*")):
        mode = path.lstat().st_mode
        if stat.S_ISLNK(mode):
            text = os.readlink(path)
        elif path.is_file():
            text = path.read_bytes().decode("utf-8", "backslashreplace")
        else:
            text = ""
        found[str(path.relative_to(folder))] = [stat.filemode(mode), text]
    return found


if __name__ == "__main__":
    own = Process(os.getpid(), os.getppid(), 1, 2)
    sys.exit(main(sys.argv[1], sys.argv[2:], sys.stdin.buffer.read(), own))
