"""One evening group in rows: a track, its session in thirds, a room, people on the roster.

Times are minutes from its start.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from sessions.core.agenda import MarkKind
from sessions.core.permissions import Role
from sessions.core.reasons import LeaveReason
from sessions.core.room_state import RoomState
from sessions.models import (
    AgendaMark,
    AttendanceCheckpoint,
    AttendanceMark,
    Person,
    Room,
    Seat,
    Session,
    SessionSegment,
)
from tests import world
from tests.world import person as make_person

START = datetime(2026, 11, 23, 18, 0, tzinfo=UTC)


def at(minutes: float) -> datetime:
    """So many minutes after the start."""
    return START + timedelta(minutes=minutes)


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
        track = world.track("Evening", starts_at)
        room = world.room(track, starts_at)
        dana = make_person("Dana", Role.FACILITATOR)
        world.staff(track, dana)
        segments = list(room.session.segments.order_by("position"))
        evening = cls(room.session, room, segments, dana)
        evening.sit(dana, staff=True)
        return evening

    def client(self, name: str) -> Person:
        """Somebody on the roster, with a seat."""
        person = make_person(name)
        world.enrol(self.session.track, person, self.session)
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
