"""Waits until no database call of a socket is running any more.

A test's sockets may leave a call behind; the flush of the tables after the test would wait for
its locks, and it for the flush's.
"""

from concurrent.futures import wait
from threading import Barrier

from django.conf import settings

from sessions.rooms.process import this_process

PATIENCE = 30  # seconds; a call itself is given up long before


def wait_for_database_calls() -> None:
    """Returns when every thread of the executor is free at once."""
    database, threads = this_process().database, settings.DATABASE_POOL_SIZE
    barrier = Barrier(threads)
    waiting = [database.threads.submit(barrier.wait, PATIENCE) for _ in range(threads)]
    waiting.append(database.background.submit(lambda: 0))
    done, _ = wait(waiting, timeout=PATIENCE)
    assert len(done) == threads + 1, "a database call of a socket never ended"
