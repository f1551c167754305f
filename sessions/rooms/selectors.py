"""Reads of the live room: the facts that stay, the state that changes, the seats.

Owns how rows become the core's values (agenda, marks, principals) and what a verb, an event and
a snapshot say of a room (`RoomNow`). Writes nothing; knows no sockets and no messages. What
changes (`RoomNow`) travels through Redis and so holds no name and no title; those are facts.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, Final

from django.db.models import QuerySet

from sessions.core import agenda_clock, permissions, room_state
from sessions.core.admission import Arrival, RoomAtDoor, SeatState, SessionRole
from sessions.core.agenda import Agenda, AgendaClock, MarkKind, Phase, SegmentKind
from sessions.core.agenda import AgendaMark as CoreMark
from sessions.core.agenda import agenda_of as core_agenda
from sessions.core.refusal import Refuse
from sessions.core.room_state import RoomState
from sessions.live import clock as room_clock
from sessions.live import presence
from sessions.models import Room, Seat, Session, SessionSegment, Track
from sessions.models.round_trip import Read, RoundTrip, Rows, read, whole_rows
from sessions.scheduling.plans import segments_of
from sessions.scheduling.selectors import leaders_asked

MOST_SLOTS = 19  # a room has twenty seats at most, and nobody needs a slot for oneself


@dataclass(frozen=True, slots=True)
class SegmentFacts:
    """What a segment of the agenda is, whatever the clock says."""

    kind: str
    title: str
    block: int


@dataclass(frozen=True, slots=True)
class RoomFacts:
    """What stays as it is while a room lives. `key` is the room's opaque key."""

    room_id: int
    key: str
    starts_ms: int
    topic: str
    facilitators: tuple[str, ...]
    segments: tuple[SegmentFacts, ...]
    media_slots: int


@dataclass(frozen=True, slots=True)
class RoomNow:
    """What a verb or the clock changes of a room. `bounds` are (start, end) of each segment;
    instants are milliseconds since 1970, `left_ms` a length. No names: it goes through Redis."""

    version: int
    state: str
    phase: str
    index: int
    bounds: tuple[tuple[int, int], ...]
    read_ms: int
    left_ms: int
    ends_ms: int
    reopen_until_ms: int | None

    def payload(self) -> dict[str, Any]:
        """As JSON for the room's stream."""
        return asdict(self)

    @classmethod
    def read(cls, payload: Mapping[str, Any]) -> "RoomNow":
        """The reverse of `payload`."""
        bounds = tuple((start, end) for start, end in payload["bounds"])
        return cls(**{**payload, "bounds": bounds})


@dataclass(frozen=True, slots=True)
class SeatFacts:
    """A person's seat as its row has it. `name` is what others see."""

    key: str
    name: str
    staff: bool
    state: SeatState
    microphone_allowed: bool
    version: int


def milliseconds(instant: datetime) -> int:
    """Since 1970, UTC."""
    return round(instant.timestamp() * 1000)


def rooms() -> QuerySet[Room]:
    """Rooms with session, track and agenda: two queries."""
    return Room.objects.select_related("session__track").prefetch_related("session__segments")


@dataclass(frozen=True, slots=True)
class RoomName:
    """By what a room is called: they never change."""

    pk: int
    key: str
    session: int  # the key of its row


_NAMES: Final = Room.objects.values_list("pk", "key", "session_id")


def name_of(session: str) -> RoomName | None:
    """How the room of a session's public id is called: one query, once in a process."""
    try:
        return _name_of(session)
    except Room.DoesNotExist:
        return None


@lru_cache(maxsize=4096)
def _name_of(session: str) -> RoomName:
    return RoomName(*_NAMES.get(session__public_id=session))


@lru_cache(maxsize=4096)
def name_of_row(room: int) -> RoomName:
    """The same by the key of the room's row. Raises Room.DoesNotExist."""
    return RoomName(*_NAMES.get(pk=room))


def room_of(session: str) -> Room | None:
    """The room of a session's public id, with the session: one query."""
    found = Room.objects.select_related("session").filter(session__public_id=session)
    return found.first()


