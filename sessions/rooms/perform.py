"""How every verb of a room is done: decided on a thread, in one transaction under the room's row
lock; carried out on the loop, after the commit.

Owns the order: what is unsaved, lock, permission, rule, audit row, version, commit, effects. A
rule is a function of the locked room that either refuses, having written nothing, or writes.
Knows no verb by name.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from sessions.audit import services as audit
from sessions.core import permissions
from sessions.core.permissions import Verb
from sessions.core.refusal import Refuse
from sessions.live import presence
from sessions.live.presence import Roster
from sessions.models import Person, Room, Session
from sessions.rooms.effects import Outcome, finish
from sessions.rooms.locked_room import Change, LockedRoom, locked_room
from sessions.rooms.names import RoomName
from sessions.rooms.process import Process
from sessions.rooms.selectors import RoomNow
from sessions.rooms.settle import settle
from sessions.rooms.verbs import RULES

T = TypeVar("T")
Decide = Callable[[LockedRoom], T | Refuse]
Detail = Mapping[str, str | int]


@dataclass(frozen=True, slots=True)
class Asked:
    """A verb that somebody asks of a session, by its public id; `detail` goes into the audit
    row."""

    verb: Verb
    actor: Person
    session: str
    detail: Detail = field(default_factory=dict)


async def perform(
    process: Process, verb: Verb, actor: Person, session: str, arguments: Mapping[str, Any]
) -> RoomNow | Refuse:
    """A verb of RULES: its rule; if that changed anything, the room's version rises and the room,
    or its parts, are published."""

    def changing(locked: LockedRoom) -> RoomNow | Refuse:
        outcome = RULES[verb](locked, **arguments)
        if isinstance(outcome, Refuse):
            return outcome
        if outcome is Change.NONE:
            return locked.room_now()
        return locked.publish() if outcome is Change.MADE else locked.publish_parts()

    detail = {name: value for name, value in arguments.items() if name != "key"}
    return await under_lock(process, Asked(verb, actor, session, detail), changing)


async def under_lock(process: Process, asked: Asked, decide: Decide[T]) -> T | Refuse:
    """Decides something for an actor, permission first; done or refused, it leaves an audit row.

    Refuses `room.unknown`, `store.down` when Valkey or PostgreSQL is away or the lock cannot be
    had in time, or what table and rule say.
    """
    name = await process.name_of(asked.session)
    if isinstance(name, Refuse):
        return name
    roster = await process.store.run(presence.roster(name.key))
    if isinstance(roster, Refuse):
        return roster
    if roster.unsaved and isinstance(late := await settle(process, name), Refuse):
        return late

    def decided() -> Outcome[T | Refuse]:
        return _decide(process, name, asked, roster, decide)

    return await finish(process, decided)


def _decide(
    process: Process, name: RoomName, asked: Asked, roster: Roster, decide: Decide[T]
) -> Outcome[T | Refuse]:
    """On a thread, in a transaction."""
    try:
        with locked_room(name, asked.actor, roster, process.clock.now) as locked:
            locked.detail.update(asked.detail)
            value = permissions.allowed(asked.verb, locked.principal) or decide(locked)
            if isinstance(value, Refuse):
                locked.discard()
                if leaves_row(process, asked.actor):
                    locked.audit(asked.verb, value.code)
            elif asked.verb not in permissions.UNAUDITED:
                locked.audit(asked.verb, audit.DONE)
    except Room.DoesNotExist:  # its session fell out of the calendar
        return Outcome(Refuse("room.unknown"))
    return Outcome(value, name.key, tuple(locked.effects))


def leaves_row(process: Process, actor: Person) -> bool:
    """Whether one more refusal of this person is written down: a page that asks for ever what it
    may not must not fill the table. It is refused all the same."""
    return process.refused_verbs.take(actor.public_id, time.monotonic())


def record_refusal(verb: Verb, actor: Person | None, session: str, refused: Refuse) -> None:
    """The audit row of a refusal that was given without a rule."""
    found = Session.objects.filter(public_id=session, room__isnull=False).first()
    audit.record(actor, verb.value, refused.code, session=found)
