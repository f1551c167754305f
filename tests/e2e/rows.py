"""Rows of a running stack, changed by a test beside the processes that change them too.

Owns the order of the locks: rooms first, by their keys, as the product takes them. A test that
began with a session's row and a worker that held its room would wait for each other.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg

Rows = psycopg.Connection[tuple[object, ...]]


@contextmanager
def changing(database_url: str) -> Iterator[Rows]:
    """One transaction, in which nobody else changes a room or what hangs on it."""
    with psycopg.connect(database_url) as connection:
        connection.execute("SELECT id FROM group_sessions_room ORDER BY id FOR UPDATE")
        yield connection
