"""Events out: order, gaps, wake-ups, and Redis away, on a real Valkey."""

import asyncio
import contextlib
import json
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import cast

import pytest
import pytest_asyncio
from channels.layers import BaseChannelLayer

from sessions.live import broadcast, presence
from sessions.live.broadcast import Broadcast, layer_of_settings
from sessions.live.presence import Applied, Joined, Place
from sessions.live.stream import (
    READ_LIMIT,
    Audience,
    Draft,
    Event,
    Events,
    Gap,
    Kind,
    append,
    read_after,
)
from sessions.rooms.process import Process
from tests.valkey import connection, run


@pytest.fixture
def room() -> str:
    return secrets.token_urlsafe(9)


@pytest_asyncio.fixture
async def other() -> AsyncIterator[Process]:
    """Another process, of which this one hears by Redis alone."""
    process = Process.of_settings()
    yield process
    await process.close()


def changed(version: int) -> Draft:
    payload = {"segments": [], "version": version}
    return Draft(
        Kind.ROOM_CHANGED, Audience.EVERYONE, version, payload=payload, room_version=version
    )


def position(room: str) -> tuple[str, int]:
    roster = run(presence.roster(room))
    return roster.epoch, roster.seq


def test_stream_gives_what_came_after_a_number_in_order(room: str) -> None:
    for version in (1, 2, 3):
        run(append(room, changed(version)))
    epoch, seq = position(room)
    read = run(read_after(room, epoch, 1))

    assert isinstance(read, Events)
    assert (read.seq, seq) == (3, 3)
    assert [(event.seq, event.version) for event in read.events] == [(2, 2), (3, 3)]
    assert read.events[0].payload == {"segments": [], "version": 2}  # an empty list stays a list


def test_stream_after_its_last_number_is_empty(room: str) -> None:
    run(append(room, changed(1)))
    epoch, seq = position(room)
    assert run(read_after(room, epoch, seq)) == Events(epoch, seq, ())


def test_stream_has_a_gap_for_another_epoch_and_for_a_number_not_reached(room: str) -> None:
    run(append(room, changed(1)))
    epoch, seq = position(room)
    assert run(read_after(room, "another", 0)) == Gap(epoch, seq)
    assert run(read_after(room, epoch, seq + 1)) == Gap(epoch, seq)


def test_stream_has_a_gap_when_too_far_behind_or_trimmed(room: str) -> None:
    for version in range(READ_LIMIT + 1):
        run(append(room, changed(version)))
    epoch, seq = position(room)
    assert run(read_after(room, epoch, 0)) == Gap(epoch, seq)
    read = run(read_after(room, epoch, 1))
    assert isinstance(read, Events)
    assert len(read.events) == READ_LIMIT
    connection().xtrim(f"room:{{{room}}}:stream", minid=f"{seq - 4}-0", approximate=False)
    assert run(read_after(room, epoch, seq - 10)) == Gap(epoch, seq)
    assert isinstance(run(read_after(room, epoch, seq - 5)), Events)


def test_newest_told_version_of_the_room_never_goes_back(room: str) -> None:
    """Two commits may publish in the other order."""
    run(append(room, changed(6)))
    run(append(room, changed(5)))
    assert run(presence.sweep(room)).room_version == 6
    roster = run(presence.roster(room))
    assert (roster.room_version, json.loads(roster.published)["version"]) == (6, 6)


def test_redis_holds_no_words_beyond_those_given(room: str) -> None:
    """Opaque keys only: what a join stores is listed here, to the letter."""
    run(presence.join(room, "seat1", "conn1", place=Place.ROOM))
    stored = cast(str, connection().hget(f"room:{{{room}}}:roster", "seat1"))
    assert set(json.loads(stored)) == {
        "seat",
        "connection",
        "generation",
        "place",
        "staff",
        "microphone",
        "microphone_allowed",
        "camera",
        "away",
        "since_ms",
        "waiting",
        "late",
        "version",
        "claim",
    }


@asynccontextmanager
async def hearing(
    broadcast: Broadcast, room: str, brought: list[Event | None] | None = None
) -> AsyncIterator["asyncio.Queue[tuple[str, int]]"]:
    """The wake-ups of a room as they come, and the events that they bring."""
    ready, heard = asyncio.Event(), asyncio.Queue[tuple[str, int]]()

    def woken(epoch: str, seq: int, event: Event | None) -> None:
        heard.put_nowait((epoch, seq))
        if brought is not None:
            brought.append(event)

    task = asyncio.create_task(broadcast.hear(room, ready.set, woken))
    await ready.wait()
    yield heard
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_wake_up_names_epoch_and_number(process: Process, room: str) -> None:
    async with hearing(process.broadcast, room) as heard:
        joined = await process.broadcast.send(
            room, presence.join(room, "sam", "c1", place=Place.ROOM)
        )
        assert isinstance(joined, Joined)
        assert [await heard.get() for _ in range(2)] == [
            (joined.epoch, 1)
        ] * 2  # here, and by Redis


