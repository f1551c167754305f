"""The network between the participants and the web processes, and how it breaks.

Owns a TCP port for each participant (a door) and the proxy's choice behind it: the web processes
in turn, the dead passed over. A door can be reset (RFC 9293, section 3.10.7: RST) and blacked
out: then nothing passes, and what TCP carries goes through later, as by retransmission. Knows no
content but the first line of a request, by which websockets are told apart.
"""

import asyncio
import socket
import struct
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field

HERE = "127.0.0.1"
CHUNK = 65536
WITHOUT_ROWS = struct.pack("ii", 1, 0)  # SO_LINGER: close by RST (socket(7))
WEBSOCKET = b"GET /ws/"


@dataclass(slots=True)
class Proxy:
    """Web processes' ports, in turn. What no process takes is closed at once."""

    ports: Sequence[int]
    turn: int = 0

    async def connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter, int]:
        """A connection to a live process. Raises OSError when there is none."""
        for _ in self.ports:
            port = self.ports[self.turn % len(self.ports)]
            self.turn += 1
            with suppress(OSError):
                return *await asyncio.open_connection(HERE, port), port
        raise ConnectionRefusedError("no web process takes connections")


@dataclass(eq=False, slots=True)
class _Carried:
    """One TCP connection through a door."""

    client: asyncio.StreamWriter
    web: asyncio.StreamWriter
    port: int
    is_websocket: bool = False

    def abort(self) -> None:
        """By RST, to both ends."""
        for writer in (self.client, self.web):
            held = writer.get_extra_info("socket")
            if held is not None and held.fileno() >= 0:
                with socket.fromfd(held.fileno(), socket.AF_INET, socket.SOCK_STREAM) as same:
                    same.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, WITHOUT_ROWS)
            writer.transport.abort()


@dataclass(slots=True)
class Door:
    """One participant's way in. `port` stands in for the address of the installation."""

    proxy: Proxy
    port: int = 0
    through: asyncio.Event = field(default_factory=asyncio.Event)
    carried: set[_Carried] = field(default_factory=set)
    server: asyncio.Server | None = None
    tasks: "set[asyncio.Task[None]]" = field(default_factory=set)

    @classmethod
    async def open(cls, proxy: Proxy) -> "Door":
        door = cls(proxy)
        door.through.set()
        door.server = await asyncio.start_server(door._accept, HERE, 0)
        door.port = door.server.sockets[0].getsockname()[1]
        return door

    @property
    def backend(self) -> int | None:
        """The port of the web process that has this participant's websocket."""
        found = [one.port for one in self.carried if one.is_websocket]
        return found[-1] if found else None

    def reset(self) -> None:
        """Every connection ends by RST; new ones pass."""
        for one in tuple(self.carried):
            one.abort()

    def black_out(self) -> None:
        """From here nothing passes, and nobody is told."""
        self.through.clear()

    def mend(self) -> None:
        self.through.set()

    async def close(self) -> None:
        assert self.server is not None
        self.server.close()
        self.reset()
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.ensure_future(self._serve(reader, writer))
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)
        with suppress(asyncio.CancelledError):
            await task

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await self.through.wait()
        try:
            web_reader, web_writer, port = await self.proxy.connect()
        except OSError:
            writer.transport.abort()
            return
        one = _Carried(writer, web_writer, port)
        self.carried.add(one)
        try:
            await asyncio.gather(
                self._pump(reader, web_writer, one), self._pump(web_reader, writer, None)
            )
        finally:
            self.carried.discard(one)
            writer.close()
            web_writer.close()

    async def _pump(
        self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, one: _Carried | None
    ) -> None:
        """One direction, until either end is gone; the other direction then ends as well."""
        with suppress(OSError, RuntimeError):  # of uvloop: the other end was aborted meanwhile
            while chunk := await source.read(CHUNK):
                await self.through.wait()
                if one is not None and chunk.startswith(WEBSOCKET):
                    one.is_websocket = True
                sink.write(chunk)
                await sink.drain()
            await self.through.wait()
        sink.close()
