"""Somebody with every right in the database: no trigger, no foreign key, no constraint stops them."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection

from sessions.audit.sealer import Sealer
from sessions.audit.services import record
from sessions.audit.verifying import verify
from sessions.core.audit_chain import Finding, Wrong
from sessions.models import AuditEvent, AuditLink, Person

EVENTS, LINKS = AuditEvent._meta.db_table, AuditLink._meta.db_table


@contextmanager
def all_rights() -> Iterator[None]:
    """Triggers of every kind stand still (PostgreSQL, session_replication_role)."""
    run("SET LOCAL session_replication_role = replica")
    yield
    run("SET LOCAL session_replication_role = origin")


def run(statement: str, *values: str | int) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)


def tamper(statement: str, *values: str | int) -> None:
    with all_rights():
        run(statement, *values)


def write(actor: Person, number: int) -> list[AuditEvent]:
    """So many rows, linked."""
    rows = [record(actor, "room.mute", subject=actor, detail={"n": n}) for n in range(number)]
    Sealer().seal()
    return rows


def found() -> tuple[Wrong, int] | None:
    """What is wrong and with which row, as verify_audit says it without checkpoints."""
    finding = verify([])
    return (finding.wrong, finding.event) if isinstance(finding, Finding) else None
