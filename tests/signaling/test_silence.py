"""A browser that is not heard: the others see it, however long its socket stays open."""

import time

import pytest

from sessions.live import broadcast, presence
from sessions.live.store import arun
from sessions.signaling.consumer import RoomConsumer
from tests.signaling.evening import Browser, Evening

pytestmark = pytest.mark.django_db(transaction=True)


async def away(tonight: Evening, name: str) -> bool:
    """Whether the roster says that this person is waited for."""
    roster = await arun(presence.roster(tonight.room.key))
    assert isinstance(roster, presence.Roster)
    seat = await tonight.room.seats.aget(person=tonight[name])
    entry = roster.of(seat.key)
    assert entry is not None
    return entry.away


async def miss_a_beat(tonight: Evening) -> None:
    """As if everyone in the room had been silent for longer than AWAY_MS."""
    later = round(time.time() * 1000) + presence.AWAY_MS + 500
    await broadcast.asend(tonight.room.key, presence.sweep(tonight.room.key, clock_ms=later))


async def beats(browser: Browser, count: int) -> None:
    """Lets every socket of this process beat at least so often."""
    for _ in range(count):
        await browser.ask("ping")


async def heard(tonight: Evening, browser: Browser, name: str) -> None:
    """Pings until the roster says that this person is here: a renewal follows its answer."""
    for _ in range(100):
        if not await away(tonight, name):
            return
        await browser.ask("ping")
    raise AssertionError(f"{name} pings and is still waited for")


async def test_silent_browser_stays_away_until_it_is_heard(
    tonight: Evening, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Kills: a server that renews the lease of a browser that it no longer hears, so that the
    others talk to a picture that stands still."""
    monkeypatch.setattr(RoomConsumer, "beat_s", 0.0)
    monkeypatch.setattr(RoomConsumer, "quiet_s", -1.0)
    dana, sam = tonight.browser("Dana"), tonight.browser("Sam")
    await dana.hello()
    await sam.hello()
    await miss_a_beat(tonight)
    await beats(dana, 20)
    await heard(tonight, dana, "Dana")
    assert await away(tonight, "Sam")
    await heard(tonight, sam, "Sam")
    for browser in (dana, sam):
        await browser.drop()
