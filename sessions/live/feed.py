"""A room's stream as this process follows it: read once, for all of the room's sockets here.

Owns the newest events in memory and when they are read: at a wake-up that does not bring the
next event itself, or when a reader knows of a number that is not here yet. Valkey stays the
truth: what memory cannot answer is asked there. Knows nothing of browsers, and gives its readers
no more than a number.
"""

import asyncio
import contextlib
import logging
from collections import deque
from collections.abc import Awaitable, Callable
from itertools import islice
from typing import Final

from sessions.core.refusal import Refuse
from sessions.live.broadcast import Broadcast
from sessions.live.store import SOCKET_TIMEOUT_S, Store
from sessions.live.stream import READ_LIMIT, Event, Events, Gap, read_after

log = logging.getLogger(__name__)

Position = tuple[str, int]  # (epoch, seq)
Woken = Callable[[str, int], None]
Read = Callable[[Position], Awaitable[None]]
Fault = Callable[[], Awaitable[None]]

KEPT: Final = READ_LIMIT  # events in memory, of each room


class Feeds:
    """The feeds of one process, one a room. The first `follow` makes a feed, its last reader
    ends it."""

    def __init__(self, store: Store, broadcast: Broadcast) -> None:
        self._store = store
        self._broadcast = broadcast
        self._feeds: dict[str, Feed] = {}

    async def follow(self, room: str, read: Read, fault: Fault) -> "FeedReader":
        """Follows the room's stream; wake-ups are heard when it returns."""
        if room not in self._feeds:
            self._feeds[room] = Feed(room, self._store, self._broadcast)
        reader = FeedReader(self._feeds[room], read, fault, self._end)
        try:
            await reader.ready()
        except asyncio.CancelledError:
            reader.end()
            raise
        return reader

    def _end(self, feed: "Feed", woken: Woken) -> None:
        if feed.drop(woken) and self._feeds.get(feed.room) is feed:
            del self._feeds[feed.room]


class Feed:
    """One room's stream."""

    def __init__(self, room: str, store: Store, broadcast: Broadcast) -> None:
        self.room = room
        self._store = store
        self._epoch, self._seq = "", 0
        self._promised: Position = ("", 0)  # a reading has begun since this was heard of
        self._events: deque[Event] = deque(maxlen=KEPT)
        self._readers: set[Woken] = set()
        self._due: asyncio.Task[Refuse | None] | None = None
        self._reading = asyncio.Lock()
        self._heard = asyncio.Event()
        self._hearing = asyncio.create_task(broadcast.hear(room, self._heard.set, self._woken))

    async def after(self, seen: Position, least: Position | None = None) -> Events | Gap | Refuse:
        """What came after `seen`, as `stream.read_after` has it. Valkey is asked first, unless
        what is known here reaches `least`, a position that the caller knows to exist, and is of
        the epoch of `seen`."""
        if not self._reaches(least) or seen[0] != self._epoch:
            refused = await self._look()
            if refused is not None:
                return refused
        known = self._known(*seen)
        return await self._store.run(read_after(self.room, *seen)) if known is None else known

    async def ready(self) -> None:
        """Returns when wake-ups are heard; while Valkey is away, soon all the same."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(SOCKET_TIMEOUT_S):
                await self._heard.wait()

    def add(self, woken: Woken) -> None:
        """From now on it is called with (epoch, seq) when there is something new."""
        self._readers.add(woken)

    def drop(self, woken: Woken) -> bool:
        """The end of `add`; whether nobody reads any more, and the feed has ended."""
        self._readers.discard(woken)
        if not self._readers:
            self._hearing.cancel()
        return not self._readers

    def _reaches(self, least: Position | None) -> bool:
        return least is not None and least[0] == self._epoch and least[1] <= self._seq

    def _known(self, epoch: str, seq: int) -> Events | Gap | None:
        """None: it has left the memory."""
        if epoch != self._epoch:
            return Gap(self._epoch, self._seq)
        behind = self._seq - seq
        if behind <= 0:
            return Events(epoch, seq, ())
        kept = len(self._events)
        if behind > kept:
            return None
        return Events(epoch, self._seq, tuple(islice(self._events, kept - behind, None)))

    def _woken(self, epoch: str, seq: int, event: Event | None) -> None:
        """A wake-up comes twice, from this process and from Valkey: the first one is read for,
        unless it brings what comes next."""
        if event is not None and (epoch, seq) == (self._epoch, self._seq + 1):
            self._take(Events(epoch, seq, (event,)))
            return
        promised = epoch == self._promised[0] and seq <= self._promised[1]
        if not promised and not self._reaches((epoch, seq)):
            self._promised = (epoch, seq)
            self._looking()

    def _looking(self) -> "asyncio.Task[Refuse | None]":
        if self._due is None:
            self._due = asyncio.create_task(self._read())
        return self._due

    async def _look(self) -> Refuse | None:
        """A read that begins after this call, shared with all who wait for one."""
        return await asyncio.shield(self._looking())

    async def _read(self) -> Refuse | None:
        async with self._reading:
            self._due = None
            found = await self._store.run(read_after(self.room, self._epoch, self._seq))
            if isinstance(found, Refuse):
                self._promised = ("", 0)
                return found
            self._take(found)
        return None

    def _take(self, found: Events | Gap) -> None:
        if found.epoch == self._epoch and found.seq <= self._seq:
            return  # a wake-up brought it while it was read
        if isinstance(found, Gap):
            self._events.clear()
        else:
            self._events.extend(event for event in found.events if event.seq > self._seq)
        self._epoch, self._seq = found.epoch, found.seq
        for woken in tuple(self._readers):
            woken(found.epoch, found.seq)


class FeedReader:
    """One connection's reading of a feed: `read(least)` is called when there is news, one
    reading after the other, and news that come meanwhile become one. `fault` is called when a
    reading raises, with nobody else to handle it."""

    def __init__(
        self, feed: Feed, read: Read, fault: Fault, ended: Callable[[Feed, Woken], None]
    ) -> None:
        self.after, self.ready = feed.after, feed.ready
        self._feed = feed
        self._read, self._fault, self._ended = read, fault, ended
        self._newest: Position | None = None
        self._task: asyncio.Task[None] | None = None
        feed.add(self.woken)

    def woken(self, epoch: str, seq: int) -> None:
        """The stream has come to this position."""
        self._newest = (epoch, seq)
        if self._task is None:
            self._task = asyncio.create_task(self._read_all())

    def end(self) -> None:
        """No more news; a reading under way is finished."""
        self._ended(self._feed, self.woken)

    async def _read_all(self) -> None:
        try:
            while self._newest is not None:
                least, self._newest = self._newest, None
                await self._read(least)
        except Exception:
            log.exception("a room's stream could not be read for a socket")
            await self._fault()
        finally:
            self._task = None