async def test_wake_up_of_this_process_waits_for_no_redis(
    process: Process, room: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Kills: a verb whose own room hears of it only after a round trip through Redis."""
    go_on = asyncio.Event()

    async def slow(_group: str, _message: object) -> bool:
        await go_on.wait()
        return False

    async with hearing(process.broadcast, room) as heard:
        monkeypatch.setattr(process.broadcast, "_send", slow)
        waking = asyncio.create_task(process.broadcast.wake(room, "epoch", 3))
        assert await heard.get() == ("epoch", 3)
        go_on.set()
        assert await waking is False


@pytest.mark.parametrize(
    "draft",
    [
        Draft(Kind.ROOM_CHANGED, Audience.EVERYONE, 7, payload={"bounds": ((1, 2), (2, 3))}),
        Draft(
            Kind.ME_CHANGED,
            Audience.SEAT,
            3,
            "sam",
            reason="removed",
            payload={"seat": "removed", "microphone_allowed": False},
        ),
        Draft(Kind.ROOM_CHANGED, Audience.EVERYONE, 0),
    ],
)
async def test_wake_up_of_this_process_brings_the_event_that_the_stream_has(
    process: Process, room: str, draft: Draft
) -> None:
    """Kills: an event that differs from what another process reads, by a field left out or by a
    tuple that JSON makes a list."""
    brought: list[Event | None] = []
    async with hearing(process.broadcast, room, brought) as heard:
        applied = await process.broadcast.publish(room, draft)
        assert isinstance(applied, Applied)
        here_and_by_redis = [await heard.get() for _ in range(2)]
        assert here_and_by_redis == [(applied.epoch, 1)] * 2
    read = run(read_after(room, applied.epoch, 0))
    assert isinstance(read, Events)
    assert brought == [*read.events, None]


async def test_wake_up_of_another_process_comes_by_redis(
    process: Process, other: Process, room: str
) -> None:
    async with hearing(process.broadcast, room) as heard:
        await other.broadcast.wake(room, "epoch", 3)
        assert await heard.get() == ("epoch", 3)


async def test_nothing_is_kept_of_who_hears_no_more(process: Process, room: str) -> None:
    async with hearing(process.broadcast, room):
        assert len(process.broadcast._hearers[room]) == 1
    assert room not in process.broadcast._hearers


async def test_hearing_ends_though_a_cancellation_was_lost(
    process: Process, room: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As asyncio.wait_for loses one (cpython#86296). Kills: hearing for ever."""
    asked = asyncio.Event()

    async def loses_it(*_: object) -> None:
        with contextlib.suppress(asyncio.CancelledError):
            asked.set()
            await asyncio.Event().wait()

    monkeypatch.setattr(process.broadcast, "_hear", loses_it)
    monkeypatch.setattr(broadcast, "RETRY_S", 0.0)
    hearing = asyncio.create_task(process.broadcast.hear(room, lambda: None, lambda *_: None))
    await asked.wait()
    hearing.cancel()
    await asyncio.wait([hearing], timeout=30)
    assert hearing.done()


async def test_hearing_ends_though_the_layer_lost_a_cancellation(
    process: Process, room: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It asks Redis in a loop of its own. Kills: cancelling it once, and waiting for a message
    that nobody sends."""
    asked, lost = asyncio.Event(), list[str]()

    async def loses_two(_channel: str) -> dict[str, object]:
        while True:
            try:
                asked.set()
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                if len(lost) == 2:
                    raise
                lost.append("one")

    monkeypatch.setattr(layer_of_settings(), "receive", loses_two)
    monkeypatch.setattr(broadcast, "RETRY_S", 0.0)
    hearing = asyncio.create_task(process.broadcast.hear(room, lambda: None, lambda *_: None))
    await asked.wait()
    hearing.cancel()
    await asyncio.wait([hearing], timeout=30)
    assert (hearing.done(), len(lost)) == (True, 2)


async def test_call_that_wrote_nothing_wakes_nobody(process: Process, room: str) -> None:
    async with hearing(process.broadcast, room) as heard:
        nobody_there = presence.change(room, "sam", camera=True)
        await process.broadcast.send(room, nobody_there)
        applied = await process.broadcast.send(room, append(room, changed(1)))
        assert isinstance(applied, Applied)
        assert await heard.get() == (applied.epoch, applied.seq) == (applied.epoch, 1)


async def test_wake_ups_are_heard_again_when_they_could_not_be(
    process: Process, room: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Kills: a listening that failed once while Redis was away, and is never tried again."""
    monkeypatch.setattr(broadcast, "RETRY_S", 0.0)
    faults = [ConnectionError("away"), ConnectionError("away")]

    def layer() -> BaseChannelLayer | None:
        if faults:
            raise faults.pop()
        return layer_of_settings()

    async with hearing(Broadcast(process.store, layer), room) as heard:
        assert faults == []
        await process.broadcast.wake(room, "epoch", 7)
        assert await heard.get() == ("epoch", 7)
