"""Writes the verbs that staff did to the live state while PostgreSQL was away.

Owns that every unsaved verb becomes its row and its audit row once, in order, before any later
verb of the room is done. The audit row names the verb's number, and is looked for first: a crash
between the commit and the forgetting writes nothing twice. A right that is gone by now undoes
what was done: the rows win.
"""

from functools import partial

from sessions.audit import services as audit
from sessions.core import permissions
from sessions.core.admission import SeatState
from sessions.core.refusal import Refuse
from sessions.live import presence
from sessions.live.presence import Roster
from sessions.live.unsaved import Unsaved, UnsavedVerbs, unsaved_after
from sessions.models import AuditEvent, Person, Seat
from sessions.rooms.effects import Effect, Outcome, finish
from sessions.rooms.locked_room import Change, Clock, LockedRoom, locked_room
from sessions.rooms.names import RoomName
from sessions.rooms.process import Process
from sessions.rooms.verbs import RULES
from sessions.rooms.verbs.people import microphone_as_row


async def settle(process: Process, name: RoomName) -> int | Refuse:
    """Writes everything that is unsaved; how many verbs. A second call writes nothing.

    Refuses `store.down` when Valkey or PostgreSQL is away.
    """
    written, epoch, last = 0, "", 0
    while True:
        waiting = await process.store.run(unsaved_after(name.key, epoch, last))
        if isinstance(waiting, Refuse):
            return waiting
        if not waiting.verbs:
            return written
        done = await finish(process, partial(_write, name, waiting, process.clock.now))
        if isinstance(done, Refuse):
            return done
        written += done
        epoch, last = waiting.epoch, waiting.verbs[-1].number


def _write(name: RoomName, waiting: UnsavedVerbs, clock: Clock) -> Outcome[int]:
    """On a thread, in a transaction."""
    roster = Roster(waiting.epoch, 0, 0, 0, ())  # no rule of these looks at it
    effects: list[Effect] = []
    written = 0
    for unsaved in waiting.verbs:
        by = Seat.objects.select_related("person").get(room_id=name.pk, key=unsaved.by)
        with locked_room(name, by.person, roster, clock) as locked:
            written += _write_one(locked, unsaved, f"{waiting.epoch}.{unsaved.number}")
            effects += locked.effects
    return Outcome(written, name.key, tuple(effects))


def _write_one(locked: LockedRoom, unsaved: Unsaved, number: str) -> bool:
    """Whether this call wrote it. The number keeps its name of old in the audit's rows."""
    done = AuditEvent.objects.filter(
        session=locked.session, verb=unsaved.verb.value, detail__owed=number
    )
    if done.exists():
        return False
    locked.detail |= {"owed": number, "at_ms": unsaved.at_ms}
    locked.seat_version = unsaved.version
    refused = permissions.allowed(unsaved.verb, locked.principal)
    outcome = refused or RULES[unsaved.verb](locked, key=unsaved.seat)
    if isinstance(outcome, Refuse):
        locked.discard()
        _undo(locked, unsaved)
    locked.subject = locked.subject or _subject(locked, unsaved)
    code = outcome.code if isinstance(outcome, Refuse) else audit.DONE
    locked.audit(unsaved.verb, code)
    if outcome is Change.MADE:
        locked.publish()
    return True


def _undo(locked: LockedRoom, unsaved: Unsaved) -> None:
    """The rows do not have it: presence and the seat's owner get what the rows have."""
    seat = locked.seats().get(unsaved.seat)
    if seat is None:
        return
    locked.seat_version = unsaved.version + 1
    locked.save_seat(seat)
    if seat.state != SeatState.REMOVED.value:
        locked.change_presence(presence.unbar(locked.room.key, seat.key))
        locked.change_presence(microphone_as_row(locked, seat))


def _subject(locked: LockedRoom, unsaved: Unsaved) -> Person | None:
    seat = locked.seats().get(unsaved.seat)
    return seat.person if seat else None