@dataclass(frozen=True, slots=True)
class Planned:
    """What was planned for a room, and what was done to the plan. The session has its track."""

    session: Session
    segments: tuple[SessionSegment, ...]
    marks: tuple[CoreMark, ...]

    @property
    def agenda(self) -> Agenda:
        """The plan as the core knows it."""
        session = self.session
        return core_agenda(segments_of(self.segments), session.starts_at, session.ends_at)


_TRACK: Final = "id = (SELECT track_id FROM group_sessions_session WHERE id = %(session)s)"


def ask_planned(asked: RoundTrip, room: int, session: int) -> Callable[[], Planned]:
    """Asks for it on the way of others. The session has to be there."""
    key = {"session": session}
    sessions = asked.ask(whole_rows(Session, "id = %(session)s", key))
    tracks = asked.ask(whole_rows(Track, _TRACK, key))
    segments = asked.ask(whole_rows(SessionSegment, "session_id = %(session)s", key))
    marks = asked.ask(marks_asked(room))

    def planned() -> Planned:
        sessions()[0].track = tracks()[0]
        return Planned(sessions()[0], tuple(segments()), marks())

    return planned


def facts_of(room: Room, segments: Iterable[SessionSegment], leaders: tuple[str, ...]) -> RoomFacts:
    """The facts of a room whose session has these segments and leaders, in their order."""
    session = room.session
    facts = tuple(
        SegmentFacts(SegmentKind(row.kind).value, row.title, row.block) for row in segments
    )
    return RoomFacts(
        room_id=room.pk,
        key=room.key,
        starts_ms=milliseconds(session.starts_at),
        topic=session.topic,
        facilitators=leaders,
        segments=facts,
        media_slots=min(MOST_SLOTS, session.track.seats + len(leaders) - 1),
    )


def agenda_of(session: Session) -> Agenda:
    """The plan of a session, from its rows."""
    return Planned(session, tuple(session.segments.all()), ()).agenda


_MARKS: Final = """
SELECT at, kind, minutes, number FROM group_sessions_agendamark
WHERE room_id = %(room)s ORDER BY number
"""


def marks_of(room: Room) -> tuple[CoreMark, ...]:
    """What was done to a room's agenda: one query."""
    return read(marks_asked(room.pk))


def marks_asked(room: int) -> Read[tuple[CoreMark, ...]]:
    """`marks_of`, to be asked together with something else."""
    return Read(_MARKS, {"room": room}, _marks)


def _marks(rows: Rows) -> tuple[CoreMark, ...]:
    return tuple(
        CoreMark(at, MarkKind(kind), minutes, number) for at, kind, minutes, number in rows
    )


def state_of(room: Room, now: datetime) -> RoomState:
    """The state that holds now, whether or not a job has run."""
    session = room.session
    return room_state.effective_state(
        RoomState(room.state), session.starts_at, session.ends_at, now
    )


def room_and_clock(key: str, now: datetime) -> tuple[Room, AgendaClock]:
    """The room of a key, with its session, and its agenda's clock: two round trips. Raises
    Room.DoesNotExist."""
    found = read(whole_rows(Room, "key = %(key)s", {"key": key}))
    if not found:
        raise Room.DoesNotExist
    room, asked = found[0], RoundTrip()
    plan = ask_planned(asked, room.pk, room.session_id)
    asked.go()
    planned = plan()
    room.session = planned.session
    return room, agenda_clock.read(planned.agenda, planned.marks, now)


def clock_of(room: Room, now: datetime) -> AgendaClock:
    """The agenda's clock at `now`."""
    return agenda_clock.read(agenda_of(room.session), marks_of(room), now)


