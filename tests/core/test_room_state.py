"""The room's table and what the clock makes of it: RS1 to RS5."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sessions.core.refusal import Refuse
from sessions.core.room_state import (
    OVER,
    TABLE,
    Due,
    Effect,
    RoomEvent,
    RoomState,
    Transition,
    apply,
    by_clock,
    effective_state,
    is_closed,
    reopen,
    reopen_until,
)
from tests.core.histories import START, at

S, E = RoomState, RoomEvent
END = at(60)
states = st.sampled_from(RoomState)
instants = st.integers(-7200, 14400).map(lambda seconds: START + timedelta(seconds=seconds))

# Written out on purpose, apart from the table: state → the events it answers and what follows.
LIFE = {
    S.SCHEDULED: {E.OPEN_LOBBY: S.LOBBY_OPEN, E.EXPIRE: S.NOT_HELD, E.CANCEL: S.CANCELLED},
    S.LOBBY_OPEN: {E.START: S.LIVE, E.EXPIRE: S.NOT_HELD, E.CANCEL: S.CANCELLED},
    S.LIVE: {
        E.PAUSE: S.PAUSED,
        E.END: S.ENDED,
        E.CLOSE_UNSTAFFED: S.ENDED,
        E.CLOSE_OVERDUE: S.ENDED,
    },
    S.PAUSED: {
        E.RESUME: S.LIVE,
        E.END: S.ENDED,
        E.CLOSE_UNSTAFFED: S.ENDED,
        E.CLOSE_OVERDUE: S.ENDED,
    },
    S.ENDED: {E.REOPEN: S.LIVE},
    S.NOT_HELD: {},
    S.CANCELLED: {},
}


@pytest.mark.parametrize("state", RoomState)
@pytest.mark.parametrize("event", RoomEvent)
def test_rs1_every_pair_is_in_the_table_or_refused(state: RoomState, event: RoomEvent) -> None:
    """Kills: a line missing from the table, or one too many."""
    got = apply(state, event)
    follows = LIFE[state].get(event)
    if follows is None:
        assert got == Refuse("room.transition", {"state": state.value, "event": event.value})
    else:
        assert isinstance(got, Transition)
        assert got.state is follows


@given(st.lists(st.sampled_from(RoomEvent), max_size=12))
def test_rs1_cancelled_and_not_held_are_final(events: list[RoomEvent]) -> None:
    """Kills: a cancelled room can be started."""
    for final in (S.CANCELLED, S.NOT_HELD):
        assert [isinstance(apply(final, event), Refuse) for event in events] == [True] * len(events)


def test_rs1_whatever_closes_a_room_empties_it() -> None:
    closing = [found for found in TABLE.values() if found.state in OVER]
    assert [Effect.EMPTY_ROOM in found.effects for found in closing] == [True] * len(closing)


def test_rs1_whatever_ends_a_session_drafts_its_record() -> None:
    ending = [found for found in TABLE.values() if found.state is S.ENDED]
    wanted = (Effect.END_AGENDA, Effect.EMPTY_ROOM, Effect.DRAFT_RECORD)
    assert [found.effects for found in ending] == [wanted] * len(ending)


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        (at(-15.01), S.SCHEDULED),
        (at(-15), S.LOBBY_OPEN),
        (at(59.99), S.LOBBY_OPEN),
        (at(60), S.NOT_HELD),
    ],
)
def test_rs2_the_lobby_opens_and_closes_with_no_job(now: datetime, expected: RoomState) -> None:
    assert effective_state(S.SCHEDULED, START, END, now) is expected


@given(states, instants)
def test_rs2_the_clock_alone_changes_no_room_that_began_or_was_cancelled(
    stored: RoomState, now: datetime
) -> None:
    """Kills: a cancelled session opens its lobby."""
    if stored not in {S.SCHEDULED, S.LOBBY_OPEN}:
        assert effective_state(stored, START, END, now) is stored


@given(
    states,
    instants,
    st.none() | instants,
    st.sampled_from([-30, 0, 30]),
    st.sampled_from([0, 15, 30]),
)
def test_rs3_what_is_due_can_be_applied_and_never_lies_ahead(
    stored: RoomState,
    planned_end: datetime,
    unstaffed: datetime | None,
    seconds: int,
    minutes: int,
) -> None:
    """Kills: an event is due a minute before its time."""
    for origin in (planned_end, unstaffed or planned_end):
        now = origin + timedelta(minutes=minutes, seconds=seconds)
        due = by_clock(stored, planned_end, unstaffed, now)
        if due is not None:
            assert due.at <= now
            assert isinstance(apply(stored, due.event), Transition)


@given(states, instants, st.none() | instants)
def test_rs3_no_room_stays_open_for_ever(
    stored: RoomState, planned_end: datetime, unstaffed: datetime | None
) -> None:
    """Kills: only an unstaffed room is closed."""
    due = by_clock(stored, planned_end, unstaffed, planned_end + timedelta(minutes=30))
    assert (due is None) == (stored in OVER)


def test_rs3_a_room_nobody_started_is_not_held_at_its_planned_end() -> None:
    assert by_clock(S.SCHEDULED, END, None, at(59.99)) is None
    assert by_clock(S.SCHEDULED, END, None, at(61)) == Due(E.EXPIRE, END)


def test_rs3_an_unstaffed_room_closes_after_fifteen_minutes() -> None:
    assert by_clock(S.LIVE, END, at(20), at(34.99)) is None
    assert by_clock(S.LIVE, END, at(20), at(40)) == Due(E.CLOSE_UNSTAFFED, at(35))


def test_rs3_an_overdue_room_closes_after_thirty_minutes() -> None:
    assert by_clock(S.PAUSED, END, None, at(89.99)) is None
    assert by_clock(S.PAUSED, END, None, at(200)) == Due(E.CLOSE_OVERDUE, at(90))


def test_rs3_of_two_that_are_due_the_first_counts() -> None:
    assert by_clock(S.LIVE, END, at(70), at(200)) == Due(E.CLOSE_UNSTAFFED, at(85))
    assert by_clock(S.LIVE, END, at(80), at(200)) == Due(E.CLOSE_OVERDUE, at(90))


def test_rs4_reopening_within_ten_minutes() -> None:
    assert reopen_until(at(50)) == at(60)
    live = Transition(S.LIVE, (Effect.REOPEN_AGENDA,))
    assert reopen(S.ENDED, at(50), at(60)) == live
    assert reopen(S.ENDED, at(50), at(60.01)) == Refuse("room.reopen_late")


def test_rs4_reopening_what_has_not_ended_is_refused() -> None:
    refused = reopen(S.LIVE, None, at(60))
    assert refused == Refuse("room.transition", {"state": "live", "event": "reopen"})


@pytest.mark.parametrize("state", RoomState)
def test_rs5_room_that_cannot_be_reopened_is_closed_once_it_is_over(state: RoomState) -> None:
    assert is_closed(state, None, at(60)) is (state in OVER)


def test_rs5_ended_room_is_closed_after_the_last_instant_of_reopening() -> None:
    """Kills: a room that is closed to those who wait while staff can still reopen it."""
    until = reopen_until(at(50))
    assert not is_closed(S.ENDED, until, at(60))
    assert is_closed(S.ENDED, until, at(60.01))
    assert not is_closed(S.LIVE, None, at(60.01))
