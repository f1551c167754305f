"""Attendance as the record shows it: computed from marks each time, never counted up.

Owns how rows become the core's marks, windows and corrections. Writes nothing, and asks
nothing about who may read it: its callers do.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db.models import QuerySet, prefetch_related_objects

from sessions.core import agenda_clock
from sessions.core import attendance as core
from sessions.core.agenda import Window
from sessions.core.reasons import LeaveReason
from sessions.core.versions import State
from sessions.models import (
    AttendanceCheckpoint,
    AttendanceCorrection,
    AttendanceMark,
    Room,
    Seat,
    Session,
    SessionSegment,
)
from sessions.rooms.selectors import agenda_of, marks_of
from sessions.scheduling.selectors import clients_of

ADMISSION: Final = "admission"  # in place of a connection's id


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
    outstanding: bool = False  # joins and leaves may be missing: they are not all written yet

    def index_of(self, segment: SessionSegment) -> int | None:
        """The segment's index; None if it is another session's."""
        return next((n for n, own in enumerate(self.segments) if own.pk == segment.pk), None)


def attendance(session: Session, now: datetime) -> Attendance:
    """Minutes per client and segment, late, left early, absent; corrections applied.

    While the session goes on, somebody who is in it counts up to the last checkpoint, marked
    uncertain. Eight queries, however many people.
    """
    prefetch_related_objects([session], "segments")
    room = session.room = Room.objects.get(session=session)
    segments = tuple(session.segments.all())
    windows = agenda_clock.windows(agenda_of(session), marks_of(room), now)
    seats = [seat for seat in room.seats.all() if seat.first_in_at]
    names = _clients(session, seats)
    people = sorted(names, key=lambda person: (names[person].casefold(), person))
    staff = frozenset(seat.person_id for seat in seats if seat.is_staff)
    plan = core.Plan(session.starts_at, session.ends_at, staff)
    marks = [*presence_marks(session), *_admissions(seats)]
    computed = core.attendance(marks, windows, people, plan=plan)
    rows = core.corrected(computed, _corrections(session, segments))
    return Attendance(
        read_at=now,
        segments=segments,
        windows=windows,
        people=tuple(AttendanceRow(row.person, names[row.person], row) for row in rows),
        outstanding=room.marks_outstanding,
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


def _clients(session: Session, seats: Iterable[Seat]) -> Mapping[int, str]:
    """Who was on the session's roster for any part of it, and everybody else who sat in it as a
    client."""
    seated = {seat.person_id: seat.display_name for seat in seats if not seat.is_staff}
    return seated | clients_of(session)


def _admissions(seats: Iterable[Seat]) -> Iterable[core.Mark]:
    """That somebody was let in is in a row of its own, whatever became of the marks: with them
    lost, the person counts as uncertain, not as absent or late."""
    for seat in seats:
        assert seat.first_in_at is not None
        yield core.Mark(seat.first_in_at, seat.person_id, core.PresenceKind.JOIN, ADMISSION)


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


def correction_state(session: Session, person: int, segment: SessionSegment) -> State:
    """What a form that corrects minutes is made from: the newest correction there is."""
    rows = AttendanceCorrection.objects.filter(session=session, person=person, segment=segment)
    newest = rows.order_by("-at", "-pk").first()
    if newest is None:
        return {"minutes": (), "correction": ()}
    return {"minutes": (str(newest.minutes),), "correction": (str(newest.pk),)}
