"""The audit log: rows as they were given, in the caller's transaction."""

import pytest
from django.db import transaction
from pytest_django import DjangoAssertNumQueries

from sessions.audit.rows import audit_keys, row_of
from sessions.audit.services import OPERATOR, record
from sessions.core.audit_chain import is_signed
from sessions.models import AuditEvent
from tests.people.accounts import account
from tests.scheduling.tracks import track

pytestmark = pytest.mark.django_db


def test_row_says_who_did_what_to_whom_and_where() -> None:
    dana, sam = account("Dana"), account("Sam")
    session = track().sessions.get(number=1)
    row = record(dana, "room.remove", "done", sam, session, {"minutes": 3})
    stored = AuditEvent.objects.get(pk=row.pk)
    assert (stored.actor, stored.verb, stored.outcome) == (dana, "room.remove", "done")
    assert (stored.subject, stored.session) == (sam, session)
    assert stored.detail == {"minutes": 3, "session": session.public_id}


def test_operator_and_stranger_are_nobody_and_can_be_told_apart() -> None:
    rows = [record(OPERATOR, "person.add"), record(None, "room.enter", "permission.signed_out")]
    assert [(row.actor, row.detail) for row in rows] == [(None, {"operator": True}), (None, {})]


def test_row_falls_with_the_transaction_of_its_caller() -> None:
    before = AuditEvent.objects.count()
    with transaction.atomic():
        record(OPERATOR, "person.add")
        transaction.set_rollback(True)
    assert AuditEvent.objects.count() == before


def test_row_outlives_a_session_that_falls_out_of_the_calendar_unchanged() -> None:
    """Kills: a foreign key that is set to null, which is a change of the row."""
    session = track().sessions.get(number=1)
    row = record(OPERATOR, "room.enter", "seat.not_on_roster", session=session)
    key, number = session.public_id, session.pk
    session.delete()
    stored = AuditEvent.objects.get(pk=row.pk)
    assert (stored.session_id, stored.detail["session"]) == (number, key)
    assert is_signed(row_of(stored), bytes(stored.mac), audit_keys())


def test_row_is_written_with_one_statement(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    """It is written in every verb: a second round trip would be felt."""
    dana = account("Dana")
    with django_assert_num_queries(1):
        record(dana, "room.mute", subject=dana, detail={"minutes": 3})
