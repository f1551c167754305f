"""Events out: order, gaps, wake-ups, and Redis away, on a real Valkey."""

import asyncio
import contextlib
import json
import secrets
import socket
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import cast

import pytest
from channels.layers import BaseChannelLayer
from django.db import transaction
from redis.asyncio.client import Pipeline
from redis.exceptions import ResponseError

from sessions.core.refusal import Refuse
from sessions.live import broadcast, presence, store
from sessions.live.presence import Place, Roster, Swept, Told
from sessions.live.store import ANSWER_S, SOCKET_TIMEOUT_S
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
from sessions.models import Program


@pytest.fixture
def room() -> str:
    return secrets.token_urlsafe(9)


def changed(version: int) -> Draft:
    return Draft(
        Kind.ROOM_CHANGED, Audience.EVERYONE, version, payload={"segments": [], "v": version}
    )


def position(room: str) -> tuple[str, int]:
    roster = store.run(presence.roster(room))
    assert isinstance(roster, Roster)
    return roster.epoch, roster.seq


def test_stream_gives_what_came_after_a_number_in_order(room: str) -> None:
    for version in (1, 2, 3):
        broadcast.publish(room, changed(version))
    epoch, seq = position(room)
    read = store.run(read_after(room, epoch, 1))

    assert isinstance(read, Events)
    assert (read.seq, seq) == (3, 3)
    assert [(event.seq, event.version) for event in read.events] == [(2, 2), (3, 3)]
    assert read.events[0].payload == {"segments": [], "v": 2}  # an empty list stays a list


def test_stream_after_its_last_number_is_empty(room: str) -> None:
    broadcast.publish(room, changed(1))
    epoch, seq = position(room)
    assert store.run(read_after(room, epoch, seq)) == Events(epoch, seq, ())


def test_stream_has_a_gap_for_another_epoch_and_for_a_number_not_reached(room: str) -> None:
    broadcast.publish(room, changed(1))
    epoch, seq = position(room)
    assert store.run(read_after(room, "another", 0)) == Gap(epoch, seq)
    assert store.run(read_after(room, epoch, seq + 1)) == Gap(epoch, seq)


def test_stream_has_a_gap_when_too_far_behind_or_trimmed(room: str) -> None:
    for version in range(READ_LIMIT + 1):
        store.run(append(room, changed(version)))
    epoch, seq = position(room)
    assert store.run(read_after(room, epoch, 0)) == Gap(epoch, seq)
    read = store.run(read_after(room, epoch, 1))
    assert isinstance(read, Events)
    assert len(read.events) == READ_LIMIT
    store.connection().xtrim(f"room:{{{room}}}:stream", minid=f"{seq - 4}-0", approximate=False)
    assert store.run(read_after(room, epoch, seq - 10)) == Gap(epoch, seq)
    assert isinstance(store.run(read_after(room, epoch, seq - 5)), Events)


def test_newest_told_version_of_the_room_never_goes_back(room: str) -> None:
    """Two commits may publish in the other order."""
    broadcast.publish(room, changed(6))
    broadcast.publish(room, changed(5))
    swept = store.run(presence.sweep(room))
    assert isinstance(swept, Swept)
    assert swept.room_version == 6


def test_redis_holds_no_words_beyond_those_given(room: str) -> None:
    """Opaque keys only: what a join stores is listed here, to the letter."""
    store.run(presence.join(room, "seat1", "conn1", place=Place.ROOM))
    stored = cast(str, store.connection().hget(f"room:{{{room}}}:roster", "seat1"))
    assert set(json.loads(stored)) == {
        "seat",
        "connection",
        "generation",
        "place",
        "staff",
        "microphone",
        "microphone_allowed",
        "camera",
        "hand_ms",
        "away",
        "since_ms",
        "waiting",
        "version",
        "claim",
    }


