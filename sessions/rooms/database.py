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

from asgiref.sync import sync_to_async
from django.db import InterfaceError, OperationalError, connection, transaction

from sessions.core.refusal import Refuse
from sessions.live.tasks import Tasks

T = TypeVar("T")

log = logging.getLogger(__name__)

STATEMENT_MS: Final = 1500
LOCK_MS: Final = 1200
ANSWER_S: Final = 1.9
DOWN: Final = Refuse("store.down")

RETRY_S: Final = 0.5  # this long after PostgreSQL did not answer, it is asked again
ENDED: Final = frozenset({"57P01", "57P02", "57P03"})  # shut down, crashed, not ready yet
LIMITS: Final = f"SET LOCAL statement_timeout = {STATEMENT_MS}; SET LOCAL lock_timeout = {LOCK_MS}"


class Database:
    """PostgreSQL as one process uses it from its loop. `threads` is the size of the pool."""

    def __init__(self, threads: int) -> None:
        self.threads = ThreadPoolExecutor(threads, thread_name_prefix="database")
        self.background = ThreadPoolExecutor(1, thread_name_prefix="database-background")
        self._tasks = Tasks()
        self._asking: asyncio.Task[None] | None = None  # not None: PostgreSQL is away

    async def run(self, call: Callable[..., T], *arguments: Any, **named: Any) -> T | Refuse:
        """Runs a call on a thread of the executor, in a transaction of its own.

        Refuses `store.down` when PostgreSQL is away, slow, or a lock cannot be had in time. A
        call given up on may still be committed: what it changed comes as an event.
        """
        return await self._run(self.threads, partial(call, *arguments, **named), None)

    async def run_to_the_end(
        self, call: Callable[[], T], given_up: Callable[[T], None]
    ) -> T | Refuse:
        """Like `run`; `given_up` gets the outcome of a call that was given up on and committed
        all the same."""
        return await self._run(self.threads, call, given_up)

    async def run_in_background(
        self, call: Callable[..., T], *arguments: Any, **named: Any
    ) -> T | Refuse:
        """Like `run`, one after the other on a thread of its own: for what is asked now and then
        of everybody, so that no tap waits behind a crowd of it."""
        return await self._run(self.background, partial(call, *arguments, **named), None)

    def close(self) -> None:
        """Ends the threads when their calls are done."""
        self.threads.shutdown(wait=False)
        self.background.shutdown(wait=False)

    async def _run(
        self,
        threads: ThreadPoolExecutor,
        call: Callable[[], T],
        given_up: Callable[[T], None] | None,
    ) -> T | Refuse:
        if self._asking is not None:
            return DOWN
        running = self._tasks.keep(_threaded(threads, call))
        try:
            async with asyncio.timeout(ANSWER_S):
                return await asyncio.shield(running)
        except (OperationalError, InterfaceError, TimeoutError) as fault:
            log.warning("database call given up: %s", type(fault).__name__)
            running.add_done_callback(partial(_finish, given_up))
            if is_away(fault):
                self._asking = self._asking or self._tasks.keep(self._ask())
            return DOWN

    async def _ask(self) -> None:
        answers = False
        while not answers:
            await asyncio.sleep(RETRY_S)
            answers = await self._answers()
        self._asking = None

    async def _answers(self) -> bool:
        """Whether a transaction can be had."""
        try:
            async with asyncio.timeout(ANSWER_S):
                await _threaded(self.threads, lambda: None)
        except (OperationalError, InterfaceError, TimeoutError):
            return False
        return True


async def _threaded(threads: ThreadPoolExecutor, call: Callable[[], T]) -> T:
    threaded = sync_to_async(_in_transaction, thread_sensitive=False, executor=threads)
    return await threaded(call)


def _finish(given_up: Callable[[T], None] | None, running: "asyncio.Task[T]") -> None:
    """The outcome of a call that nobody waits for any more; its fault was the caller's."""
    if not running.cancelled() and running.exception() is None and given_up is not None:
        given_up(running.result())


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
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute(LIMITS)
            return call()
    finally:
        connection.close()
