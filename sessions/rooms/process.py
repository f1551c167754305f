"""What one process owns of the rooms: made at start-up, on no loop yet, and handed over.

Owns the making of the parts and how a thread reaches the process's event loop. Everything that
lives as long as the process hangs here, and nothing of it in a module, so that a test makes its
own process instead of patching ours. Knows no verb and no message.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

from django.apps import apps
from django.conf import settings

from sessions.core.rate_limit import TokenBucket, TokenBuckets
from sessions.core.refusal import Refuse
from sessions.live.broadcast import Broadcast, layer_of_settings
from sessions.live.clock import RoomClock
from sessions.live.feed import Feeds
from sessions.live.store import Store
from sessions.live.store_watch import StoreWatch
from sessions.live.tasks import Tasks
from sessions.nodes.desired import DesiredRooms, RowFacts
from sessions.nodes.links import NodeLinks
from sessions.nodes.placement import Placements
from sessions.nodes.relay import NO_RELAY, Relay
from sessions.rooms import selectors
from sessions.rooms.database import Database
from sessions.rooms.media import MediaWants
from sessions.rooms.names import RoomName, RoomNames
from sessions.rooms.room_cache import RoomCache

T = TypeVar("T")

REFUSALS: Final = 20.0  # audit rows of refused sockets at once, whatever asks
REFUSALS_A_SECOND: Final = 1.0
JOINS: Final = 20.0  # of one person at once, on all devices; each leaves marks
JOINS_A_SECOND: Final = 0.5
REFUSED_VERBS: Final = 30.0  # audit rows of one person's refused verbs at once
REFUSED_VERBS_A_SECOND: Final = 1.0
THREAD_WAITS_S: Final = 10.0  # a page, for the loop


class Process:
    """One process's rooms, or one test's."""

    def __init__(
        self, redis_url: str, media_secret: str, database_threads: int, relay: Relay = NO_RELAY
    ) -> None:
        self.clock = RoomClock()
        self.store = Store(redis_url, self.clock)
        self.watch = StoreWatch(self.store)
        self.broadcast = Broadcast(self.store, layer_of_settings)
        self.feeds = Feeds(self.store, self.broadcast)
        self.links = NodeLinks(Placements(self.store), media_secret)
        self.desired = DesiredRooms(self.store, self.links)
        self.database = Database(database_threads)
        self.media = MediaWants(self.desired, self._row_facts)
        self.cache = RoomCache(self.store)
        self.names = RoomNames()
        self.refusals = TokenBucket(REFUSALS_A_SECOND, REFUSALS, 0.0, REFUSALS)
        self.joins = TokenBuckets(JOINS_A_SECOND, JOINS)
        self.refused_verbs = TokenBuckets(REFUSED_VERBS_A_SECOND, REFUSED_VERBS)
        self.relay = relay
        self.tasks = Tasks()
        self._loop: asyncio.AbstractEventLoop | None = None

    @classmethod
    def of_settings(cls) -> "Process":
        """The one that the settings describe."""
        relay = Relay(settings.THIRDS_TURN_URLS, settings.THIRDS_TURN_SECRET)
        return cls(
            settings.REDIS_URL, settings.THIRDS_MEDIA_SECRET, settings.DATABASE_POOL_SIZE, relay
        )

    def begin(self) -> None:
        """The running loop is the process's; again, it does nothing."""
        self._loop = self._loop or asyncio.get_running_loop()

    async def close(self) -> None:
        """Ends all that goes on, and gives the connections back."""
        await self.tasks.cancel()
        await self.links.close()
        await self.store.close()
        self.database.close()

    async def name_of(self, session: str) -> RoomName | Refuse:
        """The room of a session's public id: one query, once in a process. Refuses
        `room.unknown` or `store.down`."""
        known = self.names.known(session) or await self.database.run(self.names.find, session)
        return known or Refuse("room.unknown")

    def run_from_thread(self, work: "Callable[[Process], Awaitable[T]]") -> T:
        """From a thread of this process (a page): on its loop; where none runs (a command), on a
        loop and with a process made for it."""
        if self._loop is not None and self._loop.is_running():
            running = asyncio.run_coroutine_threadsafe(_on(self, work), self._loop)
            return running.result(THREAD_WAITS_S)
        return asyncio.run(_alone(work))

    async def _row_facts(self, room: str) -> RowFacts | Refuse:
        return await self.database.run(selectors.row_facts, room, self.clock.now)


async def _on(process: Process, work: Callable[[Process], Awaitable[T]]) -> T:
    return await work(process)


async def _alone(work: Callable[[Process], Awaitable[T]]) -> T:
    process = Process.of_settings()
    try:
        return await work(process)
    finally:
        await process.close()


def this_process() -> Process:
    """The process of Django's own parts (pages, commands), made when the app was ready."""
    process = apps.get_app_config("group_sessions").process  # type: ignore[attr-defined]
    assert isinstance(process, Process)
    return process
