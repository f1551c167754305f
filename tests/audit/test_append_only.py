"""Rows are only added: the database refuses anything else, to the owner and to the house."""

from collections.abc import Iterator
from datetime import timedelta

import psycopg
import pytest
import time_machine
from django.apps import apps
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError, connection, transaction
from django.db.backends.utils import CursorWrapper
from django.db.models.signals import post_migrate

from sessions.audit.services import OPERATOR
from sessions.core.refusal import Refuse
from sessions.models import (
    AgendaMark,
    AttendanceCheckpoint,
    AttendanceCorrection,
    AttendanceMark,
    Enrolment,
    Session,
    SessionMember,
    Track,
)
from sessions.models.rights import (
    ADDED_AND_CLOSED,
    ADDED_ONLY,
    grant_after_migrate,
    grant_rights,
)
from sessions.scheduling.selectors import enrolments_from
from sessions.scheduling.services_roster import enrol, unenrol
from tests.audit.tampering import EVENTS, LINKS, run, write
from tests.people.accounts import account
from tests.scheduling.tracks import MONDAY, NOW, track

pytestmark = pytest.mark.django_db
ROLE = "thirds_of_a_test"
APP = "group_sessions"
MAY_BE_CHANGED = {
    f"{APP}_{name}"
    for name in (
        *("person", "personaldetails", "program", "agendatemplate", "templatesegment", "track"),
        *("trackexception", "staffing", "session", "sessionsegment", "room", "roompart", "seat"),
        *("formanswer", "signincode", "wrongcodes", "accountrequest"),
    )
}
CHANGES = {
    "update": "UPDATE {} SET mac_key = 'x'",
    "update of nothing new": "UPDATE {} SET mac_key = mac_key",
    "delete": "DELETE FROM {}",
    "truncate": "TRUNCATE {} CASCADE",
}


def said(statement: str) -> str:
    with pytest.raises(DatabaseError) as refused, transaction.atomic():
        run(statement)
    return str(refused.value)


@pytest.fixture
def never_emptied() -> None:
    """In the databases of tests this trigger stands aside: here it does not."""
    for table in (EVENTS, LINKS):
        run(f"ALTER TABLE {table} ENABLE TRIGGER never_emptied")


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("table", [EVENTS, LINKS])
def test_owner_of_the_tables_changes_nothing(table: str, change: str, never_emptied: None) -> None:
    """Kills: a trigger missing on a table, or for a kind of change."""
    write(account(), 2)
    run("SET CONSTRAINTS ALL IMMEDIATE")
    assert said(CHANGES[change].format(table)) == f"rows of {table} are only added" + (
        "\nCONTEXT:  PL/pgSQL function thirds_only_added() line 3 at RAISE"
    )


@pytest.fixture
def as_role() -> Iterator[CursorWrapper]:
    """What web and worker may do. The role goes with the test's transaction."""
    grant_rights(ROLE)
    with connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL ROLE {ROLE}")
        yield cursor
        cursor.execute("RESET ROLE")


ROLES_CHANGES = {
    "update": "UPDATE {} SET id = id",
    "delete": "DELETE FROM {}",
    "truncate": "TRUNCATE {} CASCADE",
}
CLOSED = (Enrolment, SessionMember)
RECORD = (AttendanceMark, AttendanceCheckpoint, AttendanceCorrection, AgendaMark)


@pytest.mark.parametrize("change", ROLES_CHANGES)
@pytest.mark.parametrize("table", [EVENTS, LINKS, *(model._meta.db_table for model in RECORD)])
def test_role_has_no_right_to_change_the_record(
    table: str, change: str, as_role: CursorWrapper
) -> None:
    """By rights, before any trigger. Kills: the grant of everything coming last."""
    column = "number" if table == LINKS else "id"
    statement = ROLES_CHANGES[change].replace("id", column).format(table)
    assert said(statement) == f"permission denied for table {table}"


