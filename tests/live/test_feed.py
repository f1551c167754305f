"""A room's stream as one process follows it: read once for all, never less than Redis has."""

import asyncio
import secrets
from collections.abc import Callable
from typing import Any

import pytest

from sessions.core.refusal import Refuse
from sessions.live import broadcast, feed, store
from sessions.live.feed import FeedReader, Position, follow
from sessions.live.stream import Audience, Draft, Events, Gap, Kind, append, appended, read_after

PATIENCE_S = 10.0


@pytest.fixture
def room() -> str:
    return secrets.token_urlsafe(9)


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[Position]:
    """From where Redis was asked for the stream."""
    asked: list[Position] = []

    def counted(room: str, epoch: str, seq: int) -> Any:
        asked.append((epoch, seq))
        return read_after(room, epoch, seq)

    monkeypatch.setattr(feed, "read_after", counted)
    return asked


class Reader:
    """A connection as the tail sees it."""

    def __init__(self) -> None:
        self.woken: list[Position] = []
        self.failed = asyncio.Event()
        self.news = asyncio.Event()

    async def read(self, least: Position) -> None:
        self.woken.append(least)
        self.news.set()

    async def fault(self) -> None:
        self.failed.set()

    async def until(self, holds: Callable[[], bool]) -> None:
        async with asyncio.timeout(PATIENCE_S):
            while not holds():
                self.news.clear()
                await self.news.wait()


async def following(room: str) -> tuple[Reader, FeedReader]:
    reader = Reader()
    return reader, await follow(room, reader.read, reader.fault)


async def publish(room: str, version: int) -> Position:
    draft = Draft(Kind.ROOM_CHANGED, Audience.EVERYONE, version)
    told = await broadcast.asend(room, append(room, draft))
    assert not isinstance(told, Refuse)
    return told.epoch, told.seq


def versions(found: Events | Gap | Refuse) -> list[int]:
    assert isinstance(found, Events)
    return [event.version for event in found.events]


async def test_event_is_read_once_for_all_followers(room: str, reads: list[Position]) -> None:
    """Kills: a tail that asks Redis once for each of its followers."""
    begin = await publish(room, 1)
    several = [await following(room) for _ in range(12)]
    await several[0][1].after(begin)
    reads.clear()
    position = await publish(room, 2)
    for reader, follower in several:
        await reader.until(lambda reader=reader: reader.woken[-1:] == [position])  # type: ignore[misc]
        assert versions(await follower.after(begin, position)) == [2]
    assert reads == [begin]
    for _, follower in several:
        follower.end()


async def brought(room: str, version: int) -> Position:
    """Published by a thread of this process, as every verb's event is."""
    draft = Draft(Kind.ROOM_CHANGED, Audience.EVERYONE, version)
    told = await asyncio.to_thread(broadcast.publish, room, draft)
    assert not isinstance(told, Refuse)
    return told.epoch, told.seq


async def test_event_of_this_process_is_not_read_again(room: str, reads: list[Position]) -> None:
    """Kills: asking Redis for what a thread of this process has just written."""
    begin = await publish(room, 1)
    reader, follower = await following(room)
    await follower.after(begin)
    reads.clear()
    position = await brought(room, 2)
    await reader.until(lambda: reader.woken[-1:] == [position])
    assert versions(await follower.after(begin, position)) == [2]
    assert reads == []
    follower.end()


async def test_event_of_this_process_that_is_not_the_next_is_read_for(
    room: str, reads: list[Position]
) -> None:
    """Something else came in between. Kills: a tail with a hole, which nobody fills."""
    begin = await publish(room, 1)
    reader, follower = await following(room)
    await follower.after(begin)
    reads.clear()
    await asyncio.to_thread(store.run, append(room, Draft(Kind.ROOM_CHANGED, Audience.EVERYONE, 2)))
    position = await brought(room, 3)
    await reader.until(lambda: reader.woken[-1:] == [position])
    assert versions(await follower.after(begin, position)) == [2, 3]
    assert reads == [begin]
    follower.end()


