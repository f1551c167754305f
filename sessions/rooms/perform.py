"""How every verb of a room is done: one transaction under the room's row lock.

Owns the order: what is owed, lock, permission, rule, audit row, version, and after the commit
what is told. A rule is a function of the locked room that either refuses, having written nothing,
or writes. Knows no verb by name.
"""

from collections.abc import Callable, Mapping
from typing import TypeVar

from sessions.audit import services as audit
from sessions.core import permissions
from sessions.core.permissions import Verb
from sessions.core.refusal import Refuse
from sessions.live import presence
from sessions.models import Person, Room
from sessions.models.round_trip import insert
from sessions.rooms import selectors, settle
from sessions.rooms.locked_room import Change, LockedRoom, Rule, locked_room, now_of, tell
from sessions.rooms.selectors import RoomNow

T = TypeVar("T")


def under_lock(
    verb: Verb,
    actor: Person,
    session: str,
    rule: Callable[[LockedRoom], T | Refuse],
    detail: Mapping[str, str | int] | None = None,
) -> T | Refuse:
    """Runs a rule for an actor, permission first; done or refused, it leaves an audit row.

    Refuses `room.unknown`, `store.down` when Redis is away, or what table and rule say.
    Raises OperationalError when PostgreSQL is away or the lock cannot be had in time.
    """
    found = selectors.name_of(session)
    if found is None:
        return Refuse("room.unknown")
    roster = presence.run(presence.roster(found.key))
    if isinstance(roster, Refuse):
        return roster
    if roster.owed and isinstance(late := settle.settle(found.pk), Refuse):
        return late
    try:
        with locked_room(found, actor, roster) as locked:
            locked.detail.update(detail or {})
            outcome = permissions.allowed(verb, locked.principal) or rule(locked)
            code = outcome.code if isinstance(outcome, Refuse) else audit.DONE
            row = audit.event(
                actor, verb.value, code, locked.subject, locked.session, locked.detail
            )
            locked.writes.append(insert(row))
    except Room.DoesNotExist:  # its session fell out of the calendar
        return Refuse("room.unknown")
    return outcome


def perform(
    verb: Verb,
    actor: Person,
    session: str,
    rule: Rule,
    detail: Mapping[str, str | int] | None = None,
) -> RoomNow | Refuse:
    """A verb that changes the room: `under_lock`, then its version rises and it is told."""

    def changing(locked: LockedRoom) -> RoomNow | Refuse:
        outcome = rule(locked)
        if isinstance(outcome, Refuse):
            return outcome
        return tell(locked) if outcome is Change.MADE else now_of(locked)

    return under_lock(verb, actor, session, changing, detail)


def record_refusal(verb: Verb, actor: Person | None, session: str, refused: Refuse) -> None:
    """The audit row of a refusal that was given without a rule (one's own live verbs)."""
    room = selectors.room_of(session)
    audit.record(actor, verb.value, refused.code, session=room.session if room else None)
