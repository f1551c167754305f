"""A room whose row is locked, as one actor found it at one instant.

Owns the lock, the rows that a rule changes and the effects that it leaves. There is one way to
write: `save`, and what was saved reaches the database when the rule has not refused. Knows no
verb, and does not ask who may do what.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import Enum
from typing import Any

from django.db import transaction
from django.db.models import Model

from sessions.audit import services as audit
from sessions.core import agenda_clock, permissions, room_state
from sessions.core.agenda import Agenda, AgendaClock, MarkKind
from sessions.core.agenda import AgendaMark as CoreMark
from sessions.core.parts import PARTS, PartName
from sessions.core.permissions import Verb
from sessions.core.refusal import Refuse
from sessions.core.room_state import RoomState
from sessions.core.viewing import Facts
from sessions.live import presence
from sessions.live.presence import Applied, Place, Roster
from sessions.live.store import Call
from sessions.live.stream import Audience, Draft, Kind
from sessions.models import AgendaMark, Person, Room, RoomPart, Seat, Session, SessionSegment
from sessions.models.round_trip import RoundTrip, whole_rows
from sessions.rooms import selectors
from sessions.rooms.effects import (
    ChangePresence,
    Effect,
    Publish,
    RevokeMedia,
    WriteDesired,
    WriteMarks,
)
from sessions.rooms.names import RoomName
from sessions.rooms.selectors import RoomNow
from sessions.scheduling import members
from sessions.scheduling.selectors import principal_asked

Clock = Callable[[], datetime]


class Change(Enum):
    """What a rule did to the rows."""

    MADE = "made"  # to the room or its people: the room is published
    PART = "part"  # to parts of the room alone: each of them is
    NONE = "none"  # it was so already: success, and nothing is published


@dataclass(slots=True)
class LockedRoom:
    """A room whose row is locked, as one actor found it at one instant."""

    room: Room
    actor: Person | None  # None: the clock
    principal: permissions.Principal
    roster: Roster
    agenda: Agenda
    segments: tuple[SessionSegment, ...]
    now: datetime
    marks: list[CoreMark]
    marks_before: int  # of `marks`, those that were there when the row was locked
    subject: Person | None = None
    detail: dict[str, str | int | bool | None] = field(default_factory=dict)
    seat_version: int = 0  # at least this, when a seat is saved: presence has it already
    for_node: bool = False  # it changed who is there, or who may speak
    effects: list[Effect] = field(default_factory=list)
    _saved: list[Model] = field(default_factory=list)  # in the order of their first saving
    _seats: dict[str, Seat] | None = None
    _parts: dict[PartName, RoomPart] | None = None
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

    # ---- seats ---------------------------------------------------------------------------------

    def seats(self) -> dict[str, Seat]:
        """Every seat of the room by key, those of this transaction included. One query."""
        if self._seats is None:
            rows = self.room.seats.select_related("person").order_by("pk")
            self._seats = {seat.key: seat for seat in rows}
        return self._seats

    def seat_of(self, key: str) -> Seat | Refuse:
        """The seat that a verb is about; its person is the subject of the audit row."""
        seat = self.seats().get(key)
        if seat is None:
            return Refuse("seat.unknown")
        self.subject = seat.person
        return seat

    def own_seat(self) -> Seat:
        """The actor's, which may be a new one."""
        assert self.actor is not None
        mine = (seat for seat in self.seats().values() if seat.person_id == self.actor.pk)
        seat = next(mine, None) or Seat(room=self.room, person=self.actor)
        self.seats()[seat.key] = seat
        return seat

    # ---- parts ---------------------------------------------------------------------------------

    def decide(self, name: PartName, command: Any) -> Change | Refuse:
        """Asks a part's command; what it makes of the part is saved and published."""
        part, row = PARTS[name], self._part(name)
        state = part.read(row.state)
        decided = part.decide(state, command, self._facts())
        if isinstance(decided, Refuse):
            return decided
        if decided == state:
            return Change.NONE
        row.state, row.version = part.stored(decided), row.version + 1
        self.save(row)
        self.effects.append(Publish(part_changed(row)))
        return Change.PART

    def _part(self, name: PartName) -> RoomPart:
        if self._parts is None:
            self._parts = {PartName(row.name): row for row in self.room.parts.all()}
        if name not in self._parts:
            self._parts[name] = RoomPart(room=self.room, name=name.value)
        return self._parts[name]

    def _facts(self) -> Facts:
        mine = [seat.key for seat in self.seats().values() if seat.person == self.actor]
        return Facts(
            at_ms=selectors.milliseconds(self.now),
            actor=mine[0] if mine else "",
            present=frozenset(entry.seat for entry in self.roster.at(Place.ROOM)),
        )

    def _empty_parts(self) -> None:
        """Back to the beginning: the room is over, and its parts hold what was of the moment."""
        for row in map(self._part, PARTS):
            if row.state is None:
                continue
            row.state, row.version = None, row.version + 1
            self.save(row)
            self.effects.append(Publish(part_changed(row)))

    # ---- writing -------------------------------------------------------------------------------

    def save(self, row: Model) -> None:
        """Writes a row at the end of the transaction."""
        if not any(row is saved for saved in self._saved):
            self._saved.append(row)

    def write(self) -> None:
        """Writes what was saved, in order."""
        for row in self._saved:
            row.save()
        self._saved.clear()

    def audit(self, verb: Verb, code: str) -> None:
        """The audit row of what was done here, or refused."""
        subject, session = self.subject, self.session
        self.save(audit.event(self.actor, verb.value, code, subject, session, self.detail))

    def discard(self) -> None:
        """A rule that refuses has written nothing and leaves no effect. Seats and parts are read
        again: it may have changed one before it refused."""
        self._saved.clear()
        self.effects.clear()
        self._seats = self._parts = None

    def refuses(self, kind: MarkKind, minutes: int = 0) -> Refuse | None:
        """Why the agenda cannot have this mark now, if it cannot."""
        mark = CoreMark(self.now, kind, minutes, len(self.marks) + 1)
        return agenda_clock.decide(self.agenda, self.marks, mark)

    def mark(self, kind: MarkKind, minutes: int = 0, at: datetime | None = None) -> None:
        """Makes one mark of the agenda."""
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
        self.save(row)

    def change_state(self, transition: room_state.Transition) -> None:
        """Takes the state of a transition and does what it says of people (EMPTY_ROOM)."""
        self.for_node |= not {self.state, transition.state} <= room_state.IN_SESSION
        self.room.state = transition.state.value
        if room_state.Effect.EMPTY_ROOM in transition.effects:
            self._empty_parts()
            self.change_presence(presence.close(self.room.key))

    def save_seat(self, seat: Seat, reason: str = "") -> None:
        """Saves a seat under its next version and tells its owner."""
        self.for_node = True
        seat.version = max(seat.version + 1, self.seat_version)
        self.save(seat)
        self.effects.append(Publish(me_changed(seat, reason)))

    # ---- effects -------------------------------------------------------------------------------

    def change_presence(self, call: Call[Applied]) -> None:
        """A change of presence, made when the rows are committed."""
        self.for_node = True
        self.effects.append(ChangePresence(call))

    def revoke_media(self, seat: Seat) -> None:
        """Ends a seat's media for good, directly at the node."""
        self.effects.append(RevokeMedia(seat.key))

    def publish(self) -> RoomNow:
        """Raises the room's version and publishes the room; the media node gets what it wants
        now, if that is anything to the node."""
        self.room.version += 1
        self.save(self.room)
        now = self.room_now()
        self.effects.append(Publish(room_changed(now)))
        if self._is_for_node():
            facts = selectors.facts_for_node(self.room, self.clock())
            self.effects.append(WriteDesired(facts))
        if self.state in room_state.OVER:
            self.effects.append(WriteMarks(self.name()))
        return now

    def name(self) -> RoomName:
        """By what the room is called."""
        session = self.session
        return RoomName(self.room.pk, self.room.key, session.pk, session.public_id)

    def publish_parts(self) -> RoomNow:
        """Raises the room's version, where only parts changed: the last of their events bears
        it."""
        self.room.version += 1
        self.save(self.room)
        last = self.effects[-1]
        assert isinstance(last, Publish)
        self.effects[-1] = Publish(replace(last.draft, room_version=self.room.version))
        return self.room_now()

    def room_now(self) -> RoomNow:
        """The room as it is in this transaction."""
        return selectors.room_now(self.room, self.clock())

    def _is_for_node(self) -> bool:
        """Whether the media node is to hear what was done here, or what the clock alone did to
        the agenda since the last mark."""
        before = self.marks[: self.marks_before]
        if self.for_node or not before:
            return True
        then = agenda_clock.read(self.agenda, before, before[-1].at)
        on = selectors.media_is_on(self.state, self.clock())
        return on != selectors.media_is_on(self.state, then)


