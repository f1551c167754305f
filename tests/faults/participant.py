"""A scripted participant: the room's protocol as the browser speaks it, and real media.

Owns one person's websocket (hello, pings, coming back by the browser's own table of delays) and
one media connection to the node, and writes down everything in a `ClientLog`. Must not judge.
"""

import asyncio
import contextlib
import itertools
import json
import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException

from tests.faults.log import Asked, ClientLog, Link, Linked
from tests.faults.network import HERE, Door
from tests.faults.seen import Seen
from tests.faults.voice import Metronome, Voice

# The browser's: frontend/src/signaling/{backoff,closing,liveness}.ts, session/room-media.ts.
DELAYS_S: Final = (0.0, 0.3, 1.0, 2.0, 4.0, 5.0)
SPREAD: Final = frozenset({1001, 1012, 1013, 4429, 4503})
STAYS_AWAY: Final = frozenset({4400, 4401, 4403, 4404, 4409, 4410, 4411, 4412})
PING_EVERY_S: Final = 2.0
SILENCE_S: Final = 3.5
OPENING_S: Final = 4.0
REFUSED_AGAIN_S: Final = 0.5
STALL_S: Final = 1.2  # nothing at all from the node, which reports each second
OVERDUE_S: Final = 8.0
LOST: Final = {"type": "refused", "code": "connection.lost"}
WENT_AWAY: Final = 1006  # RFC 6455, section 7.1.5


@dataclass(frozen=True, slots=True)
class Way:
    """How somebody comes to a room: its websocket's address, the page's origin, the cookie."""

    address: str
    origin: str
    cookie: str


