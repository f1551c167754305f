"""Reads of the live room: the facts that stay, the state that changes, the seats.

Owns how rows become the core's values (agenda, marks, principals) and what a verb, an event and
a snapshot say of a room (`RoomNow`). Writes nothing; knows no sockets and no messages. What
changes (`RoomNow`) travels through Redis and so holds no name and no title; those are facts.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Final

from django.db.models import Min

from sessions.core import agenda_clock, permissions, room_state
from sessions.core.admission import Arrival, RoomAtDoor, SeatState, SessionRole
from sessions.core.agenda import Agenda, AgendaClock, MarkKind, Phase, SegmentKind
from sessions.core.agenda import AgendaMark as CoreMark
from sessions.core.agenda import agenda_of as core_agenda
from sessions.core.parts import PartName
from sessions.core.refusal import Refuse
from sessions.core.room_state import RoomState
from sessions.live.presence import Roster
from sessions.models import Room, Seat, Session, SessionSegment, Track
from sessions.models.round_trip import Read, RoundTrip, Rows, read, whole_rows
from sessions.nodes.desired import RowFacts
from sessions.scheduling.plans import segments_of
from sessions.scheduling.selectors import staff_of

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
class PartState:
    """The JSON value of one part of a room, in a version."""

    version: int
    state: Any


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


def planned(room: Room) -> Planned:
    """The plan of a room and what was done to it: three queries, made after the room was read."""
    session = Session.objects.select_related("track").get(pk=room.session_id)
    room.session = session
    return Planned(session, tuple(session.segments.all()), marks_of(room))


_TRACK: Final = "id = (SELECT track_id FROM group_sessions_session WHERE id = %(session)s)"


def ask_planned(asked: RoundTrip, room: int, session: int) -> Callable[[], Planned]:
    """`planned`, asked together with something else."""
    key = {"session": session}
    sessions = asked.ask(whole_rows(Session, "id = %(session)s", key))
    tracks = asked.ask(whole_rows(Track, _TRACK, key))
    segments = asked.ask(whole_rows(SessionSegment, "session_id = %(session)s", key))
    marks = asked.ask(Read(_MARKS, {"room": room}, _marks))

    def planned() -> Planned:
        sessions()[0].track = tracks()[0]
        return Planned(sessions()[0], tuple(segments()), marks())

    return planned


def media_slots(session: Session, leaders: int) -> int:
    """How many others each page of a session has a place for."""
    return min(MOST_SLOTS, session.seats + leaders - 1)


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
        media_slots=media_slots(session, len(leaders)),
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
    return read(Read(_MARKS, {"room": room.pk}, _marks))


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
    kind = clock.segments[clock.index].planned.kind
    return clock.phase is Phase.NOT_STARTED or kind.has_media


# ---- people ------------------------------------------------------------------------------------


def arrival_of(known: permissions.Principal) -> Arrival:
    """The person as the door sees them; somebody who is both staff and client enters as staff."""
    held = permissions.grants(known)
    role = SessionRole.NONE
    if permissions.Grant.STAFFS in held:
        role = SessionRole.STAFF
    elif permissions.Grant.ON_ROSTER in held:
        role = SessionRole.CLIENT
    return Arrival(role, known.seat)


def door_of(room: Room, clock: AgendaClock) -> RoomAtDoor:
    """What the door has to know of the room. One query."""
    taken = room.seats.filter(is_staff=False, state=SeatState.ADMITTED.value).count()
    return room_at_door(room, clock, taken)


def room_at_door(room: Room, clock: AgendaClock, taken: int) -> RoomAtDoor:
    """The same, where the seats that clients have `taken` are known."""
    return RoomAtDoor(
        state=state_of(room, clock.read_at),
        starts_at=room.session.starts_at,
        seats=room.session.seats,
        segment_started_at=clock.entered_at,
        seats_taken=taken,
    )


def seats_of(room: int, keys: Iterable[str] | None = None) -> dict[str, SeatFacts]:
    """The seats of a room by key; with `keys`, those only. One query."""
    rows = Seat.objects.filter(room_id=room)
    if keys is not None:
        rows = rows.filter(key__in=list(keys))
    return {row.key: seat_facts(row) for row in rows}


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

    roster: Roster
    facts: RoomFacts
    now: RoomNow
    seats: Mapping[str, SeatFacts]
    parts: Mapping[PartName, PartState]


def rows_of(room: int, roster: Roster, clock: Callable[[], datetime]) -> RoomRows | Refuse:
    """What a snapshot of a room is made of now. `roster` was read before; `clock` is the rooms'.
    Seven queries."""
    row = Room.objects.filter(pk=room).first()
    if row is None:  # its session fell out of the calendar
        return Refuse("room.unknown")
    plan = planned(row)
    now = agenda_clock.read(plan.agenda, plan.marks, clock())
    leaders = tuple(one.display_name for one in staff_of(plan.session))
    facts = facts_of(row, plan.segments, leaders)
    return RoomRows(roster, facts, room_now(row, now), seats_of(room), parts_of(row))


def parts_of(room: Room) -> dict[PartName, PartState]:
    """The parts of a room that have changed since its beginning. One query."""
    rows = room.parts.all()
    return {PartName(row.name): PartState(row.version, row.state) for row in rows}


# ---- media -------------------------------------------------------------------------------------


def row_facts(key: str, clock: Callable[[], datetime]) -> RowFacts | Refuse:
    """What the rows say of a room's media now. Five queries."""
    row = Room.objects.filter(key=key).first()
    if row is None:
        return Refuse("room.unknown")
    plan = planned(row)
    return facts_for_node(row, agenda_clock.read(plan.agenda, plan.marks, clock()))


def facts_for_node(room: Room, clock: AgendaClock) -> RowFacts:
    """The same of a room and a clock that were read. One query."""
    state = state_of(room, clock.read_at)
    first_in = room.seats.aggregate(first=Min("first_in_at"))["first"]
    return RowFacts(
        wanted=state in room_state.OPEN,
        on=media_is_on(state, clock),
        first_in_ms=milliseconds(first_in) if first_in else None,
        room_version=room.version,
        read_ms=milliseconds(clock.read_at),
    )
