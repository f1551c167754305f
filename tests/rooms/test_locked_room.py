"""A room's row, locked: what is read by whoever had to wait for it."""

from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
from django.db import connection, transaction

from sessions.core.agenda import MarkKind
from sessions.rooms import selectors
from sessions.rooms.locked_room import locked_room, tell
from tests.rooms.live import roster_of
from tests.server.wire import until
from tests.signaling.evening import Evening

pytestmark = pytest.mark.django_db(transaction=True)

WAITING = """
SELECT EXISTS (SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock'
               AND datname = current_database())
"""


def somebody_waits() -> bool:
    """For a lock of this database."""
    with psycopg.connect(**connection.get_connection_params(), autocommit=True) as watcher:
        return watcher.execute(WAITING).fetchone() == (True,)


def test_who_waited_for_the_lock_reads_what_was_done_meanwhile(tonight: Evening) -> None:
    """Kills: reading on the way to the lock and not after it, though both are one way: two
    facilitators who tap at once would both go by the agenda of before."""
    name, roster = selectors.name_of_row(tonight.room.pk), roster_of(tonight)

    def second() -> tuple[int, list[MarkKind]]:
        try:
            with locked_room(name, tonight["Dana"], roster) as late:
                return late.room.version, [mark.kind for mark in late.marks]
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as thread:
        with transaction.atomic(), locked_room(name, tonight["Dana"], roster) as first:
            waiting = thread.submit(second)
            until(somebody_waits)
            first.mark(MarkKind.START)
            tell(first)
        assert waiting.result() == (tonight.room.version + 1, [MarkKind.START])


def test_room_that_is_there_no_more_is_a_fault(tonight: Evening) -> None:
    name, roster = selectors.name_of_row(tonight.room.pk), roster_of(tonight)
    tonight.session.delete()
    with pytest.raises(type(tonight.room).DoesNotExist), locked_room(name, None, roster):
        pass
