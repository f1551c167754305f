"""Attendance from rows: minutes, late, early, absent, corrections, and how many queries."""

import itertools
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from sessions.core.agenda import MarkKind
from sessions.models import AttendanceMark, Enrolment, Person
from sessions.record.selectors import Attendance, AttendanceRow, attendance
from sessions.record.services import correct_minutes
from tests.record.evening import Evening, at
from tests.world import person as make_person

AFTER = at(91)


def row(sheet: Attendance, person: Person) -> AttendanceRow:
    return next(row for row in sheet.people if row.person_id == person.pk)


def minutes(sheet: Attendance, person: Person) -> list[int]:
    return [cell.minutes for cell in row(sheet, person).attendance.segments]


def test_stay_counts_in_the_segments_it_covered(evening: Evening) -> None:
    sam = evening.client("Sam")
    evening.held()
    evening.stay(sam, 0, 45)
    sheet = attendance(evening.session, AFTER)

    assert minutes(sheet, sam) == [30, 15, 0]
    computed = row(sheet, sam).attendance
    assert (computed.minutes, computed.late, computed.left_early) == (45, False, True)
    assert (computed.first_in, computed.last_out) == (at(0), at(45))


def test_late_and_absent_are_said_of_those_who_were(evening: Evening) -> None:
    ann, ben = evening.client("Ann"), evening.client("Ben")
    evening.held()
    evening.stay(ann, 6, 90)
    sheet = attendance(evening.session, AFTER)

    assert [(one.name, one.attendance.late, one.attendance.absent) for one in sheet.people] == [
        ("Ann", True, False),
        ("Ben", False, True),
    ]
    assert minutes(sheet, ben) == [0, 0, 0]


def test_second_device_of_one_person_counts_once(evening: Evening) -> None:
    sam = evening.client("Sam")
    evening.held()
    evening.stay(sam, 0, 60, "phone")
    evening.stay(sam, 30, 90, "laptop")
    assert minutes(attendance(evening.session, AFTER), sam) == [30, 30, 30]


def test_stay_without_a_leave_ends_at_the_last_checkpoint_and_says_so(evening: Evening) -> None:
    sam = evening.client("Sam")
    evening.held()
    evening.mark(sam, "join", 0)
    evening.checkpoint(1, sam)
    evening.checkpoint(40, sam, evening.dana)
    evening.checkpoint(41, evening.dana)
    sheet = attendance(evening.session, AFTER)

    assert minutes(sheet, sam) == [30, 10, 0]
    assert row(sheet, sam).attendance.uncertain


def test_same_connection_under_a_new_epoch_goes_on_where_it_was(evening: Evening) -> None:
    """Redis came back empty: the socket registered again, and no leave was ever written."""
    sam = evening.client("Sam")
    evening.held()
    evening.mark(sam, "join", 0)
    evening.mark(sam, "join", 50)
    evening.mark(sam, "leave", 90, reason="left")
    sheet = attendance(evening.session, AFTER)
    assert minutes(sheet, sam) == [30, 30, 30]
    assert not row(sheet, sam).attendance.uncertain


def test_rows_in_any_order_give_the_same_minutes(evening: Evening) -> None:
    """Kills: reading rows by primary key, so that a mark written late counts otherwise."""
    sam = evening.client("Sam")
    evening.held()
    told = [("join", 0, "a"), ("leave", 20, "a"), ("join", 25, "b"), ("leave", 70, "b")]
    for order in itertools.permutations(told):
        AttendanceMark.objects.all().delete()
        for kind, minute, socket in order:
            evening.mark(sam, kind, minute, socket, "left" if kind == "leave" else "")
        assert minutes(attendance(evening.session, AFTER), sam) == [25, 30, 10]


def test_segments_are_as_they_really_were_not_as_planned(evening: Evening) -> None:
    sam = evening.client("Sam")
    evening.agenda(
        (0, MarkKind.START), (50, MarkKind.ADVANCE), (80, MarkKind.ADVANCE), (90, MarkKind.END)
    )
    evening.stay(sam, 0, 90)
    assert minutes(attendance(evening.session, AFTER), sam) == [50, 30, 10]


def test_session_never_started_has_everybody_absent(evening: Evening) -> None:
    evening.client("Sam")
    sheet = attendance(evening.session, AFTER)
    assert [(one.name, one.attendance.absent) for one in sheet.people] == [("Sam", True)]


def test_people_are_the_roster_of_that_day_and_those_who_sat_in(evening: Evening) -> None:
    gone, guest, staff_only = evening.client("Gone"), make_person("Guest"), evening.dana
    evening.client("Sam")
    yesterday = evening.session.local_date - timedelta(days=1)
    Enrolment.objects.filter(person=gone).update(starts_on=yesterday, ends_on=yesterday)
    seat = evening.sit(guest)
    seat.first_in_at = at(1)
    seat.save()
    names = [one.name for one in attendance(evening.session, AFTER).people]
    assert names == ["Guest", "Sam"]
    assert staff_only.display_name not in names


def test_names_are_those_of_the_roster(evening: Evening) -> None:
    sam = evening.client("Sam")
    Enrolment.objects.filter(person=sam).update(display_name="Sam K")
    assert [one.name for one in attendance(evening.session, AFTER).people] == ["Sam K"]


@pytest.mark.parametrize("clients", [1, 3])
def test_query_count_is_the_same_for_any_number_of_people(
    evening: Evening, clients: int, count: Callable[[], int]
) -> None:
    evening.held()
    for n in range(clients):
        client = evening.client(f"Client {n}")
        evening.stay(client, 0, 60, f"c{n}")
        evening.checkpoint(n + 1, client)
        correct_minutes(
            evening.dana,
            evening.session,
            client,
            evening.segments[2],
            minutes=5,
            reason="by phone",
            now=AFTER,
        )
    assert count() == 8


@pytest.fixture
def count(evening: Evening) -> Callable[[], int]:
    def queries() -> int:
        session = type(evening.session).objects.get(pk=evening.session.pk)
        with CaptureQueriesContext(connection) as captured:
            attendance(session, AFTER)
        return len(captured)

    return queries
