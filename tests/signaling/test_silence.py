"""A browser that is not heard: the others see it, however long its socket stays open."""

import asyncio
import time
from collections import Counter

import pytest

from sessions.live import presence, store
from sessions.rooms.process import Process
from sessions.signaling.access_watch import AccessWatch
from sessions.signaling.consumer import RoomConsumer
from tests.signaling.evening import PATIENCE_S, Browser, Evening

pytestmark = pytest.mark.django_db(transaction=True)


async def away(process: Process, tonight: Evening, name: str) -> bool:
    """Whether the roster says that this person is waited for."""
    roster = await process.store.run(presence.roster(tonight.room.key))
    assert isinstance(roster, presence.Roster)
    seat = await tonight.room.seats.aget(person=tonight[name])
    entry = roster.of(seat.key)
    assert entry is not None
    return entry.away


async def miss_a_beat(process: Process, tonight: Evening) -> None:
    """As if everyone in the room had been silent for longer than AWAY_MS."""
    later = round(time.time() * 1000) + store.AWAY_MS + 500
    room = tonight.room.key
    await process.broadcast.send(room, presence.sweep(room, clock_ms=later))


class Beats:
    """How often each person's socket has looked after itself."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.of: Counter[str] = Counter()
        self.beat = asyncio.Event()
        real = AccessWatch.beat

        async def counted(watch: AccessWatch) -> None:
            await real(watch)
            self.of[watch._person.display_name] += 1
            self.beat.set()

        monkeypatch.setattr(AccessWatch, "beat", counted)

    async def more(self, name: str, count: int) -> None:
        """Waits for so many beats from now on."""
        least = self.of[name] + count
        async with asyncio.timeout(PATIENCE_S):
            while self.of[name] < least:
                self.beat.clear()
                await self.beat.wait()


async def heard(process: Process, tonight: Evening, browser: Browser, name: str) -> None:
    """Pings until the roster says that this person is here: a renewal follows its answer."""
    async with asyncio.timeout(PATIENCE_S):
        while await away(process, tonight, name):
            await browser.ask("ping")


async def test_silent_browser_stays_away_until_it_is_heard(
    process: Process, tonight: Evening, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Kills: a server that renews the lease of a browser that it no longer hears, so that the
    others talk to a picture that stands still."""
    monkeypatch.setattr(RoomConsumer, "beat_s", 0.0)
    monkeypatch.setattr(RoomConsumer, "quiet_s", -1.0)
    dana, sam = tonight.browser("Dana"), tonight.browser("Sam")
    await dana.hello()
    await sam.hello()
    beats = Beats(monkeypatch)
    await miss_a_beat(process, tonight)
    await beats.more("Sam", 5)
    await heard(process, tonight, dana, "Dana")
    assert await away(process, tonight, "Sam")
    await heard(process, tonight, sam, "Sam")
    for browser in (dana, sam):
        await browser.drop()
