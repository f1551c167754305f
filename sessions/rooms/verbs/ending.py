"""Ending a session and opening its room again.

Owns what an end writes, whether a facilitator ends the session or the clock (`by_clock`).
"""

from datetime import datetime
from typing import Final

from sessions.core import room_state
from sessions.core.agenda import MarkKind
from sessions.core.permissions import Verb
from sessions.core.refusal import Refuse
from sessions.core.room_state import RoomEvent, RoomState
from sessions.rooms.locked_room import Change, LockedRoom, Rules


def end(locked: LockedRoom) -> Change | Refuse:
    """Ends the session for everyone."""
    return end_at(locked, RoomEvent.END, locked.now)


def end_at(locked: LockedRoom, event: RoomEvent, at: datetime) -> Change | Refuse:
    """The session is over at `at`, by `event`: ended, or never held. The stored state counts:
    that nobody came follows from the clock long before it is written."""
    transition = room_state.apply(RoomState(locked.room.state), event)
    if isinstance(transition, Refuse):
        return transition
    if room_state.Effect.END_AGENDA in transition.effects:
        locked.mark(MarkKind.END, at=at)
    locked.change_state(transition)
    locked.room.ended_at = at
    locked.room.ended_by_rule = "" if event is RoomEvent.END else event.value
    locked.room.unstaffed_since = None
    return Change.MADE


def reopen(locked: LockedRoom) -> Change | Refuse:
    """Within ten minutes of the end: opens the room again, seats kept."""
    transition = room_state.reopen(locked.state, locked.room.ended_at, locked.now)
    if isinstance(transition, Refuse):
        return transition
    refused = locked.refuses(MarkKind.REOPEN)
    if refused is not None:
        return refused
    locked.mark(MarkKind.REOPEN)
    locked.change_state(transition)
    locked.room.ended_at = None
    locked.room.ended_by_rule = ""
    return Change.MADE


RULES: Final[Rules] = {
    Verb.ROOM_END: end,
    Verb.ROOM_REOPEN: reopen,
}
