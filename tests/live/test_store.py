"""The way to Valkey: calls that go together, and Valkey away, on a real Valkey."""

import asyncio
import contextlib
import secrets
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.conf import LazySettings
from redis.asyncio.client import Pipeline
from redis.exceptions import ResponseError

from sessions.core.refusal import Refuse
from sessions.live import broadcast, presence, store
from sessions.live.presence import Joined, Place, Roster
from sessions.live.store import ANSWER_S, SOCKET_TIMEOUT_S, Call
from sessions.live.stream import (
    Audience,
    Draft,
    Kind,
)
from sessions.rooms.process import Process
from tests.valkey import connection


@pytest.fixture
def room() -> str:
    return secrets.token_urlsafe(9)


def changed(version: int) -> Draft:
    return Draft(
        Kind.ROOM_CHANGED, Audience.EVERYONE, version, payload={"segments": [], "v": version}
    )


# ---- what nobody waits for -------------------------------------------------------------------


@pytest.fixture
def round_trips(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many commands went in each round trip to Redis that gathers several."""
    sent: list[int] = []
    real = Pipeline.execute

    async def counted(self: Pipeline, raise_on_error: bool = True) -> list[object]:
        sent.append(len(self.command_stack))
        return await real(self, raise_on_error)

    monkeypatch.setattr(Pipeline, "execute", counted)
    return sent


async def test_calls_that_can_wait_go_together_and_each_gets_its_answer(
    process: Process, room: str, round_trips: list[int]
) -> None:
    """Kills: a round trip to Redis for each heartbeat, and an answer that another one gets."""
    calls = [presence.join(room, f"seat{n}", f"c{n}", place=Place.ROOM) for n in range(9)]
    joined = await asyncio.gather(*(process.store.run_gathered(call) for call in calls))
    assert round_trips == [9]
    assert [one.seq for one in joined if isinstance(one, Joined)] == list(range(1, 10))


async def test_script_that_redis_has_forgotten_is_sent_again(
    process: Process, room: str, round_trips: list[int]
) -> None:
    """It came back empty. Kills: heartbeats that are refused from then on."""
    connection().script_flush()
    call = presence.join(room, "sam", "c1", place=Place.ROOM)
    run_gathered = process.store.run_gathered
    answers = await asyncio.gather(run_gathered(call), run_gathered(presence.roster(room)))
    assert round_trips == [2]
    assert isinstance(answers[0], Joined)
    assert isinstance(answers[1], Roster)


async def test_fault_of_one_call_is_its_own(process: Process, room: str) -> None:
    """Kills: a fault that ends the sockets of all whose heartbeat went with it."""
    wrong = Call("join", room, lambda answer: answer, {"seat": {}})
    answers = await asyncio.gather(
        process.store.run_gathered(wrong),
        process.store.run_gathered(presence.roster(room)),
        return_exceptions=True,
    )
    assert isinstance(answers[0], ResponseError)
    assert isinstance(answers[1], Roster)


async def test_fault_of_the_round_trip_is_everybodys(
    process: Process, room: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Kills: heartbeats that wait for ever for an answer that no one will give."""

    async def breaks(*_: object, **__: object) -> list[object]:
        raise RuntimeError("neither away nor slow")

    monkeypatch.setattr(Pipeline, "execute", breaks)
    calls = (process.store.run_gathered(presence.roster(room)) for _ in range(2))
    answers = await asyncio.gather(*calls, return_exceptions=True)
    assert [type(answer) for answer in answers] == [RuntimeError] * 2


async def test_caller_that_has_gone_takes_nobody_along(process: Process, room: str) -> None:
    gone = asyncio.create_task(process.store.run_gathered(presence.roster(room)))
    stays = asyncio.create_task(process.store.run_gathered(presence.roster(room)))
    await asyncio.sleep(0)
    gone.cancel()
    assert isinstance(await stays, Roster)


# ---- Redis away ------------------------------------------------------------------------------


@pytest.fixture
def hung_redis(
    tmp_path: Path, settings: LazySettings, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Process]:
    """A server that accepts and never answers: a stopped process, a network gone silent."""
    monkeypatch.setattr(store, "SOCKET_TIMEOUT_S", SOCKET_TIMEOUT_S)
    monkeypatch.setattr(broadcast, "SOCKET_TIMEOUT_S", SOCKET_TIMEOUT_S)
    monkeypatch.setattr(store, "ANSWER_S", ANSWER_S)
    path = str(tmp_path / "hung.sock")
    with contextlib.closing(socket.socket(socket.AF_UNIX)) as server:
        server.bind(path)
        server.listen(16)
        with process_at(f"unix://{path}", settings) as process:
            yield process


@pytest.fixture
def no_redis(tmp_path: Path, settings: LazySettings) -> Iterator[Process]:
    with process_at(f"unix://{tmp_path}/nobody.sock", settings) as process:
        yield process


@contextmanager
def process_at(url: str, settings: LazySettings) -> Iterator[Process]:
    """A process whose Redis is there."""
    settings.REDIS_URL = url
    settings.CHANNEL_LAYERS = {
        "default": {
            "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
            "CONFIG": {"hosts": [url]},
        }
    }
    process = Process.of_settings()
    yield process
    process.database.close()


async def test_redis_away_is_a_refusal_and_no_exception(no_redis: Process, room: str) -> None:
    broadcast = no_redis.broadcast
    join = presence.join(room, "sam", "c1", place=Place.ROOM)
    assert await broadcast.send(room, join) == Refuse("store.down")
    assert await broadcast.send(room, join, gathered=True) == Refuse("store.down")
    assert await broadcast.publish(room, changed(1)) == Refuse("store.down")
    assert await broadcast.wake(room, "epoch", 1) is False
    assert await broadcast.wake_person("nobody") is False
    assert await broadcast.listen_as("nobody", "channel") is False
    await broadcast.unlisten_as("nobody", "channel")


async def test_redis_hung_is_a_refusal_that_does_not_wait_for_it(
    hung_redis: Process, room: str
) -> None:
    """Without time-outs of its own each of these would wait for ever."""
    assert await hung_redis.store.run(presence.sweep(room)) == Refuse("store.down")
    assert await hung_redis.store.run_gathered(presence.sweep(room)) == Refuse("store.down")
    assert await hung_redis.broadcast.wake(room, "epoch", 1) is False
