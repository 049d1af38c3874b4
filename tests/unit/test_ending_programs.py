"""Programs that do not end when they are asked to, and signals that come at a bad moment."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from kubectl_submit.process import command, program_end, signals
from kubectl_submit.process.command import Result
from kubectl_submit.process.event_loop import Loop
from kubectl_submit.process.stream import Stream

pytestmark = pytest.mark.usefixtures("through_sh")

# They end some time also where a broken test has left them.
LIVES = "i=0; while [ $((i += 1)) -lt 1000 ]; do /bin/sleep 0.05; done\n"
STUBBORN = f"#!/bin/sh\ntrap '' TERM\necho $$\n{LIVES}"
LEAVES_ITS_OUTPUT = f"#!/bin/sh\ntrap '' TERM\necho $$\nexec >&-\n{LIVES}"


@pytest.fixture
def program(tmp_path: Path) -> Callable[[str], str]:
    """Puts a script on PATH; its name."""

    def put(text: str) -> str:
        path = tmp_path / "bin" / "program"
        path.write_text(text)
        path.chmod(0o755)
        return path.name

    return put


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is killed is killed soon."""
    monkeypatch.setattr(program_end, "KILL_SECONDS", 0.2)
    monkeypatch.setattr("kubectl_submit.process.event_loop.KILL_SECONDS", 0.2)


@pytest.fixture
def listening() -> Iterator[None]:
    """Signals are noted, as in the command."""
    signals.install()
    yield
    signals.forget()


def runs(pid: int) -> bool:
    """Whether there is such a process."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def pids(loop: Loop, names: list[str]) -> tuple[list[Stream], list[int]]:
    """Start programs that write their process ids; both."""
    found: list[int] = []
    streams = [Stream([name]) for name in names]
    for stream in streams:
        loop.read(stream, lambda data: found.append(int(data)), lambda result: None)
    while len(found) < len(names):
        loop.run_once()
    return streams, found


@pytest.mark.usefixtures("quick")
def test_a_program_that_ignores_being_asked_is_killed(program: Callable[[str], str]) -> None:
    loop = Loop()
    _, found = pids(loop, [program(STUBBORN)] * 3)
    loop.close()
    assert not any(map(runs, found))


def test_programs_are_killed_all_at_once(
    program: Callable[[str], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The time for all of them is that for one."""
    slept: list[float] = []
    now = time.monotonic()

    class Stubborn:
        def __init__(self) -> None:
            self.said: list[str] = []

        def ended(self) -> bool:
            return "killed" in self.said

        def ask_to_end(self) -> None:
            self.said.append("asked")

        def kill(self) -> None:
            self.said.append("killed")

        def finish(self) -> None:
            self.said.append("finished")

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        assert all("asked" in one.said for one in many)

    many = [Stubborn() for _ in range(5)]
    monkeypatch.setattr(time, "sleep", sleep)
    monkeypatch.setattr(time, "monotonic", lambda: now + sum(slept))
    program_end.end_all(many)
    assert [one.said for one in many] == [["asked", "killed", "finished"]] * 5
    assert program_end.KILL_SECONDS <= sum(slept) < program_end.KILL_SECONDS + 0.1


@pytest.mark.usefixtures("quick")
def test_nobody_waits_for_a_program_that_was_dropped(program: Callable[[str], str]) -> None:
    loop, said = Loop(), list[str]()
    [stream], [pid] = pids(loop, [program(STUBBORN)])
    loop.drop(stream)
    loop.drop(stream)  # once more is no mistake
    assert runs(pid)
    loop.later(0, lambda: said.append("went on"))
    while not stream.closed:
        loop.run_once()
        said.append("closed" if stream.closed else "runs")
    assert said[0] in ("went on", "runs")
    assert "went on" in said[:2]
    assert not runs(pid)
    loop.close()


@pytest.mark.usefixtures("quick")
def test_nobody_waits_for_a_program_whose_output_has_ended(program: Callable[[str], str]) -> None:
    loop, ended, went_on = Loop(), list[Result](), list[bool]()
    stream = Stream([program(LEAVES_ITS_OUTPUT)])
    loop.read(stream, lambda data: None, ended.append)
    loop.later(0.05, lambda: went_on.append(not ended))
    while not ended:
        loop.run_once()
    loop.close()
    assert went_on == [True]
    assert ended[0].exit_code == -signal.SIGKILL


def test_a_stream_that_was_dropped_is_ended_with_the_loop(program: Callable[[str], str]) -> None:
    loop = Loop()
    [stream], [pid] = pids(loop, [program("#!/bin/sh\necho $$\nexec /bin/sleep 60\n")])
    loop.drop(stream)
    loop.close()
    assert not runs(pid)


@pytest.mark.usefixtures("listening")
@pytest.mark.parametrize("start", [command.run, Stream])
def test_a_signal_while_a_program_is_started_leaves_no_orphan(
    program: Callable[[str], str],
    monkeypatch: pytest.MonkeyPatch,
    start: Callable[[list[str]], object],
) -> None:
    """It comes after the process was made, and before anybody knows of it."""
    import sh

    name = program("#!/bin/sh\nexec /bin/sleep 60\n")
    made: list[int] = []
    real = sh.Command.__call__

    def interrupted(self: Any, *args: Any, **kwargs: Any) -> Any:
        process = real(self, *args, **kwargs)
        made.append(process.pid)
        signal.raise_signal(signal.SIGINT)
        return process

    monkeypatch.setattr(sh.Command, "__call__", interrupted)
    with pytest.raises(KeyboardInterrupt):
        start([name])
    assert len(made) == 1
    assert not runs(made[0])


@pytest.mark.usefixtures("listening")
def test_an_interrupt_at_the_last_moment_does_not_replace_a_result() -> None:
    loop = Loop()
    signal.raise_signal(signal.SIGINT)
    loop.close()  # raises nothing
    signals.check()


@pytest.mark.usefixtures("listening")
def test_an_interrupt_stays_for_whoever_holds_it_outside_of_a_loop() -> None:
    def follow() -> None:
        with signals.held():
            loop = Loop()
            signal.raise_signal(signal.SIGINT)
            loop.close()

    with pytest.raises(KeyboardInterrupt):
        follow()


@pytest.mark.usefixtures("listening")
def test_what_is_forgotten_is_not_raised() -> None:
    with signals.held():
        signal.raise_signal(signal.SIGINT)
        signals.forget()


def test_time_that_a_reader_of_our_output_takes_does_not_count() -> None:
    """Nothing could be heard meanwhile, so nobody may say that nothing came."""
    clock = [100.0]
    loop = Loop(clock=lambda: clock[0])
    moments: list[float] = []

    def blocks() -> None:
        clock[0] += 40

    def note() -> None:
        moments.append(loop.now)

    loop.later(0, blocks)
    loop.later(0, note)
    loop.run_once()
    clock[0] += 0.5
    loop.later(0, note)
    loop.run_once()
    loop.close()
    assert moments == [100.0, 101.5]
