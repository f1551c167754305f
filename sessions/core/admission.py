"""The door: who comes in now, who waits and why, who is refused.

Owns the rules of admission and the state of a seat. Knows no rows and no sockets, and does not
ask whether somebody is signed in: that is `permissions`. Everything is decided from a person's
arrival, the room and the instant; nothing is remembered here.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sessions.core.refusal import Refuse
from sessions.core.room_state import RoomState, reopen_until


class SessionRole(StrEnum):
    """What a person is to this one session. NONE: neither on its roster nor on its staff."""

    STAFF = "staff"
    CLIENT = "client"
    NONE = "none"


class SeatState(StrEnum):
    NONE = "none"
    WAITING = "waiting"
    ADMITTED = "admitted"
    REMOVED = "removed"


class WaitReason(StrEnum):
    """Why a client is at the door."""

    LOBBY = "lobby"  # the session has not started
    DOOR = "door"  # it has; a facilitator lets the person in
    LATE = "late"  # the segment is too far on: at the next one, or when staff admit


@dataclass(frozen=True, slots=True)
class Limits:
    """Settings, in minutes after the reference instant of ADM7."""

    late: int = 5
    waits_for_next: int = 15


@dataclass(frozen=True, slots=True)
class Arrival:
    """A person before the room. `admitted` seats stay admitted through drops and reopening."""

    role: SessionRole
    seat: SeatState = SeatState.NONE


@dataclass(frozen=True, slots=True)
class RoomAtDoor:
    """What the door has to know of the room. `state` is the effective one.

    `segment_started_at` is when the current segment was entered, None before the start.
    `seats_taken` counts admitted clients, whether or not they are connected.
    """

    state: RoomState
    starts_at: datetime
    seats: int
    segment_started_at: datetime | None = None
    seats_taken: int = 0
    locked: bool = False


@dataclass(frozen=True, slots=True)
class Admit:
    """Come in."""


@dataclass(frozen=True, slots=True)
class Wait:
    """Stay at the door. `late` is for the staff's list: came more than Limits.late minutes after
    the reference instant, whatever it waits for now."""

    reason: WaitReason
    late: bool = False


_CLOSED = {
    RoomState.SCHEDULED: Refuse("room.not_open"),
    RoomState.ENDED: Refuse("room.ended"),
    RoomState.NOT_HELD: Refuse("room.not_held"),
    RoomState.CANCELLED: Refuse("room.cancelled"),
}


def decide(
    arrival: Arrival, room: RoomAtDoor, now: datetime, limits: Limits = Limits()
) -> Admit | Wait | Refuse:
    """ADM1-ADM7. What the door says to a person who arrives now."""
    refused = _refusal(arrival, room)
    if refused is not None:
        return refused
    if arrival.role is SessionRole.STAFF or arrival.seat is SeatState.ADMITTED:
        return Admit()
    return _newcomer(room, now, limits)


def admit(arrival: Arrival, room: RoomAtDoor) -> Refuse | None:
    """ADM8. Whether staff can let this person in now; lateness and a lock do not bind staff."""
    refused = _refusal(arrival, room)
    if refused is not None:
        return refused
    if arrival.role is not SessionRole.CLIENT or arrival.seat is not SeatState.WAITING:
        return Refuse("seat.not_waiting")
    return Refuse("seat.full") if room.seats_taken >= room.seats else None


def may_wait_for_reopening(
    arrival: Arrival, room: RoomAtDoor, ended_at: datetime | None, now: datetime
) -> bool:
    """ADM9. Staff, and who was in, may wait out the time in which an ended room can be reopened."""
    refused = _refusal(arrival, room)
    if refused is None or refused.code != "room.ended" or ended_at is None:
        return False  # open, over for good, or not this person's room any more
    was_in = arrival.role is SessionRole.STAFF or arrival.seat is SeatState.ADMITTED
    return was_in and now <= reopen_until(ended_at)


def is_late(room: RoomAtDoor, now: datetime, limits: Limits = Limits()) -> bool:
    """ADM7. More than `limits.late` minutes after the reference instant."""
    return _since(room, now) > timedelta(minutes=limits.late)


def _refusal(arrival: Arrival, room: RoomAtDoor) -> Refuse | None:
    """ADM1-ADM3, in this order: a stranger learns nothing of the room's state."""
    if arrival.role is SessionRole.NONE:
        return Refuse("seat.not_on_roster")
    if arrival.seat is SeatState.REMOVED:
        return Refuse("seat.removed")
    return _CLOSED.get(room.state)


def _newcomer(room: RoomAtDoor, now: datetime, limits: Limits) -> Wait | Refuse:
    """ADM5-ADM7. A client who has not been let in yet."""
    if room.locked:
        return Refuse("room.locked")
    if room.seats_taken >= room.seats:
        return Refuse("seat.full")
    if room.state is RoomState.LOBBY_OPEN:
        return Wait(WaitReason.LOBBY)
    if _since(room, now) > timedelta(minutes=limits.waits_for_next):
        return Wait(WaitReason.LATE, late=True)
    return Wait(WaitReason.DOOR, is_late(room, now, limits))


def _since(room: RoomAtDoor, now: datetime) -> timedelta:
    """ADM7. Time since the current segment began, but never counted from before the planned
    start: a session begun early makes nobody late."""
    if room.segment_started_at is None:
        return timedelta(0)
    return now - max(room.segment_started_at, room.starts_at)
