"""A room's row, locked: what somebody reads who had to wait for it."""

from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
from django.db import connection
from django.utils import timezone

from sessions.core.agenda import MarkKind
from sessions.rooms.locked_room import locked_room
from tests.rooms.live import name_of, roster_of
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
    """Kills: reading before the row is locked and not after it: two facilitators who tap at once
    would both go by the agenda of before."""
    name, roster = name_of(tonight), roster_of(tonight)

    def second() -> tuple[int, list[MarkKind]]:
        try:
            with locked_room(name, tonight["Dana"], roster, timezone.now) as late:
                return late.room.version, [mark.kind for mark in late.marks]
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as thread:
        with locked_room(name, tonight["Dana"], roster, timezone.now) as first:
            waiting = thread.submit(second)
            until(somebody_waits)
            first.mark(MarkKind.START)
            first.publish()
        assert waiting.result() == (tonight.room.version + 1, [MarkKind.START])


def test_room_that_is_there_no_more_is_a_fault(tonight: Evening) -> None:
    name, roster = name_of(tonight), roster_of(tonight)
    tonight.session.delete()
    with (
        pytest.raises(type(tonight.room).DoesNotExist),
        locked_room(name, None, roster, timezone.now),
    ):
        pass
