# Hands a command to Ray and copies its output: what the submitter's pod of a RayJob runs.
# It stands inside of ray-job.yml: edit it here, then `python -m scripts.embed`. The image is the
# user's, so that it needs nothing but Python 3.8. Ray's API is that of its jobs
# (dashboard/modules/job) and of its logs (util/state).

import http.client
import json
import os
import re
import signal
import sys
import threading
import time
import urllib.error
import urllib.request
from typing import Any, NoReturn

JOB = os.environ["RAY_JOB_SUBMISSION_ID"]  # KubeRay sets this and the address
ADDRESS = "http://" + os.environ["RAY_DASHBOARD_ADDRESS"].split("://")[-1]
TOKEN = os.environ.get("RAY_AUTH_TOKEN")  # where the cluster asks for one
REQUEST = json.loads(os.environ["REQUEST"])
# What Ray writes into the log besides: one line first, and one about when the command begins,
# which the command's first lines may overtake.
FIRST_LINE = re.compile(rb"[^\n]*job_manager.py:\d+ -- Runtime env is setting up.\n")
HEADLINE = f"Running entrypoint for job {JOB}: {REQUEST['entrypoint']}\n".encode()
CONTACT_SECONDS = 60
BROKEN = (OSError, ValueError, KeyError, http.client.HTTPException)


def call(path: str, body: Any = None, timeout: Any = 10) -> Any:
    """Ray's answer to a question, or to what is handed over in `body`."""
    headers = {"Content-Type": "application/json"}
    if TOKEN:
        headers["Authorization"] = f"Bearer {TOKEN}"
    data = json.dumps(body).encode() if body else None
    request = urllib.request.Request(ADDRESS + path, data, headers)
    return urllib.request.urlopen(request, timeout=timeout)


def job() -> Any:
    """What Ray knows of the command; nothing, if it does not know it."""
    deadline = time.monotonic() + CONTACT_SECONDS
    while True:
        try:
            return json.load(call(f"/api/jobs/{JOB}"))
        except BROKEN as error:
            if getattr(error, "code", 0) == 404:
                return {}
            if time.monotonic() > deadline:
                end(f"no contact with Ray: {error}")
            time.sleep(0.5)


def submit() -> None:
    """Hand the command over, unless a submitter before this one did."""
    while not job():
        try:
            call("/api/jobs/", {**REQUEST, "submission_id": JOB}, timeout=60)
        except urllib.error.HTTPError as error:
            reason = error.read().decode(errors="replace")
            if error.code == 400 and not job():
                end(f"Ray refuses the command: {reason}")
        except BROKEN:
            time.sleep(0.5)


def end(message: str = "") -> NoReturn:
    """Always well: only the status of the RayJob tells how the command ended. With another
    exit code there would be one more submitter, which might run the command again."""
    with open("/dev/termination-log", "w") as file:
        file.write(message[-2000:])
    os._exit(0)


class Log:
    """Writes each byte of the command's output once, whoever reads it how often."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.position = 0  # so much of the file has been seen
        self.held = b""  # what may turn out to be Ray's
        self.rays = [self.without_first_line, self.without_headline]

    def read(self, media: str) -> None:
        """Read from the beginning: to the end of the file, or, as a stream, for ever."""
        file = f"node_id={job()['driver_node_id']}&filename=job-driver-{JOB}.log"
        how = "lines=-1&interval=0.2&timeout=3600"
        place = 0
        with call(f"/api/v0/logs/{media}?{file}&{how}", timeout=None) as answer:
            while data := answer.read1(1 << 16):
                with self.lock:
                    self.write(data[max(0, self.position - place) :])
                    place += len(data)
                    self.position = max(self.position, place)

    def write(self, data: bytes, last: bool = False) -> None:
        """Write what is the command's; Ray's own lines are taken out."""
        data, self.held = self.held + data, b""
        for remove in list(self.rays):
            if not last:
                data = remove(data)
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()

    def without_first_line(self, data: bytes) -> bytes:
        """The data without what Ray writes first."""
        if b"\n" not in data and len(data) < 200:
            self.held = data
            return b""
        self.rays.remove(self.without_first_line)
        return FIRST_LINE.sub(b"", data, 1) if FIRST_LINE.match(data) else data

    def without_headline(self, data: bytes) -> bytes:
        """The data without Ray's line about the command."""
        before, found, after = data.partition(HEADLINE)
        if found:
            self.rays.remove(self.without_headline)
            return before + after
        begun = next(n for n in range(len(HEADLINE), -1, -1) if data.endswith(HEADLINE[:n]))
        self.held += data[len(data) - begun :]
        return data[: len(data) - begun]

    def follow(self) -> None:
        """Read what comes, for ever."""
        while True:
            try:
                self.read("stream")
            except BROKEN:
                pass  # also: the command has not begun
            time.sleep(0.2)

    def finish(self) -> None:
        """Read the whole file once more, and write what is still missing."""
        for _ in range(20):
            try:
                self.read("file")
                break
            except BROKEN as error:
                failure = error
                time.sleep(0.5)
        else:
            end(f"the end of the output cannot be had: {failure}")
        with self.lock:
            self.write(b"", last=True)


signal.signal(signal.SIGTERM, lambda *_: os._exit(143))
submit()
log = Log()
threading.Thread(target=log.follow, daemon=True).start()
while (now := job()).get("status") in ("PENDING", "RUNNING"):
    time.sleep(0.3)
if not now:
    end("Ray does not know the command any more: its head was lost")
log.finish()
end()
