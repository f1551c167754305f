"""A room's stream as one process follows it: read once for all, never less than Redis has."""

import asyncio
import secrets
from collections.abc import Callable
from typing import Any

import pytest

from sessions.core.refusal import Refuse
from sessions.live.feed import FeedReader, Position
from sessions.live.presence import Applied
from sessions.live.store import Call
from sessions.live.stream import Audience, Draft, Events, Gap, Kind, append, appended
from sessions.rooms.process import Process
from tests.valkey import connection, run

PATIENCE_S = 10.0


@pytest.fixture
def room() -> str:
    return secrets.token_urlsafe(9)


@pytest.fixture
def reads(process: Process, monkeypatch: pytest.MonkeyPatch) -> list[Position]:
    """From where Redis was asked for the stream."""
    asked: list[Position] = []
    real = process.store.run

    async def counted(call: Call[Any]) -> Any:
        if call.script == "read":
            asked.append((call.arguments["seen_epoch"], call.arguments["after"]))
        return await real(call)

    monkeypatch.setattr(process.store, "run", counted)
    return asked


class Reader:
    """A connection as the feed sees it."""

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


async def following(process: Process, room: str) -> tuple[Reader, FeedReader]:
    reader = Reader()
    return reader, await process.feeds.follow(room, reader.read, reader.fault)


def changed(version: int) -> Draft:
    payload = {"version": version}
    return Draft(
        Kind.ROOM_CHANGED, Audience.EVERYONE, version, payload=payload, room_version=version
    )


def write(room: str, version: int) -> Applied:
    """Written, and nobody is woken."""
    return run(append(room, changed(version)))


async def publish(process: Process, room: str, version: int) -> Position:
    """Written, and the wake-up does not bring it: as another process does."""
    applied = await process.broadcast.send(room, append(room, changed(version)))
    assert not isinstance(applied, Refuse)
    return applied.epoch, applied.seq


def versions(found: Events | Gap | Refuse) -> list[int]:
    assert isinstance(found, Events)
    return [event.version for event in found.events]


async def test_event_is_read_once_for_all_followers(
    process: Process, room: str, reads: list[Position]
) -> None:
    """Kills: a feed that asks Redis once for each of its followers."""
    begin = await publish(process, room, 1)
    several = [await following(process, room) for _ in range(12)]
    await several[0][1].after(begin)
    reads.clear()
    position = await publish(process, room, 2)
    for reader, follower in several:
        await reader.until(lambda reader=reader: reader.woken[-1:] == [position])  # type: ignore[misc]
        assert versions(await follower.after(begin, position)) == [2]
    assert reads == [begin]
    for _, follower in several:
        follower.end()


async def bring(process: Process, room: str, version: int) -> Position:
    """Published by this process, as every verb's event is."""
    applied = await process.broadcast.publish(room, changed(version))
    assert not isinstance(applied, Refuse)
    return applied.epoch, applied.seq


async def test_event_of_this_process_is_not_read_again(
    process: Process, room: str, reads: list[Position]
) -> None:
    """Kills: asking Redis for what this process has just written."""
    begin = await publish(process, room, 1)
    reader, follower = await following(process, room)
    await follower.after(begin)
    reads.clear()
    position = await bring(process, room, 2)
    await reader.until(lambda: reader.woken[-1:] == [position])
    assert versions(await follower.after(begin, position)) == [2]
    assert reads == []
    follower.end()


async def test_event_of_this_process_that_is_not_the_next_is_read_for(
    process: Process, room: str, reads: list[Position]
) -> None:
    """Something else came in between. Kills: a feed with a hole, which nobody fills."""
    begin = await publish(process, room, 1)
    reader, follower = await following(process, room)
    await follower.after(begin)
    reads.clear()
    write(room, 2)
    position = await bring(process, room, 3)
    await reader.until(lambda: reader.woken[-1:] == [position])
    assert versions(await follower.after(begin, position)) == [2, 3]
    assert reads == [begin]
    follower.end()


