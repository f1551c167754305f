"""The database engine: a transaction's beginning, and pooled connections that have ended."""

import select
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.contrib.auth.models import Group
from django.db import connection, transaction

from server.postgresql.base import is_open, limited

pytestmark = pytest.mark.django_db(transaction=True)


def ask(sql: str) -> Any:
    """The one value that it finds."""
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchone()[0]


def elsewhere(sql: str) -> Any:
    """The same on a connection that is not the pool's."""
    with psycopg.connect(**connection.get_connection_params(), autocommit=True) as other:
        found = other.execute(sql).fetchone()
    assert found is not None
    return found[0]


def pooled() -> "psycopg.Connection[Any]":
    """This thread's connection."""
    connection.ensure_connection()
    assert isinstance(connection.connection, psycopg.Connection)
    return connection.connection


@contextmanager
def ways(mine: "psycopg.Connection[Any]") -> Iterator[list[str]]:
    """What is said to PostgreSQL meanwhile: one text for each way there (libpq's own trace)."""
    said: list[str] = []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "trace"
        with path.open("w") as trace:
            mine.pgconn.trace(trace.fileno())
            yield said
            mine.pgconn.untrace()
        lines = [line.split("\t") for line in path.read_text().splitlines()]
    said.extend(line[-1].partition('"')[2].rstrip('"') for line in lines if "F" in line[:2])


def test_transaction_with_limits_begins_in_one_way() -> None:
    """Kills: psycopg's BEGIN beside ours; limits that go by themselves."""
    with ways(pooled()) as said, limited(1234, 567), transaction.atomic():
        ask("SELECT 1")
    assert said == [
        "BEGIN; SET LOCAL statement_timeout = 1234; SET LOCAL lock_timeout = 567",
        "SELECT 1",
        "COMMIT",
    ]


def test_limits_are_those_of_the_transactions_in_the_block() -> None:
    """Kills: limits that stay on a connection which somebody else gets out of the pool."""
    with limited(1234, 567):
        with transaction.atomic():
            held = ask("SHOW statement_timeout"), ask("SHOW lock_timeout")
        after = ask("SHOW statement_timeout")
    with transaction.atomic():
        later = ask("SHOW statement_timeout"), ask("SHOW lock_timeout")
    assert (held, after, later) == (("1234ms", "567ms"), "0", ("0", "0"))


def create_and_fail(name: str) -> None:
    with transaction.atomic():
        Group.objects.create(name=name)
        raise ZeroDivisionError


def test_transaction_that_fails_is_undone_and_a_savepoint_alone_too() -> None:
    """Kills: statements of a block that are committed one by one."""
    with transaction.atomic():
        Group.objects.create(name="kept")
        with suppress(ZeroDivisionError):
            create_and_fail("undone with its savepoint")
    with suppress(ZeroDivisionError):
        create_and_fail("undone")
    assert list(Group.objects.values_list("name", flat=True)) == ["kept"]


def test_transaction_is_not_seen_before_its_end() -> None:
    with transaction.atomic():
        Group.objects.create(name="to come")
        assert elsewhere("SELECT count(*) FROM auth_group") == 0
    assert elsewhere("SELECT count(*) FROM auth_group") == 1


def test_connection_that_is_well_is_not_asked() -> None:
    mine = pooled()
    with ways(mine) as said:
        assert is_open(mine)
    assert said == []


def test_connection_that_says_something_is_asked_and_kept() -> None:
    """Kills: taking whatever can be read for an end."""
    mine = pooled()
    mine.execute("LISTEN something")
    elsewhere("SELECT pg_notify('something', '')")
    select.select([mine], [], [], 30)
    with ways(mine) as said:
        assert is_open(mine)
        assert is_open(mine)
    assert said == [""]
    mine.execute("UNLISTEN something")


def test_connections_that_the_server_ended_are_not_given_out() -> None:
    """Kills: the first calls after PostgreSQL was away, which fail on what the pool kept."""
    before = ask("SELECT pg_backend_pid()")
    mine = pooled()
    connection.close()
    elsewhere(
        "SELECT count(pg_terminate_backend(pid, 5000)) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    select.select([mine], [], [], 30)
    assert ask("SELECT pg_backend_pid()") != before
