"""Attendance as the record shows it: computed from marks each time, never counted up.

Owns how rows become the core's marks, windows and corrections. Writes nothing, and asks
nothing about who may read it: its callers do.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q, QuerySet, prefetch_related_objects

from sessions.core import agenda_clock
from sessions.core import attendance as core
from sessions.core.agenda import Window
from sessions.core.reasons import LeaveReason
from sessions.models import (
    AttendanceCheckpoint,
    AttendanceCorrection,
    AttendanceMark,
    Enrolment,
    Room,
    Seat,
    Session,
    SessionSegment,
)
from sessions.rooms.selectors import agenda_of, marks_of


@dataclass(frozen=True, slots=True)
class AttendanceRow:
    """One client. `name` is the display name of the roster."""

    person_id: int
    name: str
    attendance: core.PersonAttendance


@dataclass(frozen=True, slots=True)
class Attendance:
    """A session's attendance at `read_at`.

    `segments` are the rows that the indices of `windows` and of each person's cells count
    into (0 is the first). People are in the order of their names.
    """

    read_at: datetime
    segments: tuple[SessionSegment, ...]
    windows: tuple[Window, ...]
    people: tuple[AttendanceRow, ...]

    def index_of(self, segment: SessionSegment) -> int | None:
        """The segment's index; None if it is another session's."""
        return next((n for n, own in enumerate(self.segments) if own.pk == segment.pk), None)


def attendance(session: Session, now: datetime) -> Attendance:
    """Minutes per client and segment, late, left early, absent; corrections applied.

    While the session goes on, somebody who is in it counts up to the last checkpoint, marked
    uncertain. Eight queries, however many people.
    """
    prefetch_related_objects([session], "segments")
    room = Room.objects.get(session=session)
    segments = tuple(session.segments.all())
    windows = agenda_clock.windows(agenda_of(session), marks_of(room), now)
    names = _clients(session, room)
    people = sorted(names, key=lambda person: (names[person].casefold(), person))
    computed = core.attendance(presence_marks(session), windows, people)
    rows = core.corrected(computed, _corrections(session, segments))
    return Attendance(
        read_at=now,
        segments=segments,
        windows=windows,
        people=tuple(AttendanceRow(row.person, names[row.person], row) for row in rows),
    )


def presence_marks(session: Session) -> list[core.Mark]:
    """The session's joins, leaves and checkpoints, as the core reads them."""
    moves = AttendanceMark.objects.filter(session=session)
    checkpoints = AttendanceCheckpoint.objects.filter(session=session)
    return [_mark(row) for row in moves] + [mark for row in checkpoints for mark in _seen(row)]


def _mark(row: AttendanceMark) -> core.Mark:
    return core.Mark(
        at=row.at,
        person=row.person_id,
        kind=core.PresenceKind(row.kind),
        connection=row.connection,
        reason=LeaveReason(row.reason) if row.reason else None,
    )


def _seen(row: AttendanceCheckpoint) -> Iterable[core.Mark]:
    return (core.Mark(row.at, person, core.PresenceKind.CHECKPOINT) for person in row.persons)


def _clients(session: Session, room: Room) -> Mapping[int, str]:
    """The roster of the session's date, and everybody else who sat in it as a client."""
    date = session.local_date
    current = Q(starts_on__lte=date) & (Q(ends_on__isnull=True) | Q(ends_on__gte=date))
    seated = Seat.objects.filter(room=room, is_staff=False, first_in_at__isnull=False)
    roster = Enrolment.objects.filter(current, track=session.track_id)
    return {
        **dict(seated.values_list("person_id", "display_name")),
        **dict(roster.values_list("person_id", "display_name")),
    }


def _corrections(session: Session, segments: Sequence[SessionSegment]) -> Iterable[core.Correction]:
    index = {segment.pk: n for n, segment in enumerate(segments)}
    for row in AttendanceCorrection.objects.filter(session=session):
        yield core.Correction(
            at=row.at,
            person=row.person_id,
            segment=index[row.segment_id],
            minutes=row.minutes,
            reason=row.reason,
            number=row.pk,
        )


def corrections_of(session: Session) -> QuerySet[AttendanceCorrection]:
    """Every correction of a session, oldest first, with who made it. One query."""
    rows = AttendanceCorrection.objects.filter(session=session)
    return rows.select_related("segment", "by").order_by("at", "pk")
