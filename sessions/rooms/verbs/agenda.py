"""The verbs of the agenda: start, advance, go back, extend, shorten, pause, resume, end later.

Owns how a tap becomes a mark. Whether it is possible is decided by `core.agenda_clock` and the
table of `core.room_state`.
"""

from typing import Final

from sessions.core import room_state
from sessions.core.agenda import MarkKind
from sessions.core.permissions import Verb
from sessions.core.refusal import Refuse
from sessions.core.room_state import RoomEvent
from sessions.rooms.locked_room import Change, LockedRoom, Rules
from sessions.rooms.verbs.door import look_again


def start(locked: LockedRoom) -> Change | Refuse:
    """Starts the session and its first segment."""
    outcome = _transition(locked, MarkKind.START, RoomEvent.START)
    if outcome is Change.MADE:
        locked.room.started_at = locked.now
    return outcome


def pause(locked: LockedRoom) -> Change | Refuse:
    """Stops the agenda's clock."""
    return _transition(locked, MarkKind.PAUSE, RoomEvent.PAUSE)


def resume(locked: LockedRoom) -> Change | Refuse:
    """Lets the agenda's clock go on."""
    return _transition(locked, MarkKind.RESUME, RoomEvent.RESUME)


def advance(locked: LockedRoom, index: int) -> Change | Refuse:
    """Leaves segment `index` for the next. Does nothing when it was left already."""
    return _step(locked, MarkKind.ADVANCE, index, index + 1)


def back(locked: LockedRoom, index: int) -> Change | Refuse:
    """Leaves segment `index` for the one before. Does nothing when it was left already."""
    return _step(locked, MarkKind.BACK, index, index - 1)


def extend(locked: LockedRoom, minutes: int) -> Change | Refuse:
    """Gives the current segment minutes of the later ones."""
    return _mark(locked, MarkKind.EXTEND, minutes)


def shorten(locked: LockedRoom, minutes: int) -> Change | Refuse:
    """Gives minutes of the current segment to the later ones."""
    return _mark(locked, MarkKind.SHORTEN, minutes)


def end_later(locked: LockedRoom, minutes: int) -> Change | Refuse:
    """Moves the session's planned end."""
    return _mark(locked, MarkKind.END_LATER, minutes)


def _mark(locked: LockedRoom, kind: MarkKind, minutes: int = 0) -> Change | Refuse:
    refused = locked.refuses(kind, minutes)
    if refused is not None:
        return refused
    locked.mark(kind, minutes)
    return Change.MADE


def _step(locked: LockedRoom, kind: MarkKind, index: int, target: int) -> Change | Refuse:
    """To the segment beside `index`. Being there already is success: a second tap, or a tap of
    the other facilitator. Anywhere else, the agenda has moved on."""
    clock = locked.clock()
    if clock.index == index or clock.started_at is None:
        outcome = _mark(locked, kind)
        if outcome is Change.MADE:
            look_again(locked)
        return outcome
    return Change.NONE if clock.index == target else Refuse("agenda.moved_on")


def _transition(locked: LockedRoom, kind: MarkKind, event: RoomEvent) -> Change | Refuse:
    """A verb that changes the room's state with the agenda."""
    transition = room_state.apply(locked.state, event)
    refused = locked.refuses(kind)
    if isinstance(transition, Refuse):
        return refused or transition
    if refused is not None:
        return refused
    locked.change_state(transition)
    locked.mark(kind)
    look_again(locked)
    return Change.MADE


RULES: Final[Rules] = {
    Verb.ROOM_START: start,
    Verb.ROOM_ADVANCE: advance,
    Verb.ROOM_BACK: back,
    Verb.ROOM_EXTEND: extend,
    Verb.ROOM_SHORTEN: shorten,
    Verb.ROOM_PAUSE: pause,
    Verb.ROOM_RESUME: resume,
    Verb.ROOM_END_LATER: end_later,
}
