"""The one way to Valkey of a process: runs the room's Lua scripts and says when Valkey is away.

Owns the keys of a room, the limits, the connections, and what "Valkey is away" becomes (the
refusal `store.down`, within a second). Knows no event by name and no rule of a room.

A call is a value (`Call`): `presence.py`, `stream.py` and `unsaved.py` make it, a `Store` runs it.
"""

import asyncio
import hashlib
import json
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any, Final, Generic, TypeVar, cast

import redis.asyncio
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as RedisAway
from redis.exceptions import NoScriptError, OutOfMemoryError, ReadOnlyError
from redis.exceptions import TimeoutError as RedisSlow

from sessions.core.refusal import Refuse
from sessions.live.clock import RoomClock
from sessions.live.tasks import Tasks

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)
Answer = Mapping[str, Any]

LEASE_MS: Final = 9_000  # a connection silent for this long is gone, everywhere by ten
HEARTBEAT_MS: Final = 3_000  # how often a connection renews
AWAY_MS: Final = 3_400  # silent for this long: shown as waited for, everywhere by four
STREAM_LENGTH: Final = 2_000  # events kept for those who come back
MARKS_LENGTH: Final = 50_000  # joins and leaves kept while PostgreSQL is away
UNSAVED_LENGTH: Final = 1_000  # verbs kept meanwhile; one more is refused
KEEP_S: Final = 24 * 3600  # a room that nothing happens in is forgotten
SOCKET_TIMEOUT_S: Final = 0.8  # longer is "away"
CALLS_UNDER_WAY: Final = 8  # of one process
GATHER_S: Final = 0.025
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
    "unsaved",
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
    clock_ms: int | None = None  # tests only; None is Valkey's own clock

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
            "unsaved_length": UNSAVED_LENGTH,
            "epoch": secrets.token_urlsafe(12),
        }
        clock = {} if self.clock_ms is None else {"clock_ms": self.clock_ms}
        return [json.dumps({**limits, **clock, **self.arguments}), self.payload]


@cache
def text_of(script: str) -> str:
    """The text of a script below `scripts`."""
    return (files(__package__) / "scripts" / f"{script}.lua").read_text()


@cache
def source(script: str) -> str:
    """The text of a room's script: the prelude that all share, then its own."""
    return "\n".join((text_of("prelude"), text_of(script)))


@cache
def _digest(script: str) -> str:
    """By which Valkey knows a room's script (EVALSHA)."""
    return hashlib.sha1(source(script).encode(), usedforsecurity=False).hexdigest()


def cancelled() -> bool:
    """Whether the running task was told to end: for a task that goes on until it is. redis-py
    waits with asyncio.wait_for, which up to Python 3.11 loses a cancellation that comes as what
    it waits for is done (cpython#86296)."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


Waiting = tuple[Call[Any], "asyncio.Future[Any]"]


class Store:
    """Valkey as one process uses it, on one event loop. Made without a loop; it connects at the
    first call."""

    def __init__(self, url: str, clock: RoomClock) -> None:
        self.clock = clock
        self.client = redis.asyncio.Redis.from_url(
            url,
            decode_responses=True,
            socket_timeout=SOCKET_TIMEOUT_S,
            socket_connect_timeout=SOCKET_TIMEOUT_S,
            retry=Retry(NoBackoff(), 1, supported_errors=(RedisAway,)),
        )
        self._scripts: dict[str, Any] = {}
        self._gathered: list[Waiting] = []
        self._tasks = Tasks()
        # Another connection for each call of a crowd would keep everybody waiting longer: making
        # one takes milliseconds.
        self._turn = asyncio.Semaphore(CALLS_UNDER_WAY)

    async def close(self) -> None:
        """Ends the connections."""
        await self.client.aclose()

    async def run(self, call: Call[T]) -> T | Refuse:
        """Runs a call. `store.down` when Valkey does not answer."""
        script = self._script(call.script, source)
        try:
            async with asyncio.timeout(ANSWER_S), self._turn:  # waiting and connecting included
                asked = time.time()
                text = await script(keys=call.keys(), args=call.argv())
        except AWAY:
            return DOWN
        return self._read(call, text, asked)

    async def evaluate(self, script: str, keys: list[str], arguments: list[Any]) -> Any:
        """Runs a script that is not a room's: without the prelude. Raises one of AWAY."""
        return await self._script(script, text_of)(keys=keys, args=arguments)

    async def run_gathered(self, call: Call[T]) -> T | Refuse:
        """Like `run`, with all that comes within GATHER_S in one round trip: for what nobody
        waits for. Of a process with five hundred connections a quarter of the time went into
        asking for each heartbeat by itself."""
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[Any] = loop.create_future()
        self._gathered.append((call, answer))
        if len(self._gathered) == 1:
            loop.call_later(GATHER_S, self._flush)
        return cast("T | Refuse", await answer)

    async def answers(self) -> bool:
        """Whether Valkey is there."""
        try:
            async with asyncio.timeout(ANSWER_S):
                await self.client.time()
        except AWAY:
            return False
        return True

    def _script(self, name: str, text: Callable[[str], str]) -> Any:
        if name not in self._scripts:  # its text is hashed once
            self._scripts[name] = self.client.register_script(text(name))
        return self._scripts[name]

    def _flush(self) -> None:
        gathered, self._gathered = self._gathered, []
        self._tasks.keep(self._send_all(gathered))

    async def _send_all(self, gathered: list[Waiting]) -> None:
        asked = time.time()
        try:
            async with asyncio.timeout(ANSWER_S), self._turn:
                pipe = self.client.pipeline(transaction=False)
                for call, _ in gathered:
                    keys = call.keys()
                    pipe.evalsha(_digest(call.script), len(keys), *keys, *call.argv())
                texts: list[Any] = await pipe.execute(raise_on_error=False)
        except Exception as fault:  # everybody's: each caller takes it as its own
            texts = [fault] * len(gathered)
        for (call, answer), text in zip(gathered, texts, strict=True):
            await self._settle(call, answer, text, asked)

    async def _settle(
        self, call: Call[Any], answer: "asyncio.Future[Any]", text: Any, asked: float
    ) -> None:
        """One answer of many. A script that Valkey has not seen yet is sent whole, by itself."""
        found: Any = text
        try:
            if isinstance(text, NoScriptError):
                found = await self.run(call)
            elif isinstance(text, AWAY):
                found = DOWN
            elif not isinstance(text, Exception):
                found = self._read(call, text, asked)
        except Exception as fault:
            found = fault
        if answer.done():  # its caller has gone
            return
        if isinstance(found, Exception):
            answer.set_exception(found)
        else:
            answer.set_result(found)

    def _read(self, call: Call[T], text: str, asked: float) -> T:
        """The answer as its caller takes it; the clock learns Valkey's time from it."""
        answer = json.loads(text)
        if call.clock_ms is None:
            self.clock.learn(answer["now_ms"], asked, time.time())
        return call.read(answer)
