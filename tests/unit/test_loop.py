"""Waits for everything at once."""

from __future__ import annotations

import select
from pathlib import Path

import pytest

from kubectl_submit.process.command import Result
from kubectl_submit.process.event_loop import Loop
from kubectl_submit.process.stream import Stream

from .programs import FOREVER, Answer, Program, Wait


@pytest.fixture
def tool(tmp_path: Path) -> Program:
    return Program(tmp_path / "bin", "tool")


def test_gives_output_and_end_of_each_stream(tool: Program) -> None:
    tool.on("one", Answer("1", Wait("two is through"), "1", exit_code=3))
    tool.on("two", Answer("22"))
    loop, said, ended = Loop(), {"one": b"", "two": b""}, dict[str, Result]()

    def listen(name: str) -> None:
        def on_bytes(data: bytes) -> None:
            said[name] += data

        def on_end(result: Result) -> None:
            ended[name] = result
            if name == "two":
                tool.open("two is through")

        loop.read(Stream(["tool", name]), on_bytes, on_end)

    listen("one")
    listen("two")
    while len(ended) < 2:
        loop.run_once()
    loop.close()
    assert said == {"one": b"11", "two": b"22"}
    assert list(ended) == ["two", "one"]
    assert ended["one"].exit_code == 3


def test_calls_when_the_moment_has_come() -> None:
    loop, called = Loop(), list[str]()
    loop.later(0.02, lambda: called.append("later"))
    loop.later(0, lambda: called.append("first"))
    loop.later(0, lambda: loop.later(0, lambda: called.append("third")))
    loop.later(0, lambda: called.append("second"))
    while "later" not in called:
        loop.run_once()
    assert called == ["first", "second", "third", "later"]


def test_what_comes_during_a_long_call_is_heard_before_the_moment_after_it(tool: Program) -> None:
    tool.on(Answer("1", Wait("go on"), "2", FOREVER))
    loop, heard = Loop(), list[bytes]()
    stream = Stream(["tool"])

    def hear(data: bytes) -> None:
        heard.append(data)
        if data == b"1":
            loop.later(0.001, lambda: heard.append(b"the moment"))
            tool.open("go on")
            select.select([stream], [], [])

    loop.read(stream, hear, lambda result: None)
    while len(heard) < 3:
        loop.run_once()
    loop.close()
    assert heard == [b"1", b"2", b"the moment"]


def test_ends_what_still_runs(tool: Program) -> None:
    tool.on(Answer("x", FOREVER))
    loop, heard = Loop(), list[bytes]()
    for name in ("one", "two"):
        loop.read(Stream(["tool", name]), heard.append, lambda result: None)
    while len(heard) < 2:
        loop.run_once()
    assert len(tool.running) == 2
    loop.close()
    assert tool.running == []


def test_a_stream_that_is_dropped_is_not_heard_of_again(tool: Program) -> None:
    tool.on("one", Answer("x", FOREVER))
    tool.on("two", Answer("x", FOREVER))
    loop, heard = Loop(), list[str]()
    streams = {name: Stream(["tool", name]) for name in ("one", "two")}

    def drop_the_other(name: str) -> None:
        heard.append(name)
        loop.drop(streams["two" if name == "one" else "one"])

    for name, stream in streams.items():
        loop.read(stream, lambda _, name=name: drop_the_other(name), lambda result: None)  # type: ignore[misc]
    while len(select.select([*streams.values()], [], [])[0]) < 2:
        pass  # both have something to say at the same time
    loop.run_once()
    loop.later(0, lambda: heard.append("the end"))
    while "the end" not in heard:
        loop.run_once()
    loop.close()
    assert heard in (["one", "the end"], ["two", "the end"])