async def test_event_that_comes_while_it_is_read_is_given_once(
    process: Process, room: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A wake-up brings what a reading under way has found as well. Kills: giving it twice."""
    begin = await publish(process, room, 1)
    reader, follower = await following(process, room)
    await follower.after(begin)
    found, go_on = asyncio.Event(), asyncio.Event()
    real = process.store.run

    async def slow(call: Any) -> Any:
        answer = await real(call)
        found.set()
        await go_on.wait()
        return answer

    monkeypatch.setattr(process.store, "run", slow)
    written = write(room, 2)
    position = written.epoch, written.seq
    reading = asyncio.create_task(follower.after(begin))
    await found.wait()
    await process.broadcast.wake(room, *position, appended(changed(2), written))
    await reader.until(lambda: reader.woken[-1:] == [position])
    go_on.set()
    assert versions(await reading) == [2]
    assert versions(await follower.after(begin, position)) == [2]
    follower.end()


async def test_position_that_is_not_here_yet_is_asked_for(process: Process, room: str) -> None:
    """A wake-up got lost: a reader that knows of a newer number than the feed gets what it names.
    Kills: a feed that answers from memory alone."""
    begin = await publish(process, room, 1)
    _, follower = await following(process, room)
    assert versions(await follower.after(begin)) == []
    write(room, 2)
    assert versions(await follower.after(begin, (begin[0], 2))) == [2]
    follower.end()


async def test_reading_without_a_position_asks_redis(process: Process, room: str) -> None:
    begin = await publish(process, room, 1)
    _, follower = await following(process, room)
    assert versions(await follower.after(begin)) == []
    write(room, 2)
    assert versions(await follower.after(begin)) == [2]
    follower.end()


async def test_what_has_left_the_memory_comes_from_redis(process: Process, room: str) -> None:
    """The first reader of a feed asks for what was before it. Kills: a feed that takes what it
    does not hold for a gap."""
    begin = await publish(process, room, 1)
    for version in (2, 3, 4):
        await publish(process, room, version)
    _, follower = await following(process, room)
    assert versions(await follower.after(begin)) == [2, 3, 4]
    follower.end()


async def test_another_epoch_is_a_gap(process: Process, room: str) -> None:
    """Redis came back empty. Kills: events of one epoch under the number of another."""
    begin = await publish(process, room, 1)
    _, follower = await following(process, room)
    await follower.after(begin)
    connection().delete(*append(room, changed(1)).keys())
    epoch, seq = await publish(process, room, 2)
    assert await follower.after(begin) == Gap(epoch, seq)
    assert await follower.after(begin, (epoch, seq)) == Gap(epoch, seq)
    assert versions(await follower.after((epoch, 0), (epoch, 1))) == [2]
    follower.end()


async def test_reader_ahead_of_the_feed_has_nothing_to_read(process: Process, room: str) -> None:
    """A snapshot may be newer than what this process has read."""
    begin = await publish(process, room, 1)
    _, follower = await following(process, room)
    await follower.after(begin)
    written = write(room, 2)
    position = written.epoch, written.seq
    assert await follower.after(position, begin) == Events(*position, ())
    follower.end()


async def test_redis_away_is_a_refusal(
    process: Process, room: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin = await publish(process, room, 1)
    _, follower = await following(process, room)

    async def away(_call: Any) -> Refuse:
        return Refuse("store.down")

    monkeypatch.setattr(process.store, "run", away)
    assert await follower.after(begin) == Refuse("store.down")
    follower.end()


async def test_news_during_a_reading_become_one(process: Process, room: str) -> None:
    """Kills: a queue of wake-ups that grows while a reading is slow."""
    reader, go_on, seen = Reader(), asyncio.Event(), []

    async def slow(least: Position) -> None:
        seen.append(least)
        await go_on.wait()
        reader.news.set()

    follower = await process.feeds.follow(room, slow, reader.fault)
    for seq in range(1, 50):
        follower.woken("epoch", seq)
        await asyncio.sleep(0)
    go_on.set()
    await reader.until(lambda: len(seen) == 2)
    assert seen == [("epoch", 1), ("epoch", 49)]
    follower.end()


async def test_fault_of_one_reading_reaches_its_connection(process: Process, room: str) -> None:
    """Kills: a socket that lives on, deaf, after a fault that nobody awaits."""
    reader = Reader()

    async def broken(_least: Position) -> None:
        raise ValueError("a fault of ours")

    follower = await process.feeds.follow(room, broken, reader.fault)
    follower.woken("epoch", 1)
    async with asyncio.timeout(PATIENCE_S):
        await reader.failed.wait()
    follower.end()


async def test_last_follower_ends_the_feed(process: Process, room: str) -> None:
    """Kills: feeds of rooms that nobody is in any more, held for ever."""
    _, first = await following(process, room)
    _, second = await following(process, room)
    first.end()
    assert set(process.feeds._feeds) == {room}
    second.end()
    assert set(process.feeds._feeds) == set()
