"""One evening group in rows: a track, its session in thirds, a room, people on the roster.

What happens in it is told in minutes from its start.
"""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta

from sessions.core.agenda import MarkKind, SegmentKind
from sessions.core.permissions import Role
from sessions.core.reasons import LeaveReason
from sessions.core.room_state import RoomState
from sessions.models import (
    AgendaMark,
    AgendaTemplate,
    AttendanceCheckpoint,
    AttendanceMark,
    Enrolment,
    Person,
    Program,
    Room,
    Seat,
    Session,
    SessionSegment,
    Staffing,
    Track,
)

START = datetime(2026, 11, 23, 18, 0, tzinfo=UTC)
LENGTH = timedelta(minutes=90)
KINDS = (SegmentKind.CHECK_IN, SegmentKind.TOPIC, SegmentKind.WRAP_UP)


def at(minutes: float) -> datetime:
    """So many minutes after the start."""
    return START + timedelta(minutes=minutes)


def make_person(name: str, *roles: Role) -> Person:
    """An account; its address is made of its name."""
    return Person.objects.create(
        email=f"{name.lower()}@example.org",
        display_name=name,
        roles=[role.value for role in roles or (Role.CLIENT,)],
    )


def make_track() -> Track:
    return Track.objects.create(
        program=Program.objects.create(name="Evening"),
        name="Evening",
        weekdays=[0],
        local_start=time(18),
        minutes=90,
        zone="UTC",
        first_date=date(2026, 11, 23),
        weeks=12,
        template=AgendaTemplate.objects.create(name="Thirds"),
    )


@dataclass
class Evening:
    """The session, its room, and short words for what happens in it."""

    session: Session
    room: Room
    segments: list[SessionSegment]
    dana: Person
    numbers: list[int] = field(default_factory=list)

    @classmethod
    def make(cls, starts_at: datetime = START) -> "Evening":
        track = make_track()
        session = Session.objects.create(
            track=track,
            number=1,
            local_date=starts_at.date(),
            starts_at=starts_at,
            ends_at=starts_at + LENGTH,
        )
        segments = [
            SessionSegment.objects.create(session=session, position=n, kind=kind.value, share=1)
            for n, kind in enumerate(KINDS)
        ]
        dana = make_person("Dana", Role.FACILITATOR)
        Staffing.objects.create(track=track, person=dana)
        room = Room.objects.create(session=session)
        evening = cls(session, room, segments, dana)
        evening.sit(dana, staff=True)
        return evening

    def client(self, name: str) -> Person:
        """Somebody on the roster, with a seat."""
        person = make_person(name)
        Enrolment.objects.create(
            track=self.session.track,
            person=person,
            display_name=name,
            starts_on=self.session.local_date,
        )
        self.sit(person)
        return person

    def sit(self, person: Person, *, staff: bool = False) -> Seat:
        return Seat.objects.create(
            room=self.room, person=person, display_name=person.display_name, is_staff=staff
        )

    def seat(self, person: Person) -> str:
        """The key of a person's seat."""
        return Seat.objects.get(room=self.room, person=person).key

    def agenda(self, *marks: tuple[float, MarkKind]) -> None:
        """What was done to the agenda."""
        for number, (minutes, kind) in enumerate(marks):
            AgendaMark.objects.create(room=self.room, number=number, at=at(minutes), kind=kind)

    def held(self) -> None:
        """Run as planned, and ended on time."""
        self.agenda(
            (0, MarkKind.START),
            (30, MarkKind.ADVANCE),
            (60, MarkKind.ADVANCE),
            (90, MarkKind.END),
        )
        self.room.state = RoomState.ENDED.value
        self.room.started_at, self.room.ended_at = at(0), at(90)
        self.room.save()

    def mark(
        self, person: Person, kind: str, minutes: float, connection: str = "c", reason: str = ""
    ) -> None:
        self.numbers.append(len(self.numbers) + 1)
        AttendanceMark.objects.create(
            session=self.session,
            person=person,
            at=at(minutes),
            kind=kind,
            reason=reason,
            connection=connection,
            epoch="e",
            seq=self.numbers[-1],
        )

    def stay(self, person: Person, came: float, went: float, connection: str = "c") -> None:
        """In the room from one minute to another."""
        self.mark(person, "join", came, connection)
        self.mark(person, "leave", went, connection, LeaveReason.LEFT.value)

    def checkpoint(self, minutes: float, *people: Person) -> None:
        AttendanceCheckpoint.objects.create(
            session=self.session, at=at(minutes), persons=[person.pk for person in people]
        )
