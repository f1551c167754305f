"""The door: ADM1 to ADM9."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sessions.core.admission import (
    Admit,
    Arrival,
    Limits,
    RoomAtDoor,
    SeatState,
    SessionRole,
    Wait,
    WaitReason,
    admit,
    decide,
    is_late,
    may_wait_for_reopening,
)
from sessions.core.refusal import Refuse
from sessions.core.room_state import OPEN, RoomState
from tests.core.histories import START, at

CLIENT, STAFF, NONE = SessionRole.CLIENT, SessionRole.STAFF, SessionRole.NONE
LOBBY = RoomAtDoor(RoomState.LOBBY_OPEN, START, seats=12)
LIVE = RoomAtDoor(RoomState.LIVE, START, seats=12, segment_started_at=START, seats_taken=3)
WAITING = Arrival(CLIENT, SeatState.WAITING)

instants = st.integers(-1800, 7200).map(lambda seconds: START + timedelta(seconds=seconds))
roles = st.sampled_from(SessionRole)
rooms = st.builds(
    RoomAtDoor,
    state=st.sampled_from(RoomState),
    starts_at=st.just(START),
    seats=st.integers(1, 15),
    segment_started_at=st.none() | instants,
    seats_taken=st.integers(0, 15),
    locked=st.booleans(),
)


@given(roles, rooms, instants)
def test_adm2_the_removed_are_never_admitted(
    role: SessionRole, room: RoomAtDoor, now: datetime
) -> None:
    """Kills: staff may let a removed person in again from the door."""
    removed = Arrival(role, SeatState.REMOVED)
    assert isinstance(decide(removed, room, now), Refuse)
    assert isinstance(admit(removed, room), Refuse)


@given(st.sampled_from([CLIENT, STAFF]), rooms, instants)
def test_adm4_the_admitted_never_wait(role: SessionRole, room: RoomAtDoor, now: datetime) -> None:
    """Kills: someone back after a drop waits because the room is locked, full or late."""
    got = decide(Arrival(role, SeatState.ADMITTED), room, now)
    if room.state in OPEN:
        assert got == Admit()
    else:
        assert isinstance(got, Refuse)


@given(st.sampled_from(SeatState), rooms, instants)
def test_adm1_strangers_learn_nothing_of_the_room(
    seat: SeatState, room: RoomAtDoor, now: datetime
) -> None:
    """Kills: the state of the room is looked at before the roster."""
    assert decide(Arrival(NONE, seat), room, now) == Refuse("seat.not_on_roster")


@given(st.sampled_from([SeatState.NONE, SeatState.WAITING]), rooms, instants)
def test_adm5_no_client_comes_in_without_being_let_in(
    seat: SeatState, room: RoomAtDoor, now: datetime
) -> None:
    """Kills: a client on the roster is admitted once the session is live."""
    assert decide(Arrival(CLIENT, seat), room, now) != Admit()


@pytest.mark.parametrize(
    ("state", "code"),
    [
        (RoomState.SCHEDULED, "room.not_open"),
        (RoomState.ENDED, "room.ended"),
        (RoomState.NOT_HELD, "room.not_held"),
        (RoomState.CANCELLED, "room.cancelled"),
    ],
)
@pytest.mark.parametrize("role", [CLIENT, STAFF])
def test_adm3_a_closed_room_says_why(role: SessionRole, state: RoomState, code: str) -> None:
    room = RoomAtDoor(state, START, seats=12)
    for seat in (SeatState.NONE, SeatState.WAITING, SeatState.ADMITTED):
        assert decide(Arrival(role, seat), room, at(1)) == Refuse(code)


def test_adm4_staff_come_in_from_the_lobby_on() -> None:
    for room in (LOBBY, replace(LIVE, locked=True, seats_taken=12)):
        assert decide(Arrival(STAFF), room, at(-10)) == Admit()


def test_adm5_a_client_waits_in_the_lobby_and_is_late_there_never() -> None:
    assert decide(Arrival(CLIENT), LOBBY, at(-10)) == Wait(WaitReason.LOBBY)
    assert decide(WAITING, LOBBY, at(25)) == Wait(WaitReason.LOBBY)


def test_adm5_a_lock_and_a_full_room_turn_newcomers_away() -> None:
    assert decide(WAITING, replace(LIVE, locked=True), at(1)) == Refuse("room.locked")
    assert decide(WAITING, replace(LIVE, seats_taken=12), at(1)) == Refuse("seat.full")


@pytest.mark.parametrize(
    ("minutes", "expected"),
    [
        (5, Wait(WaitReason.DOOR)),
        (5.1, Wait(WaitReason.DOOR, late=True)),
        (15, Wait(WaitReason.DOOR, late=True)),
        (15.1, Wait(WaitReason.LATE, late=True)),
    ],
)
def test_adm7_a_newcomer_is_late_then_waits_for_the_next_segment(
    minutes: float, expected: Wait
) -> None:
    assert decide(WAITING, LIVE, at(minutes)) == expected


def test_adm7_the_next_segment_opens_the_door_again() -> None:
    room = replace(LIVE, segment_started_at=at(20))
    assert decide(WAITING, room, at(24)) == Wait(WaitReason.DOOR)


def test_adm7_an_early_start_makes_nobody_late() -> None:
    assert not is_late(replace(LIVE, segment_started_at=at(-5)), at(4))


def test_adm7_limits_are_settings() -> None:
    strict = Limits(late=1, waits_for_next=5)
    assert decide(WAITING, LIVE, at(6), strict) == Wait(WaitReason.LATE, late=True)


def test_adm8_staff_let_in_the_late_and_into_a_locked_room() -> None:
    assert admit(WAITING, replace(LIVE, locked=True)) is None
    assert admit(WAITING, LOBBY) is None


@pytest.mark.parametrize(
    ("arrival", "room", "code"),
    [
        (Arrival(CLIENT), LIVE, "seat.not_waiting"),
        (Arrival(CLIENT, SeatState.ADMITTED), LIVE, "seat.not_waiting"),
        (Arrival(STAFF, SeatState.WAITING), LIVE, "seat.not_waiting"),
        (Arrival(NONE, SeatState.WAITING), LIVE, "seat.not_on_roster"),
        (WAITING, replace(LIVE, seats_taken=12), "seat.full"),
        (WAITING, replace(LIVE, state=RoomState.ENDED), "room.ended"),
    ],
)
def test_adm8_what_staff_cannot_do_at_the_door(
    arrival: Arrival, room: RoomAtDoor, code: str
) -> None:
    assert admit(arrival, room) == Refuse(code)


@pytest.mark.parametrize(
    ("arrival", "waits"),
    [
        (Arrival(STAFF), True),
        (Arrival(CLIENT, SeatState.ADMITTED), True),
        (WAITING, False),
        (Arrival(CLIENT), False),
        (Arrival(CLIENT, SeatState.REMOVED), False),
        (Arrival(STAFF, SeatState.REMOVED), False),
        (Arrival(NONE, SeatState.ADMITTED), False),
    ],
)
def test_adm9_who_waits_for_a_reopening(arrival: Arrival, waits: bool) -> None:
    """Kills: a rule that asks the seat alone, so that who is off the roster may stay."""
    ended = replace(LIVE, state=RoomState.ENDED)
    assert may_wait_for_reopening(arrival, ended, at(90), at(95)) == waits


@pytest.mark.parametrize("state", [one for one in RoomState if one is not RoomState.ENDED])
def test_adm9_nobody_waits_for_what_cannot_be_reopened(state: RoomState) -> None:
    other = replace(LIVE, state=state)
    assert not may_wait_for_reopening(Arrival(STAFF), other, at(90), at(95))


def test_adm9_waiting_ends_with_the_time_to_reopen() -> None:
    ended = replace(LIVE, state=RoomState.ENDED)
    waits = [may_wait_for_reopening(Arrival(STAFF), ended, at(90), at(m)) for m in (100, 100.1)]
    assert waits == [True, False]