@pytest.mark.parametrize(
    "statement",
    [
        *(
            f"UPDATE {model._meta.db_table} SET {field.column} = {field.column}"
            for model in CLOSED
            for field in model._meta.concrete_fields
            if field.column not in ADDED_AND_CLOSED[model._meta.db_table]
        ),
        *(f"DELETE FROM {model._meta.db_table}" for model in CLOSED),
        *(f"TRUNCATE {model._meta.db_table}" for model in CLOSED),
    ],
)
def test_role_closes_a_place_on_a_roster_and_changes_nothing_else_of_it(
    statement: str, as_role: CursorWrapper
) -> None:
    assert said(statement).startswith("permission denied for table group_sessions_")
    for table, columns in ADDED_AND_CLOSED.items():
        for column in columns:
            as_role.execute(f"UPDATE {table} SET {column} = {column}")


def test_every_model_of_the_record_is_guarded() -> None:
    """A new one fails here until somebody decides on it: it may be changed, or only added."""
    named = {*ADDED_ONLY, *ADDED_AND_CLOSED, *MAY_BE_CHANGED}
    assert named == {model._meta.db_table for model in apps.get_app_config(APP).get_models()}


def test_role_adds_and_reads_the_audit_and_does_the_daily_work(as_role: CursorWrapper) -> None:
    sam = account()
    assert len(write(sam, 2)) == 2
    as_role.execute(
        "UPDATE group_sessions_person SET display_name = 'Samir' WHERE id = %s", [sam.pk]
    )
    assert as_role.rowcount == 1


def test_role_plans_enrols_and_takes_back(as_role: CursorWrapper) -> None:
    """What program managers do, by the services. Kills: a cascade that deletes from a table that
    the role may only add to; deleting an enrolment that had not begun."""
    with time_machine.travel(NOW):
        made, sam = track(), account("Sam")
        enrol(OPERATOR, made, sam, starts_on=MONDAY + timedelta(days=7))
        assert isinstance(unenrol(OPERATOR, made, sam), Track)
        assert list(enrolments_from(made, MONDAY - timedelta(days=30)).filter(person=sam)) == []
        assert not isinstance(enrol(OPERATOR, made, sam, starts_on=MONDAY), Refuse)
        as_role.execute("SELECT id FROM group_sessions_session WHERE track_id = %s", [made.pk])
        Session.objects.filter(track=made).delete()


@pytest.mark.parametrize(
    "statement",
    [
        f"ALTER TABLE {EVENTS} DISABLE TRIGGER ALL",
        f"DROP TABLE {LINKS}",
        "SET session_replication_role = replica",
        "DELETE FROM django_migrations",
        "CREATE TABLE public.own (a int)",
    ],
)
def test_role_cannot_take_the_guard_away(statement: str, as_role: CursorWrapper) -> None:
    assert said(statement).startswith(("must be owner", "permission denied"))


def test_rights_are_given_again_without_harm(as_role: CursorWrapper) -> None:
    as_role.execute("RESET ROLE")
    grant_rights(ROLE)


def test_owner_cannot_be_the_role() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user")
        (owner,) = cursor.fetchone() or ("",)
    with pytest.raises(ImproperlyConfigured, match="owns the tables"):
        grant_rights(owner)


@pytest.mark.parametrize(("role", "made"), [("", False), (ROLE, True)])
def test_migrate_gives_rights_to_the_role_of_the_settings(
    role: str, made: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings, "THIRDS_DATABASE_ROLE", role)
    grant_after_migrate(using="default")
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) = 1 FROM pg_roles WHERE rolname = %s", [ROLE])
        assert cursor.fetchone() == (made,)


def test_no_error_is_of_another_kind() -> None:
    """The trigger's error is one of privilege, so a fault of ours is not taken for an outage."""
    write(account(), 1)
    with pytest.raises(DatabaseError) as refused, transaction.atomic():
        run(f"DELETE FROM {LINKS}")
    assert isinstance(refused.value.__cause__, psycopg.errors.InsufficientPrivilege)


def test_every_migrate_gives_the_rights() -> None:
    """Kills: a receiver that nobody connected."""
    config = apps.get_app_config("group_sessions")
    assert grant_after_migrate in post_migrate._live_receivers(config)[0]
