"""Staff's word over computed minutes: what it changes, what it leaves, who may not."""

import pytest

from sessions.core.permissions import Role
from sessions.core.refusal import Refuse
from sessions.core.room_state import RoomState
from sessions.models import AttendanceCorrection, AttendanceMark, AuditEvent, Person
from sessions.record.selectors import attendance
from sessions.record.services import correct_minutes
from tests.record.evening import Evening, at
from tests.world import person as make_person

AFTER = at(95)


@pytest.fixture
def sam(evening: Evening) -> Person:
    sam = evening.client("Sam")
    evening.held()
    evening.stay(sam, 0, 60)
    return sam


def correct(
    evening: Evening,
    person: Person,
    minutes: int = 12,
    *,
    by: Person | None = None,
    segment: int = 2,
    reason: str = "joined by phone",
) -> AttendanceCorrection | Refuse:
    return correct_minutes(
        by or evening.dana,
        evening.session,
        person,
        evening.segments[segment],
        minutes=minutes,
        reason=reason,
        now=AFTER,
    )


def minutes(evening: Evening) -> list[int]:
    (row,) = attendance(evening.session, AFTER).people
    return [cell.minutes for cell in row.attendance.segments]


def audited() -> list[tuple[str, str]]:
    return list(AuditEvent.objects.values_list("verb", "outcome"))


def test_correction_counts_and_the_marks_stay(evening: Evening, sam: Person) -> None:
    before = list(AttendanceMark.objects.values())
    correct(evening, sam)

    assert minutes(evening) == [30, 30, 12]
    assert list(AttendanceMark.objects.values()) == before
    (row,) = attendance(evening.session, AFTER).people
    assert row.attendance.segments[2].seconds == 0.0  # as computed


def test_newest_correction_counts(evening: Evening, sam: Person) -> None:
    correct(evening, sam, 12)
    correct(evening, sam, 7)
    assert minutes(evening) == [30, 30, 7]
    assert AttendanceCorrection.objects.count() == 2


def test_correction_is_audited_without_its_words(evening: Evening, sam: Person) -> None:
    correct(evening, sam, reason="her car broke down")
    (event,) = AuditEvent.objects.all()
    assert (event.actor, event.subject, event.session) == (evening.dana, sam, evening.session)
    assert (event.verb, event.outcome) == ("attendance.correct", "done")
    assert "car" not in str(event.detail)


@pytest.mark.parametrize(
    ("minutes", "reason", "code"),
    [
        (31, "by phone", "attendance.minutes"),
        (-1, "by phone", "attendance.minutes"),
        (10, "   ", "attendance.reason"),
        (10, "x" * 201, "attendance.reason"),
    ],
)
def test_correction_out_of_bounds_is_refused_and_audited(
    evening: Evening, sam: Person, minutes: int, reason: str, code: str
) -> None:
    refused = correct(evening, sam, minutes, reason=reason)
    assert isinstance(refused, Refuse)
    assert refused.code == code
    assert not AttendanceCorrection.objects.exists()
    assert audited() == [("attendance.correct", code)]


def test_correction_by_others_is_refused(evening: Evening, sam: Person) -> None:
    luis = make_person("Luis", Role.FACILITATOR)  # staffs another track
    morgan = make_person("Morgan", Role.PROGRAM_MANAGER)
    by_others = [correct(evening, sam, by=one) for one in (luis, morgan, sam)]

    assert all(isinstance(refused, Refuse) for refused in by_others)
    assert not AttendanceCorrection.objects.exists()
    assert len(audited()) == 3


def test_correction_before_the_end_is_refused(evening: Evening, sam: Person) -> None:
    evening.room.state = RoomState.LIVE.value
    evening.room.save()
    assert correct(evening, sam) == Refuse("attendance.not_ended")


def test_correction_of_a_session_not_held_is_refused(evening: Evening, sam: Person) -> None:
    evening.room.state = RoomState.NOT_HELD.value
    evening.room.save()
    assert correct(evening, sam) == Refuse("room.not_held")


def test_correction_of_somebody_who_was_no_client_is_refused(evening: Evening, sam: Person) -> None:
    assert correct(evening, evening.dana) == Refuse("person.unknown")
    assert correct(evening, make_person("Stranger")) == Refuse("person.unknown")


def test_correction_in_another_sessions_segment_is_refused(evening: Evening, sam: Person) -> None:
    from sessions.models import Session, SessionSegment

    other = Session.objects.create(
        track=evening.session.track,
        number=2,
        local_date=evening.session.local_date,
        starts_at=at(1000),
        ends_at=at(1090),
    )
    foreign = SessionSegment.objects.create(session=other, position=0, kind="topic", share=1)
    evening.segments.append(foreign)
    assert correct(evening, sam, segment=3) == Refuse("attendance.break")
