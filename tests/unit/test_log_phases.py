"""Every phase of a log, and what each event makes of it."""

from __future__ import annotations

import pytest

from kubectl_submit.following.logs.events import (
    Close,
    Closed,
    Deleted,
    Ended,
    Event,
    GiveUp,
    Left,
    Lines,
    Opened,
    Stalled,
)
from kubectl_submit.following.logs.phases import CLOSE_SECONDS, DONE, Phase, State, step

NOW = 100.0
EVENTS: dict[str, Event] = {
    "opened": Opened(at=NOW),
    "lines": Lines(at=NOW),
    "well": Closed(at=NOW, how=Close.WELL),
    "torn": Closed(at=NOW, how=Close.TORN),
    "refused": Closed(at=NOW, how=Close.REFUSED),
    "broken": Closed(at=NOW, how=Close.BROKEN),
    "denied": Closed(at=NOW, how=Close.DENIED),
    "left": Left(at=NOW),
    "ended": Ended(at=NOW),
    "going": Ended(at=NOW, going=True),
    "unseen": Ended(at=NOW, seen=False),
    "deleted": Deleted(at=NOW),
    "vanished": Deleted(at=NOW, seen=False),
    "stalled": Stalled(at=NOW),
    "hides": Stalled(at=NOW, hidden=True),
    "give_up": GiveUp(at=NOW),
}
# A row a phase, a column an event; a dot where the phase stays.
UNSURE = """
          opened    well    torn    refused broken  denied  left    ended    going  unseen deleted vanished stalled hides   give_up
IDLE      FOLLOWING .       .       .       .       .       .       UNREAD   UNREAD UNREAD PARTIAL PARTIAL  .       .       .
FOLLOWING .         IDLE    IDLE    IDLE    IDLE    IDLE    IDLE    DRAINING GOING  LOST   GONE    LOST     .       .       .
DRAINING  .         UNREAD  UNREAD  UNREAD  UNREAD  UNREAD  UNREAD  .        .      .      GONE    LOST     UNREAD  UNREAD  PARTIAL
GOING     .         WHOLE   UNREAD  UNREAD  UNREAD  UNREAD  UNREAD  .        .      .      GONE    LOST     UNREAD  UNREAD  PARTIAL
UNREAD    FINAL     .       .       .       .       .       .       .        .      .      PARTIAL PARTIAL  .       .       PARTIAL
FINAL     .         WHOLE   PARTIAL UNREAD  UNREAD  UNREAD  UNREAD  .        .      .      GONE    LOST     UNREAD  UNREAD  PARTIAL
GONE      .         WHOLE   PARTIAL PARTIAL PARTIAL PARTIAL PARTIAL .        .      .      .       LOST     PARTIAL WHOLE   PARTIAL
LOST      .         PARTIAL PARTIAL PARTIAL PARTIAL PARTIAL PARTIAL .        .      .      .       .        PARTIAL PARTIAL PARTIAL
WHOLE     .         .       .       .       .       .       .       .        .      .      .       .        .       .       .
PARTIAL   .         .       .       .       .       .       .       .        .      .      .       .        .       .       .
"""  # noqa: E501
# The same where a stream has just ended well, and nothing has come since: what differs.
SURE = """
          deleted vanished torn    refused broken  stalled give_up
IDLE      WHOLE   PARTIAL  .       .       .       .       .
DRAINING  GONE    LOST     UNREAD  UNREAD  UNREAD  UNREAD  WHOLE
GOING     GONE    LOST     WHOLE   WHOLE   UNREAD  UNREAD  WHOLE
UNREAD    WHOLE   PARTIAL  .       .       .       .       WHOLE
FINAL     GONE    LOST     WHOLE   WHOLE   UNREAD  UNREAD  WHOLE
GONE      .       LOST     WHOLE   WHOLE   WHOLE   WHOLE   WHOLE
LOST      .       .        PARTIAL PARTIAL PARTIAL PARTIAL PARTIAL
"""


def cells(table: str) -> list[tuple[Phase, str, Phase]]:
    """Each phase, each event, and the phase that it leads to."""
    events, *rows = [line.split() for line in table.strip().splitlines()]
    return [
        (Phase[row[0]], event, Phase[row[0] if cell == "." else cell])
        for row in rows
        for event, cell in zip(events, row[1:], strict=True)
    ]


@pytest.mark.parametrize(("before", "event", "after"), cells(UNSURE))
def test_where_an_event_leads(before: Phase, event: str, after: Phase) -> None:
    assert step(State(phase=before), EVENTS[event]).phase is after


@pytest.mark.parametrize(("before", "event", "after"), cells(SURE))
def test_where_an_event_leads_after_a_stream_that_ended_well(
    before: Phase, event: str, after: Phase
) -> None:
    assert step(State(phase=before, closed_at=NOW - 5), EVENTS[event]).phase is after


