"""The one way from a loop to the database: a bounded executor, its connections given back.

Owns the threads, the time limits and what "PostgreSQL is away" becomes (`store.down`, within
two seconds). Every call is one transaction, so the limits are its own and not the pool's.
Knows nothing of what is called. Django's default would run every call of the process on one
thread: one held row lock would stop every room.
"""

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, Final, TypeVar

from asgiref.sync import sync_to_async
from django.conf import settings
from django.db import InterfaceError, OperationalError, connection, transaction

from sessions.core.refusal import Refuse

T = TypeVar("T")

log = logging.getLogger(__name__)

STATEMENT_MS: Final = 1500
LOCK_MS: Final = 1200
ANSWER_S: Final = 1.9
DOWN: Final = Refuse("store.down")

_threads = ThreadPoolExecutor(settings.DATABASE_POOL_SIZE, thread_name_prefix="database")


async def run(call: Callable[..., T], *arguments: Any, **named: Any) -> T | Refuse:
    """Runs a call on a thread of the executor, in a transaction of its own.

    Refuses `store.down` when PostgreSQL is away, slow, or a lock cannot be had in time. A call
    given up on may still be committed: what it changed comes as an event.
    """
    threaded = sync_to_async(_in_transaction, thread_sensitive=False, executor=_threads)
    try:
        async with asyncio.timeout(ANSWER_S):
            return await threaded(partial(call, *arguments, **named))
    except (OperationalError, InterfaceError, TimeoutError) as fault:
        log.warning("database call given up: %s", type(fault).__name__)
        return DOWN


def _in_transaction(call: Callable[[], T]) -> T:
    """With the limits of this call alone; the connection goes back to the pool afterwards."""
    try:
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute(
                    "SELECT set_config('statement_timeout', %s, true),"
                    " set_config('lock_timeout', %s, true)",
                    [str(STATEMENT_MS), str(LOCK_MS)],
                )
            return call()
    finally:
        connection.close()
