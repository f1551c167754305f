"""Several statements in one round trip: the same as one by one, by the ORM."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.db.models import Model
from django.test.utils import CaptureQueriesContext

from sessions.models import AgendaMark, AuditEvent, Room, Seat, Session, Track
from sessions.models.round_trip import Read, RoundTrip, read, whole_rows
from tests.signaling.evening import Evening, evening

WEEK = timedelta(weeks=1)
AT = datetime(2026, 11, 29, 18, 30, tzinfo=UTC)


@pytest.fixture
def tonight(db: None) -> Evening:
    return evening()


def columns(row: Model) -> dict[str, Any]:
    return {field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields}


def test_reads_are_asked_in_one_round_trip_and_each_gets_its_own(tonight: Evening) -> None:
    """Kills: rows of one read that are given to another."""
    key = {"session": tonight.room.session_id}
    asked = RoundTrip()
    session = asked.ask(whole_rows(Session, "id = %(session)s", key))
    nobody = asked.ask(whole_rows(Seat, "room_id = %(room)s", {"room": 0}))
    one = asked.ask(Read("SELECT %(session)s + 1", key, lambda rows: int(rows[0][0])))
    tracks = asked.ask(
        whole_rows(Track, "id = %(track)s", {"track": tonight.room.session.track_id})
    )
    with CaptureQueriesContext(connection) as ways:
        asked.go()
    assert len(ways) == 1
    assert [columns(row) for row in session()] == [columns(Session.objects.get())]
    assert [columns(row) for row in tracks()] == [columns(tonight.room.session.track)]
    assert (nobody(), one()) == ([], tonight.room.session_id + 1)


def test_rows_come_in_the_order_of_their_model(tonight: Evening) -> None:
    for number in (3, 1, 2):
        AgendaMark.objects.create(room=tonight.room, number=number, at=AT, kind="pause")
    found = read(whole_rows(AgendaMark, "room_id = %(room)s", {"room": tonight.room.pk}))
    assert [row.number for row in found] == [1, 2, 3]


def test_column_that_only_the_orm_reads_is_a_fault(tonight: Evening) -> None:
    """Kills: JSON that comes out as text."""
    with pytest.raises(TypeError, match="AuditEvent"):
        whole_rows(AuditEvent, "true", {})


def test_parameter_that_is_two_things_is_a_fault() -> None:
    asked = RoundTrip()
    asked.ask(whole_rows(Session, "id = %(session)s", {"session": 1}))
    asked.ask(whole_rows(Session, "id = %(session)s", {"session": 2}))
    with pytest.raises(ValueError, match="session is two things"):
        asked.go()


def test_locked_row_is_held_until_the_end_of_the_transaction(tonight: Evening) -> None:
    held = whole_rows(Room, "id = %(room)s", {"room": tonight.room.pk}, lock=True)
    with CaptureQueriesContext(connection) as asked, transaction.atomic():
        assert read(held) == [tonight.room]
    assert [one["sql"].endswith("FOR UPDATE") for one in asked if "SELECT" in one["sql"]] == [True]
