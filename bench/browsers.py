"""A browser's websocket as the load generator has it: RFC 6455 by `websockets`, bytes by asyncio.

Owns one connection: the handshake with a cookie, numbered commands and their replies, pings as
the room's page sends them. An event is stamped when its bytes are read, before anything is
parsed. Must not know what is measured.
"""

import asyncio
import json
import time
from collections.abc import Callable
from typing import Any, Final

from websockets.client import ClientProtocol
from websockets.extensions.permessage_deflate import ClientPerMessageDeflateFactory
from websockets.frames import Frame, Opcode
from websockets.http11 import Response
from websockets.uri import parse_uri

PING_S: Final = 2.0  # frontend/src/signaling: what the room's page does
Event = dict[str, Any]
Hearer = Callable[[Event, float], None]


class Browser(asyncio.Protocol):
    """`hear(event, at)` gets every message that is no reply; `at` is of time.perf_counter."""

    def __init__(self, address: str, origin: str, cookie: str, hear: Hearer) -> None:
        self._wire = ClientProtocol(
            parse_uri(address),
            origin=origin,  # type: ignore[arg-type]  # a NewType of str
            extensions=[ClientPerMessageDeflateFactory(client_max_window_bits=True)],
        )
        self._cookie = cookie
        self._hear = hear
        self._transport: asyncio.Transport | None = None
        self._open: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._asked: dict[int, asyncio.Future[Event]] = {}
        self._number = 0
        self._pings: asyncio.Task[None] | None = None
        self.pongs: list[float] = []
        self.closed: int | None = None

    async def connect(self) -> None:
        """Opens the websocket. Raises ConnectionError when it is refused."""
        uri = self._wire.uri
        await asyncio.get_running_loop().create_connection(lambda: self, uri.host, uri.port)
        await self._open

    async def ask(self, command: str, **fields: Any) -> Event:
        """Sends a command; its reply. Raises ConnectionError when the socket ends first."""
        self._number += 1
        reply: asyncio.Future[Event] = asyncio.get_running_loop().create_future()
        self._asked[self._number] = reply
        self.send(json.dumps({"type": command, "id": self._number, **fields}))
        return await reply

    def send(self, text: str) -> None:
        """One frame of text, at once."""
        self._wire.send_text(text.encode())
        self._flush()

    def begin_pings(self, after: float, *, bare: bool = False) -> None:
        """A ping every two seconds from `after` seconds on, as long as the socket is open;
        `bare`: no command, but the word alone."""
        self._pings = asyncio.ensure_future(self._ping(after, bare))

    def drop(self) -> None:
        """The network goes away."""
        if self._pings is not None:
            self._pings.cancel()
        if self._transport is not None:
            self._transport.abort()

    async def _ping(self, after: float, bare: bool) -> None:
        await asyncio.sleep(after)
        while self.closed is None:
            asked = time.perf_counter()
            if bare:
                self.send("ping")
            else:
                await self.ask("ping")
            took = time.perf_counter() - asked
            self.pongs.append(took)
            await asyncio.sleep(max(0.0, PING_S - took))

    # ---- asyncio.Protocol ----------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        request = self._wire.connect()
        request.headers["Cookie"] = self._cookie
        self._wire.send_request(request)
        self._flush()

    def data_received(self, data: bytes) -> None:
        at = time.perf_counter()
        self._wire.receive_data(data)
        self._flush()
        for event in self._wire.events_received():
            if isinstance(event, Response):
                self._opened()
            elif isinstance(event, Frame) and event.opcode is Opcode.TEXT:
                self._take(event, at)

    def connection_lost(self, exc: Exception | None) -> None:
        self._wire.receive_eof()
        self.closed = self._wire.close_code
        ended = ConnectionError(f"the socket was closed: {self.closed}")
        waiters: list[asyncio.Future[Any]] = [self._open, *self._asked.values()]
        for waiting in waiters:
            if not waiting.done():
                waiting.set_exception(ended)
                waiting.exception()  # raised where it is awaited; nobody else needs it

    def _opened(self) -> None:
        if self._open.done():
            return
        if self._wire.handshake_exc is None:
            self._open.set_result(None)
        else:
            self._open.set_exception(ConnectionError(str(self._wire.handshake_exc)))

    def _take(self, frame: Frame, at: float) -> None:
        if frame.data == b"pong":
            return
        event: Event = json.loads(bytes(frame.data))
        waiting = self._asked.pop(event.get("id") or 0, None)
        if waiting is None:
            self._hear(event, at)
        elif not waiting.done():
            waiting.set_result(event)

    def _flush(self) -> None:
        assert self._transport is not None
        for sent in self._wire.data_to_send():
            if sent:
                self._transport.write(sent)
