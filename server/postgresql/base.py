"""Django's database engine for PostgreSQL, with two ways there and back less for each call.

Owns how a transaction begins and how it is seen that a pooled connection has ended. A way to the
database and back is a turn of the interpreter at each end of it, and costs more than what is
asked: Django's own pool asks before each use whether the connection is still there, and psycopg
sends BEGIN and whatever limits a transaction one by one. Knows no table and no caller.
"""

import select
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import psycopg
from django.db import DEFAULT_DB_ALIAS, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.postgresql import base
from django.db.backends.utils import debug_transaction
from psycopg_pool import ConnectionPool

BEGIN: Final = "BEGIN"


class DatabaseWrapper(base.DatabaseWrapper):
    """One thread's connection."""

    limits = ""  # what follows BEGIN, in one string with it

    def get_new_connection(self, conn_params: dict[str, Any]) -> "psycopg.Connection[Any]":
        """A connection that has not ended, out of the pool where there is one."""
        while True:
            connection: psycopg.Connection[Any] = super().get_new_connection(conn_params)
            if self.pool is None or is_open(connection):
                return connection
            connection.close()
            self.pool.putconn(connection)  # which makes another one

    def _start_transaction_under_autocommit(self) -> None:
        """Django's name for a BEGIN of one's own. psycopg stays in autocommit, and sends none."""
        with debug_transaction(self, BEGIN), self.wrap_database_errors:
            self.connection.execute(BEGIN + self.limits)


def is_open(connection: "psycopg.Connection[Any]") -> bool:
    """Whether the server has not ended an idle connection, without asking it: one that is well
    has nothing to say. One that says something is asked. A server that is away without a word is
    not seen, and not by asking either: the statement's limits are for that."""
    look = select.poll()
    look.register(connection.fileno(), select.POLLIN)
    if not look.poll(0):
        return True
    try:
        ConnectionPool.check_connection(connection)
    except psycopg.OperationalError:
        return False
    return True


@contextmanager
def limited(statement_ms: int, lock_ms: int) -> Iterator[BaseDatabaseWrapper]:
    """The transactions that this thread begins in the block: so long may a statement take, and
    so long wait for a lock (PostgreSQL's `statement_timeout` and `lock_timeout`, ms)."""
    connection = connections[DEFAULT_DB_ALIAS]
    assert isinstance(connection, DatabaseWrapper)
    connection.limits = (
        f"; SET LOCAL statement_timeout = {statement_ms}; SET LOCAL lock_timeout = {lock_ms}"
    )
    try:
        yield connection
    finally:
        connection.limits = ""
