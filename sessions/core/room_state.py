"""The life of a room: one table, `state × event → state, effects`.

A room goes forward only, with one way back: reopening. Its states follow from three sources,
and each event has exactly one of them:

- staff: start, pause, resume, end, reopen; a program manager: cancel;
- the clock: open_lobby (fifteen minutes before the start), expire (nobody had started it by
  its planned end), close_unstaffed, close_overdue.

What is not in the table is refused with `room.transition`. The table does not know who asks
(that is `permissions`) nor what time it is: `by_clock` turns time into events, and
`effective_state` says what a stored `scheduled` means now, so that no job has to run for a
lobby to open. *Paused* stops the agenda only; people go on seeing and hearing each other.
Effects are words for the services; nothing here acts.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TypeVar

from sessions.core.refusal import Refuse

Instant = TypeVar("Instant", datetime, int)

LOBBY_MINUTES = 15
UNSTAFFED_MINUTES = 15
OVERDUE_MINUTES = 30
REOPEN_MINUTES = 10


class RoomState(StrEnum):
    SCHEDULED = "scheduled"
    LOBBY_OPEN = "lobby_open"
    LIVE = "live"
    PAUSED = "paused"
    ENDED = "ended"
    NOT_HELD = "not_held"
    CANCELLED = "cancelled"


class RoomEvent(StrEnum):
    OPEN_LOBBY = "open_lobby"
    START = "start"
    PAUSE = "pause"
    RESUME = "resume"
    END = "end"
    REOPEN = "reopen"
    EXPIRE = "expire"
    CLOSE_UNSTAFFED = "close_unstaffed"
    CLOSE_OVERDUE = "close_overdue"
    CANCEL = "cancel"


class Effect(StrEnum):
    """What a service has to do when the transition is written."""

    START_AGENDA = "start_agenda"
    PAUSE_AGENDA = "pause_agenda"
    RESUME_AGENDA = "resume_agenda"
    END_AGENDA = "end_agenda"
    REOPEN_AGENDA = "reopen_agenda"
    EMPTY_ROOM = "empty_room"  # every connection leaves, reason `ended`; media closes
    DRAFT_RECORD = "draft_record"


@dataclass(frozen=True, slots=True)
class Transition:
    state: RoomState
    effects: tuple[Effect, ...] = ()


@dataclass(frozen=True, slots=True)
class Due:
    """A clock-driven event, and the instant at which it fell due (never after `now`)."""

    event: RoomEvent
    at: datetime


_OVER = Transition(RoomState.ENDED, (Effect.END_AGENDA, Effect.EMPTY_ROOM, Effect.DRAFT_RECORD))
_NOT_HELD = Transition(RoomState.NOT_HELD, (Effect.EMPTY_ROOM,))
_CANCELLED = Transition(RoomState.CANCELLED, (Effect.EMPTY_ROOM,))

TABLE: Mapping[tuple[RoomState, RoomEvent], Transition] = {
    (RoomState.SCHEDULED, RoomEvent.OPEN_LOBBY): Transition(RoomState.LOBBY_OPEN),
    (RoomState.SCHEDULED, RoomEvent.EXPIRE): _NOT_HELD,
    (RoomState.SCHEDULED, RoomEvent.CANCEL): _CANCELLED,
    (RoomState.LOBBY_OPEN, RoomEvent.START): Transition(RoomState.LIVE, (Effect.START_AGENDA,)),
    (RoomState.LOBBY_OPEN, RoomEvent.EXPIRE): _NOT_HELD,
    (RoomState.LOBBY_OPEN, RoomEvent.CANCEL): _CANCELLED,
    (RoomState.LIVE, RoomEvent.PAUSE): Transition(RoomState.PAUSED, (Effect.PAUSE_AGENDA,)),
    (RoomState.LIVE, RoomEvent.END): _OVER,
    (RoomState.LIVE, RoomEvent.CLOSE_UNSTAFFED): _OVER,
    (RoomState.LIVE, RoomEvent.CLOSE_OVERDUE): _OVER,
    (RoomState.PAUSED, RoomEvent.RESUME): Transition(RoomState.LIVE, (Effect.RESUME_AGENDA,)),
    (RoomState.PAUSED, RoomEvent.END): _OVER,
    (RoomState.PAUSED, RoomEvent.CLOSE_UNSTAFFED): _OVER,
    (RoomState.PAUSED, RoomEvent.CLOSE_OVERDUE): _OVER,
    (RoomState.ENDED, RoomEvent.REOPEN): Transition(RoomState.LIVE, (Effect.REOPEN_AGENDA,)),
}

IN_SESSION = frozenset({RoomState.LIVE, RoomState.PAUSED})
OPEN = IN_SESSION | {RoomState.LOBBY_OPEN}  # people may be in the room, media is on
OVER = frozenset({RoomState.ENDED, RoomState.NOT_HELD, RoomState.CANCELLED})


def apply(state: RoomState, event: RoomEvent) -> Transition | Refuse:
    """RS1. What the event makes of the state. `state` is the effective one."""
    found = TABLE.get((state, event))
    return found or Refuse("room.transition", {"state": state.value, "event": event.value})


def effective_state(
    stored: RoomState,
    starts_at: datetime,
    planned_end: datetime,
    now: datetime,
    lobby_minutes: int = LOBBY_MINUTES,
) -> RoomState:
    """RS2. The state that holds now: a stored `scheduled` is lobby_open from `lobby_minutes`
    before its start, and not_held from its planned end, whether or not a job has run."""
    if stored not in (RoomState.SCHEDULED, RoomState.LOBBY_OPEN):
        return stored
    if now >= planned_end:
        return RoomState.NOT_HELD
    if now >= starts_at - timedelta(minutes=lobby_minutes):
        return RoomState.LOBBY_OPEN
    return stored


def by_clock(
    stored: RoomState, planned_end: datetime, last_staff_left_at: datetime | None, now: datetime
) -> Due | None:
    """RS3. The event that time alone has made due, if any; of two, the one that was due first.

    `stored` is the state in the row. `planned_end` is the agenda's (moved by end_later).
    `last_staff_left_at` is None while a staff member is in the room.
    """
    due = [found for found in _dues(stored, planned_end, last_staff_left_at) if found.at <= now]
    return min(due, key=lambda found: found.at, default=None)


def _dues(state: RoomState, planned_end: datetime, unstaffed: datetime | None) -> list[Due]:
    if state in (RoomState.SCHEDULED, RoomState.LOBBY_OPEN):
        return [Due(RoomEvent.EXPIRE, planned_end)]
    if state not in IN_SESSION:
        return []
    dues = [Due(RoomEvent.CLOSE_OVERDUE, planned_end + timedelta(minutes=OVERDUE_MINUTES))]
    if unstaffed is not None:
        closing = unstaffed + timedelta(minutes=UNSTAFFED_MINUTES)
        dues.append(Due(RoomEvent.CLOSE_UNSTAFFED, closing))
    return dues


def reopen_until(ended_at: datetime) -> datetime:
    """RS4. The last instant at which an ended room can be opened again."""
    return ended_at + timedelta(minutes=REOPEN_MINUTES)


def reopen(state: RoomState, ended_at: datetime | None, now: datetime) -> Transition | Refuse:
    """RS4. `apply` for the one event that time can forbid."""
    if ended_at is not None and now > reopen_until(ended_at):
        return Refuse("room.reopen_late")
    return apply(state, RoomEvent.REOPEN)


def is_closed(state: RoomState, reopens_until: Instant | None, now: Instant) -> bool:
    """RS5. Whether the room is over for good: over, and nobody can open it again any more.

    `reopens_until` is RS4's instant of an ended room; None: it cannot be reopened. Instants
    are datetimes, or milliseconds as they travel.
    """
    return state in OVER and (reopens_until is None or now > reopens_until)
