"""What is broken: each edit replaces a text that stands exactly once in its module."""

from __future__ import annotations

from dataclasses import dataclass

# The modules, and the tests that watch over each: the only place that names paths.
UNIT = "tests/unit"
MODULES = {
    "phases": "kubectl_submit/following/logs/phases.py",
    "log": "kubectl_submit/following/logs/worker.py",
    "streams": "kubectl_submit/following/logs/streams.py",
    "stream end": "kubectl_submit/following/logs/stream_end.py",
    "stalls": "kubectl_submit/following/logs/stalls.py",
    "reader": "kubectl_submit/following/logs/reader.py",
    "grouping": "kubectl_submit/following/logs/batches.py",
    "prefixed": "kubectl_submit/following/logs/prefixed.py",
    "resume": "kubectl_submit/following/logs/cursor.py",
    "watch": "kubectl_submit/cluster/object_watch.py",
    "contact": "kubectl_submit/cluster/contact.py",
    "answers": "kubectl_submit/cluster/api_answers.py",
    "follow": "kubectl_submit/following/follow.py",
    "last lines": "kubectl_submit/following/last_lines.py",
    "log changes": "kubectl_submit/following/log_changes.py",
    "loop": "kubectl_submit/process/event_loop.py",
    "command": "kubectl_submit/process/command.py",
    "end": "kubectl_submit/process/program_end.py",
    "batch": "kubectl_submit/following/logs/batch.py",
}
_LOGS = [
    f"{UNIT}/test_log_phases.py",
    f"{UNIT}/test_logs_prefixed.py",
    f"{UNIT}/test_logs_resume.py",
    f"{UNIT}/test_log_streams.py",
]
_FOLLOW = [
    f"{UNIT}/test_follow.py",
    f"{UNIT}/test_follow_cuts.py",
    f"{UNIT}/test_follow_patience.py",
    f"{UNIT}/test_follow_waiting.py",
]
_PROCESSES = [f"{UNIT}/test_loop.py", f"{UNIT}/test_ending_programs.py"]
TESTS = {
    "phases": _LOGS[:1],
    "log": [*_LOGS, *_FOLLOW],
    "streams": [*_LOGS, *_FOLLOW],
    "stream end": [*_LOGS, *_FOLLOW],
    "stalls": [*_LOGS, *_FOLLOW],
    "reader": [*_LOGS, *_FOLLOW],
    "grouping": _LOGS,
    "prefixed": _LOGS,
    "resume": _LOGS,
    "watch": [f"{UNIT}/test_run_watch.py", *_FOLLOW],
    "contact": [f"{UNIT}/test_run_watch.py", *_FOLLOW],
    "answers": _FOLLOW,
    "follow": _FOLLOW,
    "last lines": _FOLLOW,
    "log changes": _FOLLOW,
    "loop": _PROCESSES,
    "end": _PROCESSES,
    "batch": _LOGS,
    "command": [f"{UNIT}/test_ending_programs.py", f"{UNIT}/test_command_stream.py"],
}


@dataclass(frozen=True)
class Edit:
    """One mutant."""

    module: str
    old: str
    new: str

    @property
    def description(self) -> str:
        """For people: what becomes of what."""
        return f"{self.module}: {self.old.strip()!r} -> {self.new.strip()!r}"