@pytest.mark.parametrize("phase", Phase)
def test_lines_change_no_phase(phase: Phase) -> None:
    state = step(State(phase=phase, closed_at=NOW - 1), EVENTS["lines"])
    assert state.phase is phase
    if phase not in DONE:
        assert (state.closed_at, state.heard_at, state.quiet_since) == (None, NOW, NOW)


def test_lines_that_were_seen_before_leave_the_proof_that_a_log_is_whole() -> None:
    state = step(State(phase=Phase.FOLLOWING, closed_at=NOW - 1), Lines(at=NOW, new=False))
    assert (state.closed_at, state.heard_at, state.quiet_since) == (NOW - 1, NOW, NOW)


@pytest.mark.parametrize(
    ("phase", "event", "quiet", "closed_at"),
    [
        (Phase.DRAINING, "broken", 0.0, None),
        (Phase.FINAL, "broken", 0.0, None),
        (Phase.FOLLOWING, "refused", CLOSE_SECONDS, NOW),
        (Phase.FOLLOWING, "refused", CLOSE_SECONDS + 1, 70.0),
        (Phase.GOING, "refused", 0.0, 70.0),
    ],
)
def test_what_a_stream_proves_that_repeated_lines(
    phase: Phase, event: str, quiet: float, closed_at: float | None
) -> None:
    """It was quiet for so long before it ended: its container may have gone on."""
    state = State(phase=phase, closed_at=70.0, heard_at=NOW - quiet, quiet_since=NOW - quiet)
    assert step(state, EVENTS[event]).closed_at == closed_at


def test_every_phase_and_every_event_stand_in_the_table() -> None:
    told = {(phase, event) for phase, event, _ in cells(UNSURE)}
    assert told == {(phase, event) for phase in Phase for event in EVENTS if event != "lines"}


@pytest.mark.parametrize(("before", "event", "after"), cells(UNSURE))
def test_silence_is_counted_from_the_last_change(before: Phase, event: str, after: Phase) -> None:
    state = step(State(phase=before), EVENTS[event])
    assert state.quiet_since == (NOW if after is not before else 0.0)


@pytest.mark.parametrize(
    ("age", "phase"), [(CLOSE_SECONDS, Phase.WHOLE), (CLOSE_SECONDS + 0.1, Phase.PARTIAL)]
)
def test_a_stream_that_ended_well_long_before_the_end_is_no_proof(age: float, phase: Phase) -> None:
    state = State(closed_at=NOW - age)
    assert step(state, EVENTS["deleted"]).phase is phase
    assert step(step(state, EVENTS["ended"]), EVENTS["deleted"]).phase is phase


def test_a_stream_that_ended_well_is_a_proof_however_late_the_last_reading_is_given_up() -> None:
    state = step(State(closed_at=NOW - 1), EVENTS["ended"])
    assert step(state, GiveUp(at=NOW + 1000)).phase is Phase.WHOLE


@pytest.mark.parametrize("event", ["unseen", "vanished"])
def test_what_nobody_saw_the_end_of_is_not_proved_by_a_stream(event: str) -> None:
    state = step(State(closed_at=NOW - 1), EVENTS[event])
    assert step(state, EVENTS["give_up"]).phase is Phase.PARTIAL


@pytest.mark.parametrize(
    ("phase", "event", "closed_at"),
    [
        (Phase.FOLLOWING, "well", NOW),
        (Phase.FOLLOWING, "torn", NOW),
        (Phase.FOLLOWING, "refused", NOW),
        (Phase.FOLLOWING, "broken", None),
        (Phase.FOLLOWING, "denied", 95.0),
        (Phase.FOLLOWING, "left", None),
        (Phase.FINAL, "left", None),
        (Phase.FINAL, "broken", 95.0),
        (Phase.DRAINING, "well", NOW),
        (Phase.DRAINING, "broken", 95.0),
    ],
)
def test_what_proves_that_a_log_is_whole(phase: Phase, event: str, closed_at: float | None) -> None:
    """A log that is refused soon after it ended well has been removed: its container had ended."""
    assert step(State(phase=phase, closed_at=95.0), EVENTS[event]).closed_at == closed_at


@pytest.mark.parametrize("event", ["torn", "refused", "broken"])
def test_what_is_refused_proves_nothing_by_itself(event: str) -> None:
    assert step(State(phase=Phase.FOLLOWING), EVENTS[event]).closed_at is None


def test_a_new_stream_has_brought_nothing() -> None:
    state = step(State(heard_at=95.0, closed_at=96.0), EVENTS["opened"])
    assert (state.heard_at, state.closed_at, state.quiet_since) == (None, 96.0, NOW)
