"""The one way from a loop to the database: a bounded executor, its connections given back.

Owns the threads, the time limits and what "PostgreSQL is away" becomes (`store.down`, within
two seconds). Every call is one transaction, so the limits are its own and not the pool's. Once
it is away, one question at a time finds out whether it is back, and every call is refused at
once, so that nobody and no thread waits for it.
Knows nothing of what is called. Django's default would run every call of the process on one
thread: one held row lock would stop every room.
"""

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, Final, TypeVar
from weakref import WeakKeyDictionary

from asgiref.sync import sync_to_async
from django.conf import settings
from django.db import InterfaceError, OperationalError, connection, transaction

from server.postgresql.base import limited
from sessions.core.refusal import Refuse

T = TypeVar("T")

log = logging.getLogger(__name__)

STATEMENT_MS: Final = 1500
LOCK_MS: Final = 1200
ANSWER_S: Final = 1.9
DOWN: Final = Refuse("store.down")

AGAIN_S: Final = 0.5  # this long after PostgreSQL did not answer, it is asked again
ENDED: Final = frozenset({"57P01", "57P02", "57P03"})  # shut down, crashed, not ready yet

_threads = ThreadPoolExecutor(settings.DATABASE_POOL_SIZE, thread_name_prefix="database")
_behind = ThreadPoolExecutor(1, thread_name_prefix="database-behind")


class Outage:
    """Whether PostgreSQL is away, as the calls of one loop found it. While it is, one question
    at a time finds out whether it is back, and no call waits for the answer."""

    def __init__(self) -> None:
        self._asking: asyncio.Task[None] | None = None

    @property
    def holds(self) -> bool:
        """Whether it is away."""
        return self._asking is not None

    def begin(self) -> None:
        """A call found it away."""
        if self._asking is None:
            self._asking = asyncio.get_running_loop().create_task(self._ask())

    async def _ask(self) -> None:
        answers = False
        while not answers:
            await asyncio.sleep(AGAIN_S)
            answers = await _answers()
        self._asking = None


_outages: "WeakKeyDictionary[asyncio.AbstractEventLoop, Outage]" = WeakKeyDictionary()


async def run(call: Callable[..., T], *arguments: Any, **named: Any) -> T | Refuse:
    """Runs a call on a thread of the executor, in a transaction of its own.

    Refuses `store.down` when PostgreSQL is away, slow, or a lock cannot be had in time. A call
    given up on may still be committed: what it changed comes as an event.
    """
    return await _run(_threads, partial(call, *arguments, **named))


async def run_behind(call: Callable[..., T], *arguments: Any, **named: Any) -> T | Refuse:
    """Like `run`, one after the other on a thread of its own: for what is asked now and then of
    everybody, so that no tap waits behind a crowd of it."""
    return await _run(_behind, partial(call, *arguments, **named))


async def _run(threads: ThreadPoolExecutor, call: Callable[[], T]) -> T | Refuse:
    outage = _outages.setdefault(asyncio.get_running_loop(), Outage())
    if outage.holds:
        return DOWN
    try:
        return await _threaded(threads, call)
    except (OperationalError, InterfaceError, TimeoutError) as fault:
        log.warning("database call given up: %s", type(fault).__name__)
        if is_away(fault):
            outage.begin()
        return DOWN


async def _threaded(threads: ThreadPoolExecutor, call: Callable[[], T]) -> T:
    threaded = sync_to_async(_in_transaction, thread_sensitive=False, executor=threads)
    async with asyncio.timeout(ANSWER_S):
        return await threaded(call)


async def _answers() -> bool:
    """Whether a transaction can be had."""
    try:
        await _threaded(_threads, lambda: None)
    except (OperationalError, InterfaceError, TimeoutError):
        return False
    return True


def is_away(fault: Exception) -> bool:
    """Whether no connection could be had, or it broke: a statement that was cancelled and a
    lock that was not had in time (SQLSTATE 57014, 55P03) come from a server that answers, and
    what took too long may be a lock as well."""
    if isinstance(fault, TimeoutError):
        return False
    state = getattr(fault.__cause__, "sqlstate", None)
    return state is None or state in ENDED or state.startswith("08")


def _in_transaction(call: Callable[[], T]) -> T:
    """With the limits of this call alone; the connection goes back to the pool afterwards."""
    try:
        with limited(STATEMENT_MS, LOCK_MS), transaction.atomic():
            return call()
    finally:
        connection.close()