EDITS = [
    # What leads from one phase to the next.
    Edit("phases", "return state if state.phase in DONE else _STEPS", "return _STEPS"),
    Edit("phases", "None if event.new else state.closed_at", "state.closed_at"),
    Edit("phases", "None if event.new else state.closed_at", "None"),
    Edit("phases", "(following or heard)", "following"),
    Edit("phases", "not heard or event.at - state", "event.at - state"),
    Edit("phases", "not heard or event.at - state.quiet_since <= CLOSE_SECONDS", "True"),
    Edit("phases", "is not None and following and soon", "is not None and soon"),
    Edit("resume", "stamp is not None and not self._drop[stamp[1]]", "stamp is not None"),
    Edit("resume", "stamp is not None and not self._drop[stamp[1]]", "False"),
    Edit("log", "bool(lines) or self.cursor.begins_new_line", "bool(lines)"),
    Edit("log", "bool(lines) or self.cursor.begins_new_line", "self.cursor.begins_new_line"),
    Edit("phases", "quiet_since=event.at, heard_at", "heard_at"),
    Edit("phases", "and state.phase is not Phase.LOST", ""),
    Edit("phases", "Phase.UNREAD: Phase.FINAL}", "Phase.UNREAD: Phase.FOLLOWING}"),
    Edit(
        "phases",
        "opened[state.phase], event.at), heard_at=None)",
        "opened[state.phase], event.at))",
    ),
    Edit(
        "phases",
        "state.phase in (Phase.GOING, Phase.FINAL, Phase.GONE):",
        "state.phase is Phase.FINAL:",
    ),
    Edit("phases", ", Phase.GONE: verdict}", "}"),
    Edit("phases", "(Phase.GOING, Phase.FINAL, Phase.GONE):", "(Phase.GOING, Phase.GONE):"),
    Edit("phases", "in NOTHING_MORE and verdict is Phase.WHOLE:", "in NOTHING_MORE:"),
    Edit("phases", "        (Phase.GOING, Close.REFUSED),\n", ""),
    Edit("phases", "== (Phase.FINAL, Close.TORN):", "== (None, None):"),
    Edit("phases", "if event.how is Close.BROKEN and", "if"),
    Edit("phases", "(following or heard)", "heard"),
    Edit("phases", "left = replace(state, closed_at=None)", "left = state"),
    Edit("phases", "not seen or at - state.closed_at", "at - state.closed_at"),
    Edit("phases", "state.closed_at > CLOSE_SECONDS", "state.closed_at > CLOSE_SECONDS * 2"),
    Edit("phases", "if not event.seen:\n        return ended", "if False:\n        return ended"),
    Edit("phases", "if event.going:", "if False:"),
    Edit("phases", "if event.how is Close.DENIED:", "if False:"),
    Edit("phases", "if state.phase is Phase.LOST or not event.seen:", "if not event.seen:"),
    Edit("phases", "if state.phase in RUNNING or not event.seen:", "if state.phase in RUNNING:"),
    Edit("phases", "if state.phase is Phase.GONE and event.hidden:", "if False:"),
    Edit("phases", "if state.phase is Phase.GONE and event.hidden:", "if event.hidden:"),
    # One log.
    Edit("log", "self.cursor.again(ended_well=self._closed_before)", "pass"),
    Edit("log", "self.pause = FIRST_PAUSE", "pass"),
    Edit("log", "if gap and not self._closed_before:", "if gap:"),
    Edit("log", "if gap and not self._closed_before:", "if False:"),
    Edit("log", "_seconds(self._again_at) >= _seconds(self._gap[0])", "True"),
    Edit("log", "if started_at and started_at != self.started_at:", "if False:"),
    Edit(
        "log", "if self._gap:\n            self._note_gap", "if False:\n            self._note_gap"
    ),
    Edit("log", "self.cursor.torn if heard else self.cursor.begun", "self.cursor.torn"),
    Edit("log", "well and heard and self.cursor.troubled", "False"),
    Edit("batch", "return self.size == 1 or heard", "return True or heard"),
    Edit("batch", "or log.exists or log.pod in self.found", "or log.exists"),
    Edit(
        "log", "self._missing = self._missing, []", "self._missing = self._missing, self._missing"
    ),
    # Who is read, and when.
    Edit("streams", "if log.phase not in READ:", "if log.done:"),
    Edit("streams", "if log.phase is Phase.DRAINING and log.batch and", "if False and"),
    Edit(
        "streams",
        "if log.phase in ENDING:\n            self._checking",
        "if False:\n            self._checking",
    ),
    Edit("streams", "self._show(log, log.last())", "pass"),
    Edit("streams", "log.idle and log.not_before <= now", "log.idle"),
    Edit("streams", "log.alone = log.alone or log.pod == pair[0]", "pass"),
    Edit(
        "streams", "if pod in batch.logs:\n                self", "if True:\n                self"
    ),
    Edit("streams", "is_forbidden(result) and not self._allowed:", "is_forbidden(result):"),
    Edit("streams", "self._allowed = self._allowed or result.exit_code == 0", "pass"),
    Edit("stream end", "or (well and not batch.reads(log))", ""),
    Edit("reader", "if not batch.logs and batch in self._streams:", "if False:"),
    Edit("stalls", "quiet_since = max(quiet_since, batch.heard_at)", "pass"),
    Edit("stalls", "batch.size > 1 and batch.reads(log)", "False"),
    Edit("streams", "return any(log.ended and not log.done", "return any(log.ended"),
    Edit("streams", "log.not_before = 0.0", "pass"),
    Edit("reader", "if result.exit_code == 0:", "if False:"),
    Edit("reader", "follow=not batch.final", "follow=True"),
    Edit("reader", "since=min(", "since=max("),
    Edit(
        "grouping",
        "worker.alone or worker.ended for worker in group",
        "worker.alone for worker in group",
    ),
    Edit("grouping", "*ended[: max(room, 0)],", "*ended,"),
    Edit("prefixed", "for other in others]", "for other in others[:1]]"),
    Edit("prefixed", "if pod in self._pods]", "]"),
    Edit("resume", "return bool(self._drop_until) and not self._dropped", "return False"),
    Edit("resume", "elif stamp > self._all_seen_until:", "else:"),
    Edit("resume", "self._drop = self._counts.copy()", "pass"),
    # What exists.
    Edit("watch", "for uid in self._known.keys() - objects.keys():", "for uid in ():"),
    Edit("watch", "if uid not in self._known:", "if True:"),
    Edit(
        "watch",
        'if event["type"] == "ERROR":\n            self._version = ""',
        'if event["type"] == "ERROR":\n            pass',
    ),
    Edit("watch", "if result.exit_code != 0 and not self._rest:", "if False:"),
    Edit("contact", 'if self._failing == "list":', "if True:"),
    Edit("watch", "if what not in self._worked and", "if"),
    Edit("watch", "api_answers.version(obj) or self._version", "self._version"),
    Edit("watch", "self._on_listed()\n", "pass\n"),
    Edit(
        "answers",
        "except ValueError:\n        found = None",
        "except KeyError:\n        found = None",
    ),
    # How a run ends.
    Edit("log changes", 'going = "deletionTimestamp" in pod["metadata"] or', "going ="),
    Edit("log changes", "seen=seen or change == MISSING", "seen=seen"),
    Edit("follow", "if not self._job_is_there and", "if"),
    Edit("last lines", "self._logs.give_up()", "pass"),
    Edit("last lines", "self._progress.complete or ", ""),
    Edit(
        "last lines",
        "(explained and self._logs.complete)",
        "self._logs.complete",
    ),
    Edit(
        "last lines",
        "(explained and self._logs.complete)",
        "explained",
    ),
    Edit("last lines", "max(decided_at, self._logs.heard_at)", "decided_at"),
    Edit("last lines", "if self._logs.awaited or settled:", "if settled:"),
    # Time, and programs.
    Edit("loop", "- LONGEST_CALL_SECONDS)", "* 0)"),
    Edit("loop", "if self.now >= kill_at:", "if False:"),
    Edit(
        "loop",
        "if stream.closed or stream in self._ending:\n            return",
        "if stream.closed:\n            return",
    ),
    Edit("loop", "if stream.ended():\n                on_end", "if True:\n                on_end"),
    Edit("loop", "signals.let_go()", "signals.release()"),
    Edit("loop", "end_all([*running, *self._ending])", "end_all(running)"),
    Edit(
        "end",
        "if not program.ended():\n            program.kill()",
        "if False:\n            program.kill()",
    ),
    Edit("end", "    for program in programs:\n        program.ask_to_end()\n", ""),
]
