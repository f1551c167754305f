"""The one way from a loop to the database: a bounded executor, its connections given back.

Owns the threads, the time limits and what "PostgreSQL is away" becomes (`store.down`, within
two seconds). Every call is one transaction, so the limits are its own and not the pool's. Once
it is away, one call at a time finds out whether it is back; the others are refused at once, so
that no thread is spent on waiting for it.
Knows nothing of what is called. Django's default would run every call of the process on one
thread: one held row lock would stop every room.
"""

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, TypeVar
from weakref import WeakKeyDictionary

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

AGAIN_S: Final = 0.5  # this long after PostgreSQL did not answer, one call asks again
ENDED: Final = frozenset({"57P01", "57P02", "57P03"})  # shut down, crashed, not ready yet

_threads = ThreadPoolExecutor(settings.DATABASE_POOL_SIZE, thread_name_prefix="database")


@dataclass(slots=True)
class Outage:
    """Whether PostgreSQL is away, as the calls of one loop found it. Seconds of a clock that
    never goes back are arguments."""

    ask_at: float | None = None  # None: it answers

    def refuses(self, now: float) -> bool:
        """Whether a call is refused unasked. One that is not asks for all until it knows."""
        if self.ask_at is None:
            return False
        if now < self.ask_at:
            return True
        self.ask_at = now + ANSWER_S
        return False

    def found(self, answers: bool, now: float) -> None:
        """What a call found."""
        self.ask_at = None if answers else now + AGAIN_S


_outages: "WeakKeyDictionary[asyncio.AbstractEventLoop, Outage]" = WeakKeyDictionary()


async def run(call: Callable[..., T], *arguments: Any, **named: Any) -> T | Refuse:
    """Runs a call on a thread of the executor, in a transaction of its own.

    Refuses `store.down` when PostgreSQL is away, slow, or a lock cannot be had in time. A call
    given up on may still be committed: what it changed comes as an event.
    """
    loop = asyncio.get_running_loop()
    outage = _outages.setdefault(loop, Outage())
    if outage.refuses(loop.time()):
        return DOWN
    threaded = sync_to_async(_in_transaction, thread_sensitive=False, executor=_threads)
    try:
        async with asyncio.timeout(ANSWER_S):
            answer = await threaded(partial(call, *arguments, **named))
    except (OperationalError, InterfaceError) as fault:
        log.warning("database call given up: %s", type(fault).__name__)
        outage.found(not is_away(fault), loop.time())
        return DOWN
    except TimeoutError:
        log.warning("database call given up: it took too long")
        return DOWN
    outage.found(True, loop.time())
    return answer


def is_away(fault: Exception) -> bool:
    """Whether no connection could be had, or it broke: a statement that was cancelled and a
    lock that was not had in time (SQLSTATE 57014, 55P03) come from a server that answers."""
    state = getattr(fault.__cause__, "sqlstate", None)
    return state is None or state in ENDED or state.startswith("08")


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
