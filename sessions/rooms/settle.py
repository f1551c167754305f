"""Writes what staff did to the live state while PostgreSQL was away.

Owns that every verb owed becomes its row and its audit row once, in order, before any later verb
of the room is done. The audit row names the verb's number, and is looked for first: a crash
between the commit and the forgetting writes nothing twice. A right that is gone by now undoes
what was done: the rows win.
"""

from collections.abc import Callable, Mapping
from typing import Final

from sessions.audit import services as audit
from sessions.core import permissions
from sessions.core.admission import SeatState
from sessions.core.permissions import Verb
from sessions.core.refusal import Refuse
from sessions.live import presence
from sessions.live.store import run
from sessions.live.unsaved import Unsaved, UnsavedVerbs, unsaved_after
from sessions.models import AuditEvent, Person, Seat
from sessions.rooms import selectors
from sessions.rooms.locked_room import Change, LockedRoom, Rule, locked_room, tell
from sessions.rooms.selectors import RoomName
from sessions.rooms.verbs import people


def _nothing(_key: str) -> Rule:
    return lambda _locked: Change.NONE


RULES: Final[Mapping[Verb, Callable[[str], Rule]]] = {
    Verb.ROOM_MUTE: lambda key: people.microphone(key, allowed=False),
    Verb.ROOM_ALLOW_MICROPHONE: lambda key: people.microphone(key, allowed=True),
    Verb.ROOM_REMOVE: people.removal,
    Verb.ROOM_LOWER_HAND: _nothing,  # a live field only: the audit row is all
}
"""What each verb of `owed.AT_ONCE` makes of the rows."""


def settle(room_id: int) -> int | Refuse:
    """Writes everything that is owed; how many verbs. A second call writes nothing.

    Refuses `store.down` when Redis is away. Raises OperationalError without PostgreSQL.
    """
    name = selectors.name_of_row(room_id)
    written, epoch, last = 0, "", 0
    while True:
        waiting = run(unsaved_after(name.key, epoch, last))
        if isinstance(waiting, Refuse):
            return waiting
        if not waiting.verbs:
            return written
        written += _write(name, waiting)
        epoch, last = waiting.epoch, waiting.verbs[-1].number


def _write(name: RoomName, waiting: UnsavedVerbs) -> int:
    roster = presence.Roster(waiting.epoch, 0, 0, 0, ())  # no rule of these looks at it
    written = 0
    for owed in waiting.verbs:
        by = Seat.objects.select_related("person").get(room_id=name.pk, key=owed.by)
        with locked_room(name, by.person, roster) as locked:
            written += _write_one(locked, owed, f"{waiting.epoch}.{owed.number}")
    return written


def _write_one(locked: LockedRoom, owed: Unsaved, number: str) -> bool:
    """Whether this call wrote it."""
    done = AuditEvent.objects.filter(
        session=locked.session, verb=owed.verb.value, detail__owed=number
    )
    if done.exists():
        return False
    locked.detail |= {"owed": number, "at_ms": owed.at_ms}
    locked.seat_version = owed.version
    refused = permissions.allowed(owed.verb, locked.principal)
    outcome = refused or RULES[owed.verb](owed.seat)(locked)
    if isinstance(outcome, Refuse):
        _undo(locked, owed)
    subject = locked.subject or _subject(locked, owed)
    code = outcome.code if isinstance(outcome, Refuse) else audit.DONE
    audit.record(locked.actor, owed.verb.value, code, subject, locked.session, locked.detail)
    if outcome is Change.MADE:
        tell(locked)
    return True


def _undo(locked: LockedRoom, owed: Unsaved) -> None:
    """The rows do not have it: presence and the seat's owner are told so."""
    seat = _seat(locked, owed)
    if seat is None:
        return
    locked.seat_version = owed.version + 1
    locked.save_seat(seat)
    if seat.state != SeatState.REMOVED.value:
        locked.afterwards(presence.unbar(locked.room.key, seat.key))
        locked.afterwards(people.microphone_as_row(locked, seat))


def _subject(locked: LockedRoom, owed: Unsaved) -> Person | None:
    seat = _seat(locked, owed)
    return seat.person if seat else None


def _seat(locked: LockedRoom, owed: Unsaved) -> Seat | None:
    return locked.room.seats.select_related("person").filter(key=owed.seat).first()
