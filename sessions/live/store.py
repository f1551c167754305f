"""Runs the room's Lua scripts on Redis: one answer for a caller in a thread and on a loop.

Owns the keys of a room, the limits, the connections, and what "Redis is away" becomes (the
refusal `store.down`, within a second). Knows no event by name and no rule of a room.

A call is a value (`Call`): `presence.py` and `stream.py` make it, `run` and `arun` send it.
"""

import asyncio
import hashlib
import json
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any, Final, Generic, TypeVar, cast
from weakref import WeakKeyDictionary

import redis
import redis.asyncio
from django.conf import settings
from redis.asyncio.retry import Retry as AsyncRetry
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as RedisAway
from redis.exceptions import NoScriptError, OutOfMemoryError, ReadOnlyError
from redis.exceptions import TimeoutError as RedisSlow
from redis.retry import Retry

from sessions.core.refusal import Refuse
from sessions.live import clock as room_clock

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)
Answer = Mapping[str, Any]

LEASE_MS: Final = 9_000  # a connection silent for this long is gone, everywhere by ten
HEARTBEAT_MS: Final = 3_000  # how often a connection renews
AWAY_MS: Final = 3_400  # silent for this long: shown as waited for, everywhere by four
STREAM_LENGTH: Final = 2_000  # events kept for those who come back
MARKS_LENGTH: Final = 50_000  # joins and leaves kept while PostgreSQL is away
OWED_LENGTH: Final = 1_000  # what staff did meanwhile; one more is refused
KEEP_S: Final = 24 * 3600  # a room that nothing happens in is forgotten
SOCKET_TIMEOUT_S: Final = 0.8  # longer is "away"
AT_ONCE: Final = 8  # calls of one loop
SOON_S: Final = 0.025
ANSWER_S: Final = 0.95  # a caller knows within a second

DOWN: Final = Refuse("store.down")
AWAY = (RedisAway, RedisSlow, ReadOnlyError, OutOfMemoryError, OSError, asyncio.TimeoutError)
KEYS: Final = (
    "state",
    "roster",
    "lease",
    "stream",
    "marks",
    "barred",
    "seats",
    "owed",
    "passes",
)


@dataclass(frozen=True, slots=True)
class Call(Generic[T_co]):
    """One script to run on one room, and how to read its answer."""

    script: str
    room: str
    read: Callable[[Answer], T_co]
    arguments: Mapping[str, Any] = field(default_factory=dict)
    payload: str = "{}"
    clock_ms: int | None = None  # tests only; None is Redis's own clock

    def keys(self) -> list[str]:
        """The room's keys; the braces put them on one node of a cluster."""
        return [f"room:{{{self.room}}}:{name}" for name in KEYS]

    def argv(self) -> list[str]:
        """The script's arguments, with a candidate for the epoch of a room that has none."""
        limits = {
            "lease_ms": LEASE_MS,
            "away_ms": AWAY_MS,
            "keep_s": KEEP_S,
            "stream_length": STREAM_LENGTH,
            "marks_length": MARKS_LENGTH,
            "owed_length": OWED_LENGTH,
            "epoch": secrets.token_urlsafe(12),
        }
        clock = {} if self.clock_ms is None else {"clock_ms": self.clock_ms}
        return [json.dumps({**limits, **clock, **self.arguments}), self.payload]


@cache
def source(script: str) -> str:
    """The text of a script: the prelude that all share, then its own."""
    folder = files(__package__) / "scripts"
    return "\n".join((folder / f"{name}.lua").read_text() for name in ("prelude", script))


@lru_cache(64)
def _registered(client: Any, script: str) -> Any:
    """A script on a client, threaded or of a loop; its text is hashed once."""
    return client.register_script(source(script))


@cache
def connection() -> redis.Redis:
    """The process's connection pool for callers in threads. One retry: a socket gone stale."""
    return redis.Redis.from_url(
        settings.REDIS_URL,
        decode_responses=True,
        socket_timeout=SOCKET_TIMEOUT_S,
        socket_connect_timeout=SOCKET_TIMEOUT_S,
        retry=Retry(NoBackoff(), 1, supported_errors=(RedisAway,)),
    )


_of_loop: "WeakKeyDictionary[asyncio.AbstractEventLoop, redis.asyncio.Redis]" = WeakKeyDictionary()


