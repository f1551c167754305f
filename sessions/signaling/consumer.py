"""The websocket of a room: frames in, frames out. Everything else is `connection`'s.

Owns what belongs to the socket: the frame's limit and rate, the order (hello first), silence,
and that the person is still signed in. A frame that says nothing is answered, and the socket
lives; nobody else notices.
"""

import asyncio
import logging
from typing import Any, Final

from channels.consumer import get_handler_name
from channels.exceptions import StopConsumer
from channels.generic.websocket import AsyncWebsocketConsumer

from sessions.core.rate_limit import TokenBucket
from sessions.core.reasons import LeaveReason
from sessions.core.refusal import Refuse
from sessions.core.typed.ids import opaque_id
from sessions.live.store import cancelled
from sessions.models import Person
from sessions.rooms.process import Process
from sessions.signaling import commands, frames
from sessions.signaling.access_watch import AccessWatch
from sessions.signaling.connection import Connection
from sessions.signaling.farewell import FAULT, farewell
from sessions.signaling.login import cookie_of, digest_of, person_of
from sessions.signaling.messages.connection import Hello, Ping, Refused
from sessions.signaling.refused_sockets import write_down
from sessions.signaling.socket import Socket

log = logging.getLogger(__name__)

RATE: Final = 30.0  # messages a second, and as many at once
BEAT_S: Final = 3.0
QUIET_S: Final = 2.5  # a page pings every two seconds, and looks into the stream each time
SILENCE_S: Final = 9.0  # three pings missed


class RoomConsumer(AsyncWebsocketConsumer):
    """One participant's socket."""

    beat_s = BEAT_S
    quiet_s = QUIET_S
    silence_s = SILENCE_S
    connection: Connection | None = None
    _watch: AccessWatch | None = None
    _beats: asyncio.Task[None] | None = None

    def __init__(self, process: Process) -> None:
        super().__init__()
        self.process = process

    async def dispatch(self, message: Any) -> None:
        """A fault is the end of this socket alone; its browser comes back and gets a snapshot.

        Channels' own looks for stale database connections in a thread first, for every message:
        here each call gives its connection back (`database`).
        """
        try:
            await getattr(self, get_handler_name(message))(message)
        except StopConsumer:
            raise
        except Exception:
            log.exception("a room's socket is closed by a fault")
            await self.close(FAULT)

    async def connect(self) -> None:
        """Accepts, so that the browser can be told why not."""
        self.process.begin()
        await self.accept()
        now = self._now()
        self._bucket, self._heard_at = TokenBucket.full(RATE, now), now
        person: Person | Refuse | None = await person_of(self.process, self.scope)
        if person == Refuse("store.down"):
            person = None  # whose connection still holds a seat may come back all the same
        session = opaque_id(self.scope["url_route"]["kwargs"]["session"])
        if isinstance(person, Refuse):
            await write_down(self.process, session, person)
            closing, code = farewell(person)
            await self._text(frames.write(closing))
            await self.close(code)
            return
        socket = Socket(self.channel_name, self._text, self.close, digest_of(self.scope))
        self.connection = Connection(self.process, session, person, socket)
        if person is not None:
            await self._watch_over(self.connection, person)
        self._beats = asyncio.create_task(self._beat())

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        """One frame: one command, one reply."""
        if self.connection is None or self.connection.ended:
            return
        if not self._bucket.take(self._now()):
            await self._refuse_and_leave()
            return
        command = frames.read(text_data or "")
        if self.connection.viewer is None and not isinstance(command, Hello | Ping):
            await self.connection.end(Refuse("message.malformed"))
            return
        await self._answer(self.connection, command)

    async def _answer(self, connection: Connection, command: Any) -> None:
        if isinstance(command, Hello | Ping):
            self._heard_at = self._now()
        refused = isinstance(command, Refused)
        reply = command if refused else await commands.answer(connection, command)
        if reply is not None:
            await connection.send(reply)

    async def person_access(self, _message: dict[str, Any]) -> None:
        """Something was taken away from the person; `broadcast` sends this, at most once."""
        if self._watch is not None:
            self._watch.look_soon()

    async def disconnect(self, code: int) -> None:
        """Not a leave: a browser that is back before the lease runs out was never gone."""
        if self._beats is not None:
            self._beats.cancel()
        if self._watch is not None:
            await self._watch.stop()
        if self.connection is not None:
            await self.connection.gone()

    async def _beat(self) -> None:
        """Ends what has fallen silent or signed out. The lease is renewed by pings alone."""
        connection = self.connection
        assert connection is not None
        while not connection.ended and not cancelled():
            await asyncio.sleep(self.beat_s)
            quiet = self._now() - self._heard_at
            if quiet > self.silence_s:
                await connection.end(Refuse("connection.silent"))
            await (self._watch.beat() if self._watch else self._prove(connection))
            if quiet > self.quiet_s:
                await connection.catch_up()  # nobody pings, and a wake-up may have been lost

    async def _watch_over(self, connection: Connection, person: Person) -> None:
        self._watch = AccessWatch(connection, person, cookie_of(self.scope) or "")
        await self._watch.begin()

    async def _prove(self, connection: Connection) -> None:
        """Whoever came back while PostgreSQL was away is asked for the login session since."""
        person = await person_of(self.process, self.scope)
        if isinstance(person, Person):
            await self._watch_over(connection, person)
            await connection.proven(person)
        elif person.code != "store.down":
            await connection.leave(LeaveReason.SIGNED_OUT)
            await connection.end(person)

    async def _refuse_and_leave(self) -> None:
        assert self.connection is not None
        if self.connection.viewer is not None:
            await self.connection.leave(LeaveReason.REFUSED)
        await self.connection.end(Refuse("message.too_many"))

    async def _text(self, text: str) -> None:
        await self.send(text_data=text)

    @staticmethod
    def _now() -> float:
        return asyncio.get_running_loop().time()
