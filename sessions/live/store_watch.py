"""Valkey was away: everybody who noticed registers again as soon as it answers.

Owns the waiting of one process: one question at a time for all its connections, so that a
roster is whole again within a second of the return and not with everybody's next heartbeat.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

from sessions.live.store import Store, cancelled
from sessions.live.tasks import Tasks

ASK_S: Final = 0.25
Renew = Callable[[], Awaitable[object]]


class StoreWatch:
    """Those of one process who wait for the store. Bounded by the sockets: each waits once."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._waiting: dict[object, Renew] = {}
        self._tasks = Tasks()
        self._asking: asyncio.Task[None] | None = None

    def wait(self, who: object, renew: Renew) -> None:
        """`renew` is called once, when the store answers again."""
        self._waiting[who] = renew
        if self._asking is None or self._asking.done():
            self._asking = self._tasks.keep(self._ask())

    def leave(self, who: object) -> None:
        """Waits no more."""
        self._waiting.pop(who, None)

    async def _ask(self) -> None:
        while self._waiting and not cancelled():
            if await self._store.answers():
                waiting, self._waiting = self._waiting, {}
                renewals = (renew() for renew in waiting.values())
                await asyncio.gather(*renewals, return_exceptions=True)
            else:
                await asyncio.sleep(ASK_S)
