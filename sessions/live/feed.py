"""A room's stream as this process follows it: read once, for all of the room's sockets here.

Owns the newest events in memory and when they are read: at a wake-up that does not bring the
next event itself, or when somebody knows of a number that is not here yet. Redis stays the truth:
whatever cannot be answered from memory is asked there. Knows nothing of browsers, and tells its followers no more than a number.
"""

import asyncio
import contextlib
import logging
from collections import deque
from collections.abc import Awaitable, Callable
from itertools import islice
from typing import Final
from weakref import WeakKeyDictionary

from sessions.core.refusal import Refuse
from sessions.live import broadcast
from sessions.live.store import SOCKET_TIMEOUT_S, arun
from sessions.live.stream import READ_LIMIT, Event, Events, Gap, read_after

log = logging.getLogger(__name__)

Position = tuple[str, int]  # (epoch, seq)
Woken = Callable[[str, int], None]

KEPT: Final = READ_LIMIT  # events in memory, of each room


class Feed:
    """One room's stream on one loop. The first `follow` makes it, its last follower ends it."""

    def __init__(self, room: str) -> None:
        self.room = room
        self._epoch, self._seq = "", 0
        self._promised: Position = ("", 0)  # a reading has begun since this was heard of
        self._events: deque[Event] = deque(maxlen=KEPT)
        self._followers: set[Woken] = set()
        self._due: asyncio.Task[Refuse | None] | None = None
        self._reading = asyncio.Lock()
        self._heard = asyncio.Event()
        self._hearing = asyncio.create_task(broadcast.hear(room, self._heard.set, self._woken))

    async def after(self, seen: Position, least: Position | None = None) -> Events | Gap | Refuse:
        """What came after `seen`, as `stream.read_after` has it. Redis is asked first, unless
        what is known here reaches `least`, a position that the caller knows to exist, and is of
        the epoch of `seen`."""
        if not self._reaches(least) or seen[0] != self._epoch:
            refused = await self._look()
            if refused is not None:
                return refused
        known = self._known(*seen)
        return await arun(read_after(self.room, *seen)) if known is None else known

    async def ready(self) -> None:
        """Returns when wake-ups are heard; while Redis is away, soon all the same."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(SOCKET_TIMEOUT_S):
                await self._heard.wait()

    def add(self, woken: Woken) -> None:
        """From now on it is called with (epoch, seq) whenever there is something new."""
        self._followers.add(woken)

    def drop(self, woken: Woken) -> bool:
        """The end of `add`; whether nobody follows any more, and the tail has ended."""
        self._followers.discard(woken)
        if not self._followers:
            self._hearing.cancel()
        return not self._followers

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
        """A wake-up comes twice, from this process and from Redis: the first one is read for,
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
            found = await arun(read_after(self.room, self._epoch, self._seq))
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
        for woken in tuple(self._followers):
            woken(found.epoch, found.seq)


class FeedReader:
    """One connection's way to read a room's tail: `read(least)` is called when there is news,
    one reading after the other, and news that come meanwhile become one. `fault` is called when
    a reading raises, with nobody else to tell."""

    def __init__(
        self,
        tail: Feed,
        read: Callable[[Position], Awaitable[None]],
        fault: Callable[[], Awaitable[None]],
    ) -> None:
        self.after, self.ready = tail.after, tail.ready
        self._tail = tail
        self._read, self._fault = read, fault
        self._newest: Position | None = None
        self._task: asyncio.Task[None] | None = None
        tail.add(self.woken)

    def woken(self, epoch: str, seq: int) -> None:
        """The stream has come to this position."""
        self._newest = (epoch, seq)
        if self._task is None:
            self._task = asyncio.create_task(self._read_all())

    def end(self) -> None:
        """No more news; a reading under way is finished."""
        _end(self._tail, self.woken)

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


_tails: "WeakKeyDictionary[asyncio.AbstractEventLoop, dict[str, Feed]]" = WeakKeyDictionary()


async def follow(
    room: str, read: Callable[[Position], Awaitable[None]], fault: Callable[[], Awaitable[None]]
) -> FeedReader:
    """Follows the room's stream on the running loop; wake-ups are heard when it returns."""
    tails = _tails.setdefault(asyncio.get_running_loop(), {})
    if room not in tails:
        tails[room] = Feed(room)
    follower = FeedReader(tails[room], read, fault)
    try:
        await follower.ready()
    except asyncio.CancelledError:
        follower.end()
        raise
    return follower


def _end(tail: Feed, woken: Woken) -> None:
    tails = _tails.get(asyncio.get_running_loop(), {})
    if tail.drop(woken) and tails.get(tail.room) is tail:
        del tails[tail.room]
