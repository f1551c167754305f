"""Redis was away: everyone who noticed registers again as soon as it answers.

Owns the waiting of one process: one question at a time for all its connections, so that a
roster is whole again within a second of the return and not with everybody's next heartbeat.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final
from weakref import WeakKeyDictionary

from sessions.live.store import ANSWER_S, AWAY, aconnection, cancelled

ASK_S: Final = 0.25
Renew = Callable[[], Awaitable[object]]


class StoreWatch:
    """Those of one loop who wait for the store. Bounded by the sockets: each waits once."""

    def __init__(self) -> None:
        self._waiting: dict[object, Renew] = {}
        self._asking: asyncio.Task[None] | None = None

    def wait(self, who: object, renew: Renew) -> None:
        """`renew` is called once, when the store answers again."""
        self._waiting[who] = renew
        if self._asking is None or self._asking.done():
            self._asking = asyncio.get_running_loop().create_task(self._ask())

    def leave(self, who: object) -> None:
        """Waits no more."""
        self._waiting.pop(who, None)

    async def _ask(self) -> None:
        while self._waiting and not cancelled():
            if await _answers():
                waiting, self._waiting = self._waiting, {}
                renewals = (renew() for renew in waiting.values())
                await asyncio.gather(*renewals, return_exceptions=True)
            else:
                await asyncio.sleep(ASK_S)


async def _answers() -> bool:
    try:
        async with asyncio.timeout(ANSWER_S):
            await aconnection().time()
    except AWAY:
        return False
    return True


_watches: "WeakKeyDictionary[asyncio.AbstractEventLoop, StoreWatch]" = WeakKeyDictionary()


def store_watch() -> StoreWatch:
    """The running loop's."""
    return _watches.setdefault(asyncio.get_running_loop(), StoreWatch())
