"""Several statements on one way to the database: the same as one by one, by the ORM."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.models import Model
from django.test.utils import CaptureQueriesContext

from sessions.audit import services as audit
from sessions.models import AgendaMark, AuditEvent, Room, Seat, Session, Track
from sessions.models.round_trip import Read, RoundTrip, insert, read, update, whole_rows, write
from tests.signaling.evening import Evening, evening

WEEK = timedelta(weeks=1)
AT = datetime(2026, 11, 29, 18, 30, tzinfo=UTC)


@pytest.fixture
def tonight(db: None) -> Evening:
    return evening()


def columns(row: Model) -> dict[str, Any]:
    return {field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields}


def mark(tonight: Evening, number: int) -> AgendaMark:
    return AgendaMark(room=tonight.room, number=number, at=AT, kind="extend", minutes=3)


def test_insert_is_what_save_writes(tonight: Evening) -> None:
    """Every kind of column that is written so: key, instant, JSON, bytes, nothing."""
    row = audit.event(tonight["Dana"], "room.extend", detail={"minutes": 3, "late": None})
    write([insert(row)])
    stored = AuditEvent.objects.get(key=row.key)
    assert {**columns(stored), "mac": bytes(stored.mac)} == {**columns(row), "id": stored.pk}


def test_update_is_what_save_writes(tonight: Evening) -> None:
    """Kills: a column that is left out, or another row's that is changed."""
    session = tonight.room.session
    session.pk, session.public_id, session.number = None, "another", 99
    session.local_date, session.starts_at = session.local_date + WEEK, session.starts_at + WEEK
    session.ends_at += WEEK
    session.save()
    other = Room.objects.create(session=session)
    before = columns(Room.objects.get(pk=other.pk))
    room = Room.objects.get(pk=tonight.room.pk)
    room.state, room.version, room.started_at = "live", 7, AT
    room.ended_by_rule, room.marks_epoch = "overdue", "epoch"
    write([update(room)])
    assert columns(Room.objects.get(pk=room.pk)) == columns(room)
    assert columns(Room.objects.get(pk=other.pk)) == before


def test_changes_are_made_in_their_order_in_one_round_trip(tonight: Evening) -> None:
    room = Room.objects.get(pk=tonight.room.pk)
    writes = []
    for version in (1, 2, 3):
        room.version = version
        writes += [update(room), insert(mark(tonight, version))]
    with CaptureQueriesContext(connection) as asked:
        write(writes)
        write([])
    assert len(asked) == 1
    assert Room.objects.get(pk=room.pk).version == 3
    assert list(AgendaMark.objects.values_list("number", "minutes")) == [(1, 3), (2, 3), (3, 3)]


def test_change_that_cannot_be_made_unmakes_the_others(tonight: Evening) -> None:
    twice = [insert(mark(tonight, 1)), insert(mark(tonight, 1))]
    with pytest.raises(IntegrityError), transaction.atomic():
        write(twice)
    assert not AgendaMark.objects.exists()


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
    write([insert(mark(tonight, number)) for number in (3, 1, 2)])
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