class Participant:
    """One scripted person. `enter` comes in and stays until `leave` or `vanish`."""

    def __init__(self, name: str, way: "Way", door: Door, metronome: Metronome) -> None:
        self.name = name
        self.log = ClientLog(name)
        self.door = door
        self.seen = Seen(self.log)
        self.voice: Voice | None = None
        self.now_offset_ms = 0.0
        self.is_open = False
        self.connected_at = 0.0
        self.frozen = False
        self._way = way
        self._metronome = metronome
        self._numbers = itertools.count(1)
        self._asked: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._socket: ClientConnection | None = None
        self._heard_at = 0.0
        self._changed = asyncio.Event()
        self._staying: asyncio.Task[None] | None = None
        self._media: asyncio.Task[None] | None = None
        self._retired: list[Voice] = []
        self._keeps_retired = False
        self.refused: list[str] = []  # offers
        self.late: list[float] = []  # when a retired connection still received
        self._tasks: set[asyncio.Task[Any]] = set()

    # ---- what a fault asks of it ---------------------------------------------------------------

    @property
    def is_in_room(self) -> bool:
        return self.is_open and self.seen.is_in_room

    def enter(self) -> None:
        """Comes to the room, in the background, and comes back when the connection drops."""
        self._staying = asyncio.create_task(self._stay(), name=f"{self.name} stays")

    async def until(self, condition: Callable[[], object], seconds: float = 30.0) -> float:
        """Waits for something in what was told; the instant. Raises TimeoutError."""
        async with asyncio.timeout(seconds):
            while not condition():
                self._changed.clear()
                await self._changed.wait()
        return time.monotonic()

    async def ask(self, verb: str, seconds: float = 10.0, **fields: Any) -> dict[str, Any]:
        """A command and its reply; `connection.lost` without one."""
        at = time.monotonic()
        reply = await self._send(verb, seconds, **fields)
        code = reply.get("code", "ok") if reply["type"] == "refused" else "ok"
        if verb != "ping":
            self.log.asked.append(Asked(at, verb, time.monotonic(), code))
        return reply

    def another_tab(self, number: int) -> "Participant":
        """The same person once more, by the same way in; not in the room yet."""
        tab = Participant(self.name, self._way, self.door, self._metronome)
        tab.seen.names |= self.seen.names
        self.log.name = f"{self.name} before tab {number}"
        return tab

    async def leave(self) -> None:
        """For good, by its own word."""
        await self.ask("me.leave")
        await self.vanish()

    async def vanish(self) -> None:
        """Everything of it ends without a word of its own."""
        if self._staying is not None:
            self._staying.cancel()
            await asyncio.gather(self._staying, return_exceptions=True)
        self._end_media()
        if self._socket is not None:
            self._socket.transport.abort()
        self.is_open = False

    def freeze(self) -> None:
        """Like a process that was stopped: no word, no packet, and nothing is heard."""
        self.frozen = True
        self.door.black_out()
        if self.voice is not None:
            self._metronome.voices.discard(self.voice)

    def thaw(self) -> None:
        self.frozen = False
        self.door.mend()
        if self.voice is not None:
            self._metronome.voices.add(self.voice)

    # ---- the websocket -------------------------------------------------------------------------

    async def _stay(self) -> None:
        attempt = 0
        while True:
            code, opened = await self._once()
            if code in STAYS_AWAY:
                self._end_media()
                return
            attempt = 0 if opened else attempt
            await asyncio.sleep(_delay(attempt, code))
            attempt += 1

    async def _once(self) -> tuple[int, bool]:
        """One connection to its end: the close code, and whether hello had been answered."""
        connection: ClientConnection | None = None
        with contextlib.suppress(OSError, WebSocketException, TimeoutError):
            async with asyncio.timeout(OPENING_S):
                connection = self._socket = await self._connect()
            self.connected_at = time.monotonic()
            await self._live(connection)
        code = (connection and connection.close_code) or WENT_AWAY
        opened, self.is_open = self.is_open, False
        link = Link.CLOSED if code in STAYS_AWAY else Link.LOST
        if opened or link is Link.CLOSED:
            self.log.links.append(Linked(time.monotonic(), link, code))
        self._drop_all()
        self._changed.set()
        return code, opened

    async def _connect(self) -> ClientConnection:
        return await connect(
            self._way.address,
            host=HERE,
            port=self.door.port,
            origin=self._way.origin,  # type: ignore[arg-type]  # a NewType of str
            additional_headers={"Cookie": self._way.cookie},
            compression=None,
            proxy=None,
            ping_interval=None,
            close_timeout=1,
            max_queue=None,
        )

    async def _live(self, connection: ClientConnection) -> None:
        self._heard_at = time.monotonic()
        greeting = self._in_background(self._greet())
        beating = self._in_background(self._beat(connection))
        try:
            async for frame in connection:
                if self.frozen:
                    continue
                self._received(json.loads(frame))
        finally:
            greeting.cancel()
            beating.cancel()

    async def _greet(self) -> None:
        fields = {"microphone": True, "camera": False}
        last = {"epoch": self.seen.last[0], "seq": self.seen.last[1]} if self.seen.last else {}
        reply = await self._send("hello", OPENING_S, **fields, **last)
        if reply["type"] == "ok":
            self.is_open = True
            self.log.links.append(Linked(time.monotonic(), Link.OPEN))
            self._changed.set()
        elif self._socket is not None:
            self._socket.transport.abort()

    async def _beat(self, connection: ClientConnection) -> None:
        """A ping every two seconds; four seconds in which nothing was heard mean dead."""
        pinged_at = 0.0
        while True:
            await asyncio.sleep(0.5)
            now = time.monotonic()
            if self.frozen:
                self._heard_at = now - SILENCE_S / 2  # its own sleep is not the other end's
                continue
            if now - self._heard_at >= SILENCE_S:
                connection.transport.abort()
                return
            if now - pinged_at >= PING_EVERY_S and self.is_open:
                pinged_at = now
                self._in_background(self._ping())

    async def _ping(self) -> None:
        sent_at = time.time()
        reply = await self._send("ping", SILENCE_S)
        if reply["type"] == "pong":
            self.now_offset_ms = reply["now_ms"] - (sent_at + time.time()) * 500

    async def _send(self, verb: str, seconds: float, **fields: Any) -> dict[str, Any]:
        number = next(self._numbers)
        reply: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self._asked[number] = reply
        try:
            if self._socket is None or (verb != "hello" and not self.is_open):
                return dict(LOST)
            await self._socket.send(json.dumps({"type": verb, "id": number, **fields}))
            async with asyncio.timeout(seconds):
                return await reply
        except (OSError, WebSocketException, TimeoutError):
            return dict(LOST)
        finally:
            self._asked.pop(number, None)

    def _drop_all(self) -> None:
        for reply in self._asked.values():
            if not reply.done():
                reply.set_result(dict(LOST))

    def _in_background(self, work: Any) -> "asyncio.Task[None]":
        task: asyncio.Task[None] = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    # ---- what it is told -----------------------------------------------------------------------

    def _received(self, message: dict[str, Any]) -> None:
        now = self._heard_at = time.monotonic()
        asked = self._asked.get(message.get("id", -1))
        if asked is not None and not asked.done():
            asked.set_result(message)
            return
        self.seen.take(message, now)
        inside = message["type"] == "snapshot" and self.seen.is_in_room
        if (inside and self._media is None) or message.get("again") is True:
            self._negotiate()
        self._changed.set()

    # ---- media ---------------------------------------------------------------------------------

    @property
    def node(self) -> int:
        """The UDP port of the node that has this participant's media; 0 without any."""
        return self.voice.node[1] if self.voice is not None else 0

    def keep_retired(self) -> None:
        """From now on former media connections stay open, so that what a node that was taken
        for dead still sends is seen."""
        self._keeps_retired = True

    def close_retired(self) -> None:
        self._keeps_retired = False
        for voice in self._retired:
            voice.close()
        self._retired.clear()

    def _negotiate(self) -> None:
        if self._media is not None:
            self._media.cancel()
        self._media = asyncio.create_task(self._keep_media())

    def _end_media(self) -> None:
        if self._media is not None:
            self._media.cancel()
            self._media = None
        self._retire()

    async def _keep_media(self) -> None:
        """Media until something says that it has ended; then again."""
        while True:
            voice = await self._connected()
            self._retire(says_goodbye=not self.frozen)
            self.voice = voice
            self._metronome.voices.add(voice)
            while self.frozen or time.monotonic() - voice.arrived_at < STALL_S:  # noqa: ASYNC110
                await asyncio.sleep(STALL_S / 4)

    async def _connected(self) -> Voice:
        """One offer after the other, as the page does, until there are keys."""
        while True:
            voice = Voice(self.name, self.seen.media_slots, self._heard)
            reply = await self._send("media.offer", OVERDUE_S, sdp=voice.offer())
            if reply["type"] == "media.answer":
                voice.accept(reply["sdp"])
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(OVERDUE_S):
                        await voice.connect()
                    return voice
            self.refused.append(reply.get("code", "no keys in time"))
            voice.close()
            await asyncio.sleep(REFUSED_AGAIN_S)

    def _retire(self, *, says_goodbye: bool = False) -> None:
        """Sends nothing more; is let go of, as a page closes its peer connection (with a goodbye
        over DTLS) or as one that vanishes; or kept open without being counted."""
        voice, self.voice = self.voice, None
        if voice is None:
            return
        self._metronome.voices.discard(voice)
        if self._keeps_retired:
            voice.heard = lambda _mark, _number, at: self.late.append(at)
            self._retired.append(voice)
        else:
            if says_goodbye:
                with contextlib.suppress(OSError):  # its network is gone
                    voice.leave()
            voice.close()

    def _heard(self, mark: str, number: int, at: float) -> None:
        """A browser's packet is numbered by the tick at which it came."""
        if self.frozen:
            return
        name = mark or self.seen.owner_of(number)
        if name:
            self.log.sound(name).add(number if mark else self._metronome.tick, at)


def _delay(attempt: int, code: int) -> float:
    """Seconds before the next attempt: the browser's table, with its jitter."""
    if attempt == 0 and code in SPREAD:
        return random.random()
    return DELAYS_S[min(attempt, len(DELAYS_S) - 1)] * (0.75 + random.random() / 2)