def room_now(room: Room, clock: AgendaClock) -> RoomNow:
    """What the room says of itself at the instant of the clock."""
    state = state_of(room, clock.read_at)
    reopens = state is RoomState.ENDED and room.ended_at is not None
    until = room_state.reopen_until(room.ended_at) if reopens and room.ended_at else None
    bounds = tuple(
        (milliseconds(one.starts_at), milliseconds(one.ends_at)) for one in clock.segments
    )
    return RoomNow(
        version=room.version,
        state=state.value,
        phase=clock.phase.value,
        index=clock.index,
        bounds=bounds,
        read_ms=milliseconds(clock.read_at),
        left_ms=round(clock.left.total_seconds() * 1000),
        ends_ms=milliseconds(clock.ends_at),
        reopen_until_ms=milliseconds(until) if until else None,
    )


def media_is_on(state: RoomState, clock: AgendaClock) -> bool:
    """People in the room see and hear each other: from the lobby on, but not in a break."""
    if state not in room_state.OPEN:
        return False
    resting = clock.segments[clock.index].planned.kind is SegmentKind.BREAK
    return clock.phase is Phase.NOT_STARTED or not resting


# ---- people ------------------------------------------------------------------------------------


def at_door(known: permissions.Principal) -> Arrival:
    """The same principal as the door sees it; who is both staff and client enters as staff."""
    held = permissions.grants(known)
    role = SessionRole.NONE
    if permissions.Grant.STAFFS in held:
        role = SessionRole.STAFF
    elif permissions.Grant.ON_ROSTER in held:
        role = SessionRole.CLIENT
    return Arrival(role, known.seat)


def door_of(room: Room, clock: AgendaClock) -> RoomAtDoor:
    """What the door has to know of the room."""
    taken = room.seats.filter(is_staff=False, state=SeatState.ADMITTED.value).count()
    return RoomAtDoor(
        state=state_of(room, clock.read_at),
        starts_at=room.session.starts_at,
        seats=room.session.track.seats,
        segment_started_at=clock.entered_at,
        seats_taken=taken,
    )


def seats_of(room_id: int, keys: Iterable[str] | None = None) -> dict[str, SeatFacts]:
    """The seats of a room by key; with `keys`, those only. One query."""
    seats = read(seats_asked(room_id))
    return seats if keys is None else {key: seats[key] for key in keys if key in seats}


def seats_asked(room: int) -> Read[dict[str, SeatFacts]]:
    """`seats_of`, to be asked together with something else."""
    rows = whole_rows(Seat, "room_id = %(room)s", {"room": room})

    def facts(found: Rows) -> dict[str, SeatFacts]:
        return {row.key: seat_facts(row) for row in rows.take(found)}

    return Read(rows.sql, rows.parameters, facts)


def seat_facts(seat: Seat) -> SeatFacts:
    """One seat's facts."""
    return SeatFacts(
        key=seat.key,
        name=seat.display_name,
        staff=seat.is_staff,
        state=SeatState(seat.state),
        microphone_allowed=seat.microphone_allowed,
        version=seat.version,
    )


# ---- snapshot ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class RoomRows:
    """All that a snapshot is made of. The roster, with its (epoch, seq), was read first: an
    event after that number may be in the rows already, and applying it again does nothing."""

    roster: presence.Roster
    facts: RoomFacts
    now: RoomNow
    seats: Mapping[str, SeatFacts]


def rows_of(session: str) -> RoomRows | Refuse:
    """What a snapshot of the session's room is made of now: one round trip."""
    name = name_of(session)
    if name is None:
        return Refuse("room.unknown")
    roster = presence.run(presence.roster(name.key))
    if isinstance(roster, Refuse):
        return roster
    asked = RoundTrip()  # after the roster: what was read before may be older than it
    rooms = asked.ask(whole_rows(Room, "id = %(room)s", {"room": name.pk}))
    plan = ask_planned(asked, name.pk, name.session)
    leaders = asked.ask(leaders_asked(name.session))
    seats = asked.ask(seats_asked(name.pk))
    asked.go()
    if not rooms():
        return Refuse("room.unknown")
    room, planned = rooms()[0], plan()
    room.session = planned.session
    clock = agenda_clock.read(planned.agenda, planned.marks, room_clock.now())
    facts = facts_of(room, planned.segments, leaders())
    return RoomRows(roster, facts, room_now(room, clock), seats())
