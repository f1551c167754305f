"""The verbs of the agenda: start, advance, go back, extend, shorten, pause, resume, end later.

Owns how a tap becomes a mark. Whether it is possible is decided by `core.agenda_clock` and the
table of `core.room_state`.
"""

from collections.abc import Mapping

from sessions.core import room_state
from sessions.core.agenda import MarkKind
from sessions.core.permissions import Verb
from sessions.core.refusal import Refuse
from sessions.core.room_state import RoomEvent
from sessions.models import Person
from sessions.rooms.locked_room import Change, LockedRoom, Rule
from sessions.rooms.perform import perform
from sessions.rooms.selectors import RoomNow
from sessions.rooms.verbs.door import look_again

EVENTS: Mapping[MarkKind, RoomEvent] = {
    MarkKind.START: RoomEvent.START,
    MarkKind.PAUSE: RoomEvent.PAUSE,
    MarkKind.RESUME: RoomEvent.RESUME,
}


def start(actor: Person, session: str) -> RoomNow | Refuse:
    """Starts the session and its first segment."""
    return perform(Verb.ROOM_START, actor, session, _transition(MarkKind.START))


def pause(actor: Person, session: str) -> RoomNow | Refuse:
    """Stops the agenda's clock."""
    return perform(Verb.ROOM_PAUSE, actor, session, _transition(MarkKind.PAUSE))


def resume(actor: Person, session: str) -> RoomNow | Refuse:
    """Lets the agenda's clock go on."""
    return perform(Verb.ROOM_RESUME, actor, session, _transition(MarkKind.RESUME))


def advance(actor: Person, session: str, index: int) -> RoomNow | Refuse:
    """Leaves segment `index` for the next. Does nothing when it was left already."""
    rule = _step(MarkKind.ADVANCE, index)
    return perform(Verb.ROOM_ADVANCE, actor, session, rule, {"index": index})


def back(actor: Person, session: str, index: int) -> RoomNow | Refuse:
    """Leaves segment `index` for the one before. Does nothing when it was left already."""
    rule = _step(MarkKind.BACK, index)
    return perform(Verb.ROOM_BACK, actor, session, rule, {"index": index})


def extend(actor: Person, session: str, minutes: int) -> RoomNow | Refuse:
    """Gives the current segment minutes of the later ones."""
    rule = _mark(MarkKind.EXTEND, minutes)
    return perform(Verb.ROOM_EXTEND, actor, session, rule, {"minutes": minutes})


def shorten(actor: Person, session: str, minutes: int) -> RoomNow | Refuse:
    """Gives minutes of the current segment to the later ones."""
    rule = _mark(MarkKind.SHORTEN, minutes)
    return perform(Verb.ROOM_SHORTEN, actor, session, rule, {"minutes": minutes})


def end_later(actor: Person, session: str, minutes: int) -> RoomNow | Refuse:
    """Moves the session's planned end."""
    rule = _mark(MarkKind.END_LATER, minutes)
    return perform(Verb.ROOM_END_LATER, actor, session, rule, {"minutes": minutes})


def _mark(kind: MarkKind, minutes: int = 0) -> Rule:
    """A verb of the agenda alone."""

    def rule(locked: LockedRoom) -> Change | Refuse:
        refused = locked.refuses(kind, minutes)
        if refused is not None:
            return refused
        locked.mark(kind, minutes)
        return Change.MADE

    return rule


def _step(kind: MarkKind, index: int) -> Rule:
    """To the segment beside `index`. Being there already is success: a second tap, or a tap of
    the other facilitator. Anywhere else, the agenda has moved on."""
    target = index + (1 if kind is MarkKind.ADVANCE else -1)

    def rule(locked: LockedRoom) -> Change | Refuse:
        clock = locked.clock()
        if clock.index == index or clock.started_at is None:
            outcome = _mark(kind)(locked)
            if outcome is Change.MADE:
                look_again(locked)
            return outcome
        return Change.NONE if clock.index == target else Refuse("agenda.moved_on")

    return rule


def _transition(kind: MarkKind) -> Rule:
    """A verb that changes the room's state with the agenda."""

    def rule(locked: LockedRoom) -> Change | Refuse:
        transition = room_state.apply(locked.state, EVENTS[kind])
        if isinstance(transition, Refuse):
            return locked.refuses(kind) or transition
        refused = locked.refuses(kind)
        if refused is not None:
            return refused
        locked.change_state(transition)
        if kind is MarkKind.START:
            locked.room.started_at = locked.now
        locked.mark(kind)
        look_again(locked)
        return Change.MADE

    return rule