@asynccontextmanager
async def hearing(
    room: str, brought: list[Event | None] | None = None
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


async def test_wake_up_names_epoch_and_number(room: str) -> None:
    async with hearing(room) as heard:
        told = await broadcast.asend(room, presence.join(room, "sam", "c1", place=Place.ROOM))
        assert isinstance(told, presence.Joined)
        assert [await heard.get() for _ in range(2)] == [(told.epoch, 1)] * 2  # here, and by Redis


async def test_wake_up_of_this_process_needs_no_redis(
    room: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Kills: a verb whose own room hears of it only after a way through Redis and back."""

    async def lost(_group: str, _message: object) -> bool:
        return False

    async with hearing(room) as heard:
        monkeypatch.setattr(broadcast, "_sent", lost)
        await asyncio.to_thread(broadcast.wake, room, "epoch", 3)
        assert await heard.get() == ("epoch", 3)


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
    room: str, draft: Draft
) -> None:
    """Kills: an event that differs from what another process reads, by a field left out or by a
    tuple that JSON makes a list."""
    brought: list[Event | None] = []
    async with hearing(room, brought) as heard:
        told = await asyncio.to_thread(broadcast.publish, room, draft)
        assert isinstance(told, Told)
        assert [await heard.get() for _ in range(2)] == [(told.epoch, 1)] * 2  # here, and by Redis
    read = store.run(read_after(room, told.epoch, 0))
    assert isinstance(read, Events)
    assert brought == [*read.events, None]


async def test_thread_that_publishes_waits_for_no_other_process(room: str) -> None:
    """The loop is kept busy: the thread comes back all the same. Kills: a tap whose answer waits
    for its wake-up to have gone through Redis."""
    async with hearing(room) as heard:
        thread = threading.Thread(target=broadcast.publish, args=(room, changed(1)))
        thread.start()
        thread.join(timeout=30)
        assert not thread.is_alive()
        assert [(await heard.get())[1] for _ in range(2)] == [1, 1]


async def test_wake_up_of_another_process_comes_by_redis(
    room: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with hearing(room) as heard:
        monkeypatch.setattr(broadcast, "_tell_here", lambda *_position: None)
        await broadcast.awake(room, "epoch", 3)
        assert await heard.get() == ("epoch", 3)


async def test_nothing_is_kept_of_who_hears_no_more(room: str) -> None:
    async with hearing(room):
        assert len(broadcast._hearers[room]) == 1
    assert room not in broadcast._hearers


async def test_hearing_ends_though_a_cancellation_was_lost(
    room: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As asyncio.wait_for loses one (cpython#86296). Kills: hearing for ever."""
    asked = asyncio.Event()

    async def loses_it(*_: object) -> None:
        with contextlib.suppress(asyncio.CancelledError):
            asked.set()
            await asyncio.Event().wait()

    monkeypatch.setattr(broadcast, "_hear", loses_it)
    monkeypatch.setattr(broadcast, "AGAIN_S", 0.0)
    hearing = asyncio.create_task(broadcast.hear(room, lambda: None, lambda *_: None))
    await asked.wait()
    hearing.cancel()
    await asyncio.wait([hearing], timeout=30)
    assert hearing.done()


async def test_hearing_ends_though_the_layer_lost_a_cancellation(
    room: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It asks Redis in a loop of its own. Kills: cancelling it once, and waiting for a message
    that nobody sends."""
    real, asked = broadcast._layer(), asyncio.Event()
    lost: list[str] = []

    async def loses_two(_channel: str) -> dict[str, object]:
        while True:
            try:
                asked.set()
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                if len(lost) == 2:
                    raise
                lost.append("one")

    monkeypatch.setattr(real, "receive", loses_two)
    monkeypatch.setattr(broadcast, "AGAIN_S", 0.0)
    hearing = asyncio.create_task(broadcast.hear(room, lambda: None, lambda *_: None))
    await asked.wait()
    hearing.cancel()
    await asyncio.wait([hearing], timeout=30)
    assert (hearing.done(), len(lost)) == (True, 2)


async def test_call_that_wrote_nothing_wakes_nobody(room: str) -> None:
    async with hearing(room) as heard:
        await broadcast.asend(room, presence.change(room, "sam", camera=True))  # nobody there
        told = await broadcast.asend(room, append(room, changed(1)))
        assert isinstance(told, Told)
        assert await heard.get() == (told.epoch, told.seq) == (told.epoch, 1)


async def test_wake_ups_are_heard_again_when_they_could_not_be(
    room: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Kills: a listening that failed once while Redis was away, and is never tried again."""
    monkeypatch.setattr(broadcast, "AGAIN_S", 0.0)
    real, faults = broadcast._layer, [ConnectionError("away"), ConnectionError("away")]

    def layer() -> BaseChannelLayer:
        if faults:
            raise faults.pop()
        return real()

    monkeypatch.setattr(broadcast, "_layer", layer)
    async with hearing(room) as heard:
        assert faults == []
        await broadcast.awake(room, "epoch", 7)
        assert await heard.get() == ("epoch", 7)


# ---- what nobody waits for -------------------------------------------------------------------


@pytest.fixture
def ways(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many commands went on each way to Redis that gathers several."""
    went: list[int] = []
    real = Pipeline.execute

    async def counted(self: Pipeline, raise_on_error: bool = True) -> list[object]:
        went.append(len(self.command_stack))
        return await real(self, raise_on_error)

    monkeypatch.setattr(Pipeline, "execute", counted)
    return went


async def test_calls_that_can_wait_go_together_and_each_gets_its_answer(
    room: str, ways: list[int]
) -> None:
    """Kills: a way to Redis for each heartbeat, and an answer that another one gets."""
    calls = [presence.join(room, f"seat{n}", f"c{n}", place=Place.ROOM) for n in range(9)]
    joined = await asyncio.gather(*(store.arun_soon(call) for call in calls))
    assert ways == [9]
    assert [one.seq for one in joined if isinstance(one, presence.Joined)] == list(range(1, 10))


async def test_script_that_redis_has_forgotten_is_sent_again(room: str, ways: list[int]) -> None:
    """It came back empty. Kills: heartbeats that are refused from then on."""
    store.connection().script_flush()
    call = presence.join(room, "sam", "c1", place=Place.ROOM)
    answers = await asyncio.gather(store.arun_soon(call), store.arun_soon(presence.roster(room)))
    assert ways == [2]
    assert isinstance(answers[0], presence.Joined)
    assert isinstance(answers[1], Roster)


async def test_fault_of_one_call_is_its_own(room: str) -> None:
    """Kills: a fault that ends the sockets of all whose heartbeat went with it."""
    wrong = store.Call("join", room, lambda answer: answer, {"seat": {}})
    answers = await asyncio.gather(
        store.arun_soon(wrong), store.arun_soon(presence.roster(room)), return_exceptions=True
    )
    assert isinstance(answers[0], ResponseError)
    assert isinstance(answers[1], Roster)


async def test_fault_of_the_way_is_everybodys(room: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Kills: heartbeats that wait for ever for an answer that no one will give."""

    async def breaks(*_: object, **__: object) -> list[object]:
        raise RuntimeError("neither away nor slow")

    monkeypatch.setattr(Pipeline, "execute", breaks)
    calls = (store.arun_soon(presence.roster(room)) for _ in range(2))
    answers = await asyncio.gather(*calls, return_exceptions=True)
    assert [type(answer) for answer in answers] == [RuntimeError] * 2


async def test_caller_that_has_gone_takes_nobody_along(room: str) -> None:
    gone = asyncio.create_task(store.arun_soon(presence.roster(room)))
    stays = asyncio.create_task(store.arun_soon(presence.roster(room)))
    await asyncio.sleep(0)
    gone.cancel()
    assert isinstance(await stays, Roster)


@pytest.mark.django_db(transaction=True)
def test_event_goes_out_on_commit_and_not_on_rollback(room: str) -> None:
    with transaction.atomic():
        broadcast.publish_on_commit(room, changed(1))
        assert position(room)[1] == 0
    assert position(room)[1] == 1
    with transaction.atomic():
        broadcast.publish_on_commit(room, changed(2))
        transaction.set_rollback(True)
    assert position(room)[1] == 1


# ---- Redis away ------------------------------------------------------------------------------


@pytest.fixture
def hung_redis(tmp_path: Path, settings: object, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A server that accepts and never answers: a stopped process, a network gone silent."""
    monkeypatch.setattr(store, "SOCKET_TIMEOUT_S", SOCKET_TIMEOUT_S)
    monkeypatch.setattr(store, "ANSWER_S", ANSWER_S)
    path = str(tmp_path / "hung.sock")
    server = socket.socket(socket.AF_UNIX)
    server.bind(path)
    server.listen(16)
    yield from _redis_at(f"unix://{path}", settings)
    server.close()


@pytest.fixture
def no_redis(tmp_path: Path, settings: object) -> Iterator[None]:
    yield from _redis_at(f"unix://{tmp_path}/nobody.sock", settings)


def _redis_at(url: str, settings: object) -> Iterator[None]:
    settings.REDIS_URL = url  # type: ignore[attr-defined]
    settings.CHANNEL_LAYERS = {  # type: ignore[attr-defined]
        "default": {
            "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
            "CONFIG": {"hosts": [url]},
        }
    }
    store.connection.cache_clear()
    yield
    store.connection.cache_clear()


@pytest.mark.usefixtures("no_redis")
async def test_redis_away_is_a_refusal_and_no_exception(room: str) -> None:
    join = presence.join(room, "sam", "c1", place=Place.ROOM)
    assert await broadcast.asend(room, join) == Refuse("store.down")
    assert await broadcast.asend(room, join, soon=True) == Refuse("store.down")
    assert await broadcast.awake(room, "epoch", 1) is False
    assert await broadcast.listen_as("nobody", "channel") is False
    await broadcast.unlisten_as("nobody", "channel")


@pytest.mark.usefixtures("no_redis")
@pytest.mark.django_db(transaction=True)
def test_redis_away_does_not_undo_a_commit(room: str) -> None:
    """Kills: publishing inside the transaction and failing with the store."""
    with transaction.atomic():
        program = Program.objects.create(name="Evening")
        broadcast.publish_on_commit(room, changed(1))
    assert list(Program.objects.all()) == [program]
    assert broadcast.publish(room, changed(1)) == Refuse("store.down")


@pytest.mark.usefixtures("hung_redis")
async def test_redis_hung_is_a_refusal_that_does_not_wait_for_it(room: str) -> None:
    """Without time-outs of its own each of these would wait for ever."""
    assert await store.arun(presence.sweep(room)) == Refuse("store.down")
    assert await store.arun_soon(presence.sweep(room)) == Refuse("store.down")
    assert await broadcast.awake(room, "epoch", 1) is False
    answers: list[object] = []
    thread = threading.Thread(target=lambda: answers.append(store.run(presence.sweep(room))))
    started = time.monotonic()
    thread.start()
    thread.join(timeout=30)
    assert answers == [Refuse("store.down")]
    assert time.monotonic() - started < 15  # 0.8 s, on a machine that may be busy
