"""A room whose row is locked, and what is written and told while it is.

Owns the lock, the room as one actor found it at one instant, and what is told after the commit.
Knows no verb, and does not ask who may do what.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum

from django.db import transaction

from sessions.core import agenda_clock, permissions, room_state
from sessions.core.agenda import Agenda, AgendaClock, MarkKind
from sessions.core.agenda import AgendaMark as CoreMark
from sessions.core.refusal import Refuse
from sessions.core.room_state import RoomState
from sessions.live import broadcast, presence
from sessions.live import clock as room_clock
from sessions.live.store import Call
from sessions.live.stream import Audience, Draft, Kind
from sessions.models import AgendaMark, Person, Room, Seat, Session, SessionSegment
from sessions.models.round_trip import RoundTrip, Write, insert, update, whole_rows, write
from sessions.nodes import desired as bridge
from sessions.rooms import selectors
from sessions.rooms.selectors import RoomName, RoomNow
from sessions.scheduling.selectors import principal_asked


class Change(Enum):
    """What a rule did to the rows."""

    MADE = "made"
    NONE = "none"  # it was so already: success, and nothing is told


@dataclass(slots=True)
class LockedRoom:
    """A room whose row is locked, as one actor found it at one instant."""

    room: Room
    actor: Person | None  # None: the clock
    principal: permissions.Principal
    roster: presence.Roster
    agenda: Agenda
    segments: tuple[SessionSegment, ...]
    now: datetime
    subject: Person | None = None
    detail: dict[str, str | int | bool | None] = field(default_factory=dict)
    marks: list[CoreMark] = field(default_factory=list)
    seat_version: int = 0  # at least this, when a seat is saved: it was told already
    for_node: bool = False  # it changed who is there, or who may speak
    marks_before: int = 0  # of `marks`, those that were there when the row was locked
    writes: list[Write] = field(default_factory=list)  # made when the lock is given back
    _read: tuple[int, AgendaClock] | None = None

    @property
    def session(self) -> Session:
        return self.room.session

    @property
    def state(self) -> RoomState:
        """The one that holds now."""
        return selectors.state_of(self.room, self.now)

    def clock(self) -> AgendaClock:
        """The agenda's clock now, marks of this transaction included."""
        count = len(self.marks)
        if self._read is None or self._read[0] != count or self._read[1].read_at != self.now:
            self._read = count, agenda_clock.read(self.agenda, self.marks, self.now)
        return self._read[1]

    def is_for_node(self) -> bool:
        """Whether the media node has to be told what was done here, or what the clock alone did
        to the agenda since the last mark."""
        before = self.marks[: self.marks_before]
        if self.for_node or not before:
            return True
        then = agenda_clock.read(self.agenda, before, before[-1].at)
        on = selectors.media_is_on(self.state, self.clock())
        return on != selectors.media_is_on(self.state, then)

    def refuses(self, kind: MarkKind, minutes: int = 0) -> Refuse | None:
        """Why the agenda cannot have this mark now, if it cannot."""
        mark = CoreMark(self.now, kind, minutes, len(self.marks) + 1)
        return agenda_clock.decide(self.agenda, self.marks, mark)

    def mark(self, kind: MarkKind, minutes: int = 0, at: datetime | None = None) -> None:
        """Writes one mark of the agenda."""
        mark = CoreMark(at or self.now, kind, minutes, len(self.marks) + 1)
        self.marks.append(mark)
        row = AgendaMark(
            room=self.room,
            number=mark.number,
            at=mark.at,
            kind=kind.value,
            minutes=minutes,
            by=self.actor,
        )
        self.writes.append(insert(row))

    def change_state(self, transition: room_state.Transition) -> None:
        """Takes the state of a transition and does what it says of people (EMPTY_ROOM)."""
        self.for_node |= not {self.state, transition.state} <= room_state.IN_SESSION
        self.room.state = transition.state.value
        if room_state.Effect.EMPTY_ROOM in transition.effects:
            self.afterwards(presence.close(self.room.key))

    def seat_of(self, key: str) -> Seat | Refuse:
        """The seat that a verb is about; its person is the subject of the audit row."""
        seat = self.room.seats.select_related("person").filter(key=key).first()
        if seat is None:
            return Refuse("seat.unknown")
        self.subject = seat.person
        return seat

    def afterwards(self, call: Call[presence.Told]) -> None:
        """A change of presence, made when the rows are committed."""
        self.for_node = True
        transaction.on_commit(lambda: broadcast.send(self.room.key, call), robust=True)

    def save_seat(self, seat: Seat, reason: str = "") -> None:
        """Saves a seat under its next version and tells its owner."""
        self.for_node = True
        seat.version = max(seat.version + 1, self.seat_version)
        seat.save()
        broadcast.publish_on_commit(self.room.key, me_changed(seat, reason))


Rule = Callable[[LockedRoom], Change | Refuse]


@contextmanager
def locked_room(
    room: RoomName, actor: Person | None, roster: presence.Roster
) -> Iterator[LockedRoom]:
    """A transaction that holds the row of a room; what the block wants written (`writes`) is
    written at its end, all in one round trip, and committed with it. Raises Room.DoesNotExist."""
    with transaction.atomic(savepoint=False):
        locked = _lock(room, actor, roster)
        yield locked
        write(locked.writes)


def _lock(name: RoomName, actor: Person | None, roster: presence.Roster) -> LockedRoom:
    """Locks the row and then reads what may have changed until it was had, the actor's principal
    too: what one statement reads that waits for a lock is as old as its beginning. Each statement
    sees what was committed when it began (READ COMMITTED), on one way to the database as well."""
    asked = RoundTrip()
    found = asked.ask(whole_rows(Room, "id = %(room)s", {"room": name.pk}, lock=True))
    plan = selectors.ask_planned(asked, name.pk, name.session)
    known = asked.ask(principal_asked(actor, name.session))
    asked.go()
    if not found():
        raise Room.DoesNotExist
    room, planned = found()[0], plan()
    room.session = planned.session
    return LockedRoom(
        room=room,
        actor=actor,
        principal=known(),
        roster=roster,
        agenda=planned.agenda,
        segments=planned.segments,
        now=room_clock.now(),
        marks=list(planned.marks),
        marks_before=len(planned.marks),
    )


def tell(locked: LockedRoom) -> RoomNow:
    """Raises the room's version, and tells the room once it is committed; the media node too,
    if it is anything to the node."""
    locked.room.version += 1
    locked.writes.append(update(locked.room))
    told = now_of(locked)
    broadcast.publish_on_commit(locked.room.key, room_changed(told))
    if locked.is_for_node():
        transaction.on_commit(lambda: bridge.demand(locked.room.key), robust=True)
    return told


def now_of(locked: LockedRoom) -> RoomNow:
    """The room as it is in this transaction."""
    return selectors.room_now(locked.room, locked.clock())


def room_changed(now: RoomNow) -> Draft:
    """The event that tells a room."""
    return Draft(Kind.ROOM_CHANGED, Audience.EVERYONE, now.version, payload=now.payload())


def me_changed(seat: Seat, reason: str = "") -> Draft:
    """The event that tells somebody their own principal."""
    payload = {"seat": seat.state, "microphone_allowed": seat.microphone_allowed}
    return Draft(
        Kind.ME_CHANGED, Audience.SEAT, seat.version, seat.key, reason=reason, payload=payload
    )