Rule = Callable[..., Change | Refuse]  # (locked room, the fields of its message by name)
Rules = Mapping[Verb, Rule]


@contextmanager
def locked_room(
    name: RoomName, actor: Person | None, roster: Roster, clock: Clock
) -> Iterator[LockedRoom]:
    """A transaction that holds the row of a room; `clock` is read once the row is locked. What
    the block saved is written at its end. Raises Room.DoesNotExist."""
    with transaction.atomic():
        locked = _lock(name, actor, roster, clock)
        yield locked
        locked.write()


def _lock(name: RoomName, actor: Person | None, roster: Roster, clock: Clock) -> LockedRoom:
    """Locks the row, and then reads what may have changed until it was locked, all in one round
    trip."""
    asked = RoundTrip()
    rooms = asked.ask(whole_rows(Room, "id = %(room)s", {"room": name.pk}, lock=True))
    plan = selectors.ask_planned(asked, name.pk, name.session)
    known = asked.ask(principal_asked(actor, name.session))
    asked.go()
    if not rooms():
        raise Room.DoesNotExist
    room, planned, now = rooms()[0], plan(), clock()
    room.session = planned.session
    if members.is_due(room.session, now):
        members.write_down(room.session, now)
    return LockedRoom(
        room=room,
        actor=actor,
        principal=known(),
        roster=roster,
        agenda=planned.agenda,
        segments=planned.segments,
        now=now,
        marks=list(planned.marks),
        marks_before=len(planned.marks),
    )


def room_changed(now: RoomNow) -> Draft:
    """The event that tells a room."""
    return Draft(
        Kind.ROOM_CHANGED,
        Audience.EVERYONE,
        now.version,
        payload=now.payload(),
        room_version=now.version,
    )


def part_changed(row: RoomPart) -> Draft:
    """The event that tells a part's state; each reader is shown what `show` gives."""
    payload = {"part": row.name, "version": row.version, "state": row.state}
    return Draft(Kind.PART_CHANGED, Audience.EVERYONE, row.version, row.name, payload=payload)


def me_changed(seat: Seat, reason: str = "") -> Draft:
    """The event that tells somebody of their own seat."""
    payload = {"seat": seat.state, "microphone_allowed": seat.microphone_allowed}
    return Draft(
        Kind.ME_CHANGED, Audience.SEAT, seat.version, seat.key, reason=reason, payload=payload
    )