async def test_event_that_comes_while_it_is_read_is_told_once(
    room: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A wake-up brings what a reading under way has found as well. Kills: telling it twice."""
    begin = await publish(room, 1)
    reader, follower = await following(room)
    await follower.after(begin)
    found, go_on = asyncio.Event(), asyncio.Event()
    real = store.arun

    async def slow(call: Any) -> Any:
        answer = await real(call)
        found.set()
        await go_on.wait()
        return answer

    monkeypatch.setattr(feed, "arun", slow)
    draft = Draft(Kind.ROOM_CHANGED, Audience.EVERYONE, 2)
    told = await asyncio.to_thread(store.run, append(room, draft))
    assert not isinstance(told, Refuse)
    reading = asyncio.create_task(follower.after(begin))
    await found.wait()
    broadcast.wake(room, told.epoch, told.seq, appended(draft, told))
    await reader.until(lambda: reader.woken[-1:] == [(told.epoch, told.seq)])
    go_on.set()
    assert versions(await reading) == [2]
    assert versions(await follower.after(begin, (told.epoch, told.seq))) == [2]
    follower.end()


async def test_position_that_is_not_here_yet_is_asked_for(room: str) -> None:
    """A wake-up got lost: whoever knows of a newer number than the tail gets what it names.
    Kills: a tail that answers from memory alone."""
    begin = await publish(room, 1)
    _, follower = await following(room)
    assert versions(await follower.after(begin)) == []
    await asyncio.to_thread(store.run, append(room, Draft(Kind.ROOM_CHANGED, Audience.EVERYONE, 2)))
    assert versions(await follower.after(begin, (begin[0], 2))) == [2]
    follower.end()


async def test_reading_without_a_position_asks_redis(room: str) -> None:
    begin = await publish(room, 1)
    _, follower = await following(room)
    assert versions(await follower.after(begin)) == []
    await asyncio.to_thread(store.run, append(room, Draft(Kind.ROOM_CHANGED, Audience.EVERYONE, 2)))
    assert versions(await follower.after(begin)) == [2]
    follower.end()


async def test_what_has_left_the_memory_comes_from_redis(room: str) -> None:
    """The first reader of a tail asks for what was before it. Kills: a tail that takes what it
    does not hold for a gap."""
    begin = await publish(room, 1)
    for version in (2, 3, 4):
        await publish(room, version)
    _, follower = await following(room)
    assert versions(await follower.after(begin)) == [2, 3, 4]
    follower.end()


async def test_another_epoch_is_a_gap(room: str) -> None:
    """Redis came back empty. Kills: events of one epoch told under another."""
    begin = await publish(room, 1)
    _, follower = await following(room)
    await follower.after(begin)
    store.connection().delete(*append(room, Draft(Kind.ROOM_CHANGED, Audience.EVERYONE, 1)).keys())
    epoch, seq = await publish(room, 2)
    assert await follower.after(begin) == Gap(epoch, seq)
    assert await follower.after(begin, (epoch, seq)) == Gap(epoch, seq)
    assert versions(await follower.after((epoch, 0), (epoch, 1))) == [2]
    follower.end()


async def test_reader_ahead_of_the_tail_has_nothing_to_read(room: str) -> None:
    """A snapshot may be newer than what this process has read."""
    begin = await publish(room, 1)
    _, follower = await following(room)
    await follower.after(begin)
    told = await asyncio.to_thread(
        store.run, append(room, Draft(Kind.ROOM_CHANGED, Audience.EVERYONE, 2))
    )
    assert not isinstance(told, Refuse)
    assert await follower.after((told.epoch, told.seq), begin) == Events(told.epoch, told.seq, ())
    follower.end()


async def test_redis_away_is_a_refusal(room: str, monkeypatch: pytest.MonkeyPatch) -> None:
    begin = await publish(room, 1)
    _, follower = await following(room)

    async def away(_call: Any) -> Refuse:
        return Refuse("store.down")

    monkeypatch.setattr(feed, "arun", away)
    assert await follower.after(begin) == Refuse("store.down")
    follower.end()


async def test_news_during_a_reading_become_one(room: str) -> None:
    """Kills: a queue of wake-ups that grows while a reading is slow."""
    reader, go_on, seen = Reader(), asyncio.Event(), []

    async def slow(least: Position) -> None:
        seen.append(least)
        await go_on.wait()
        reader.news.set()

    follower = await follow(room, slow, reader.fault)
    for seq in range(1, 50):
        follower.woken("epoch", seq)
        await asyncio.sleep(0)
    go_on.set()
    await reader.until(lambda: len(seen) == 2)
    assert seen == [("epoch", 1), ("epoch", 49)]
    follower.end()


async def test_fault_of_one_reading_is_told_to_its_connection(room: str) -> None:
    """Kills: a socket that lives on, deaf, after a fault that nobody awaits."""
    reader = Reader()

    async def broken(_least: Position) -> None:
        raise ValueError("a fault of ours")

    follower = await follow(room, broken, reader.fault)
    follower.woken("epoch", 1)
    async with asyncio.timeout(PATIENCE_S):
        await reader.failed.wait()
    follower.end()


async def test_last_follower_ends_the_tail(room: str) -> None:
    """Kills: tails of rooms that nobody is in any more, held for ever."""
    _, first = await following(room)
    _, second = await following(room)
    tails = feed._tails[asyncio.get_running_loop()]
    first.end()
    assert set(tails) == {room}
    second.end()
    assert set(tails) == set()