def aconnection() -> redis.asyncio.Redis:
    """The running loop's connection pool."""
    loop = asyncio.get_running_loop()
    if loop not in _of_loop:
        _of_loop[loop] = redis.asyncio.Redis.from_url(
            settings.REDIS_URL,
            decode_responses=True,
            socket_timeout=SOCKET_TIMEOUT_S,
            socket_connect_timeout=SOCKET_TIMEOUT_S,
            retry=AsyncRetry(NoBackoff(), 1, supported_errors=(RedisAway,)),
        )
    return _of_loop[loop]


def cancelled() -> bool:
    """Whether the running task was told to end: for a task that goes on until it is. redis-py
    waits with asyncio.wait_for, which up to Python 3.11 loses a cancellation that comes as what
    it waits for is done (cpython#86296)."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


Waiting = tuple[Call[Any], "asyncio.Future[Any]"]
_gathered: "WeakKeyDictionary[asyncio.AbstractEventLoop, list[Waiting]]" = WeakKeyDictionary()
_sending: set["asyncio.Task[None]"] = set()
_turns: "WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Semaphore]" = WeakKeyDictionary()


def _turn() -> asyncio.Semaphore:
    """Bounds the calls under way on the running loop: another connection for each call of a
    crowd (making one takes milliseconds) would keep everyone waiting longer."""
    return _turns.setdefault(asyncio.get_running_loop(), asyncio.Semaphore(AT_ONCE))


def run(call: Call[T]) -> T | Refuse:
    """Runs a call from a thread. `store.down` when Redis does not answer."""
    asked = time.time()
    try:
        text = _registered(connection(), call.script)(keys=call.keys(), args=call.argv())
    except AWAY:
        return DOWN
    return _read(call, text, asked)


async def arun(call: Call[T]) -> T | Refuse:
    """Runs a call on the running loop. `store.down` when Redis does not answer."""
    script = _registered(aconnection(), call.script)
    try:
        async with asyncio.timeout(ANSWER_S), _turn():  # waiting, connecting and asking: all of it
            asked = time.time()
            text = await script(keys=call.keys(), args=call.argv())
    except AWAY:
        return DOWN
    return _read(call, text, asked)


async def arun_soon(call: Call[T]) -> T | Refuse:
    """Like `arun`, with all that comes within SOON_S in one round trip: for what nobody waits
    for. Of a process with five hundred connections a quarter of the time went into asking for
    each heartbeat by itself."""
    loop = asyncio.get_running_loop()
    gathered = _gathered.setdefault(loop, [])
    answer: asyncio.Future[Any] = loop.create_future()
    gathered.append((call, answer))
    if len(gathered) == 1:
        loop.call_later(SOON_S, _flush, loop)
    return cast("T | Refuse", await answer)


def _flush(loop: asyncio.AbstractEventLoop) -> None:
    sending = loop.create_task(_send_all(_gathered.pop(loop)))
    _sending.add(sending)
    sending.add_done_callback(_sending.discard)


async def _send_all(gathered: list[Waiting]) -> None:
    asked = time.time()
    try:
        async with asyncio.timeout(ANSWER_S), _turn():
            pipe = aconnection().pipeline(transaction=False)
            for call, _ in gathered:
                keys = call.keys()
                pipe.evalsha(_digest(call.script), len(keys), *keys, *call.argv())
            texts: list[Any] = await pipe.execute(raise_on_error=False)
    except Exception as fault:  # everybody's: each caller takes it as its own
        texts = [fault] * len(gathered)
    for (call, answer), text in zip(gathered, texts, strict=True):
        await _settle(call, answer, text, asked)


async def _settle(call: Call[Any], answer: "asyncio.Future[Any]", text: Any, asked: float) -> None:
    """One answer of many. A script that Redis has not seen yet is sent whole, by itself."""
    found: Any = text
    try:
        if isinstance(text, NoScriptError):
            found = await arun(call)
        elif isinstance(text, AWAY):
            found = DOWN
        elif not isinstance(text, Exception):
            found = _read(call, text, asked)
    except Exception as fault:
        found = fault
    if answer.done():  # its caller has gone
        return
    if isinstance(found, Exception):
        answer.set_exception(found)
    else:
        answer.set_result(found)


@cache
def _digest(script: str) -> str:
    """By which Redis knows a script (EVALSHA)."""
    return hashlib.sha1(source(script).encode(), usedforsecurity=False).hexdigest()


def _read(call: Call[T], text: str, asked: float) -> T:
    """The answer as its caller takes it; on the way Redis's time is taken note of."""
    answer = json.loads(text)
    if call.clock_ms is None:
        room_clock.learn(answer["now_ms"], asked, time.time())
    return call.read(answer)
