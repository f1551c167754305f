"""The network between one browser and the product, which a test can cut and mend.

Owns one TCP port in front of the web and one UDP port in front of the media node. While it is cut
nothing passes: datagrams are lost; what TCP carries is kept and goes through later, as it would by
retransmission, and new connections are accepted by nobody. Knows no content.
"""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

from playwright.sync_api import BrowserContext

HERE = "127.0.0.1"
CHUNK = 65536

# The node's answer names its own port. This browser is told the relay's instead.
ANSWER_BY_RELAY = """(() => {
    const accept = RTCPeerConnection.prototype.setRemoteDescription;
    RTCPeerConnection.prototype.setRemoteDescription = function (given) {
        const sdp = given.sdp.replaceAll(' NODE typ host', ' RELAY typ host');
        return accept.call(this, { type: given.type, sdp });
    };
})()"""


@dataclass
class Relay:
    """Open until it is cut. `web` and `media` are (relay's port, product's port)."""

    loop: asyncio.AbstractEventLoop
    through: asyncio.Event
    web: tuple[int, int]
    media: tuple[int, int]
    stranded: set[tuple[str, int]]  # addresses of the browser that lead nowhere any more
    known: set[tuple[str, int]]

    def strand(self) -> None:
        """The network that the browser's media use is gone for good; from another port of the
        browser they pass. The web is not touched."""
        self.loop.call_soon_threadsafe(lambda: self.stranded.update(self.known))

    def cut(self) -> None:
        self.loop.call_soon_threadsafe(self.through.clear)

    def mend(self) -> None:
        self.loop.call_soon_threadsafe(self.through.set)

    @property
    def flag(self) -> str:
        """Sends a Chromium's connections to the web's address through here instead."""
        relay, web = self.web
        return f"--host-resolver-rules=MAP {HERE}:{web} {HERE}:{relay}"

    def stand_between(self, context: BrowserContext) -> None:
        """Sends the context's media through here, from its next load."""
        relay, node = self.media
        script = ANSWER_BY_RELAY.replace("NODE", str(node)).replace("RELAY", str(relay))
        context.add_init_script(script)


@contextmanager
def running_relay(web_port: int, media_port: int) -> Iterator[Relay]:
    """In a thread of its own: the browser's test waits in this one."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="relay", daemon=True)
    thread.start()
    opening = asyncio.run_coroutine_threadsafe(_open(web_port, media_port), loop)
    relay, closing = opening.result(timeout=10)
    yield relay
    asyncio.run_coroutine_threadsafe(_close(closing), loop).result(timeout=10)
    loop.call_soon_threadsafe(loop.stop)
    thread.join(timeout=10)
    loop.close()


Opened = tuple[asyncio.Server, asyncio.DatagramTransport]


async def _open(web_port: int, media_port: int) -> tuple[Relay, Opened]:
    loop, through = asyncio.get_running_loop(), asyncio.Event()
    through.set()

    async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(asyncio.CancelledError):  # the test is over
            await through.wait()
            await _carry(reader, writer, web_port, through)

    server = await asyncio.start_server(carry, HERE, 0)
    front, taking = await loop.create_datagram_endpoint(
        lambda: _Front(media_port, through), local_addr=(HERE, 0)
    )
    ports = server.sockets[0].getsockname()[1], front.get_extra_info("sockname")[1]
    web, media = (ports[0], web_port), (ports[1], media_port)
    relay = Relay(loop, through, web, media, taking.stranded, taking.known)
    return relay, (server, front)


async def _close(opened: Opened) -> None:
    """Ends what is still carried as well; a connection that waits is cancelled."""
    server, front = opened
    server.close()
    front.close()
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)


async def _carry(
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    port: int,
    through: asyncio.Event,
) -> None:
    """Both directions of one TCP connection, until one end closes it."""
    try:
        web_reader, web_writer = await asyncio.open_connection(HERE, port)
    except OSError:  # the web is away: so is this connection
        writer.close()
        return
    try:
        await asyncio.gather(_pump(reader, web_writer, through), _pump(web_reader, writer, through))
    finally:
        writer.close()
        web_writer.close()


async def _pump(
    source: asyncio.StreamReader, sink: asyncio.StreamWriter, through: asyncio.Event
) -> None:
    try:
        while chunk := await source.read(CHUNK):
            await through.wait()
            sink.write(chunk)
            await sink.drain()
        await through.wait()
        sink.close()
    except ConnectionError:
        sink.close()


@dataclass
class _Front(asyncio.DatagramProtocol):
    """Takes a browser's datagrams; each address of it has a socket of its own to the node."""

    node: int
    through: asyncio.Event
    backs: dict[tuple[str, int], "_Back"] = field(default_factory=dict)
    stranded: set[tuple[str, int]] = field(default_factory=set)
    known: set[tuple[str, int]] = field(default_factory=set)

    def connection_made(self, transport: asyncio.DatagramTransport) -> None:  # type: ignore[override]
        self.transport = transport

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self.known.add(addr)
        back = self.backs.get(addr)
        if back is None:
            back = self.backs[addr] = _Back(self, addr)
            back.opening = asyncio.ensure_future(back.open())
        if self.passes(addr) and back.transport is not None:
            back.transport.sendto(data)

    def passes(self, browser: tuple[str, int]) -> bool:
        """Whether anything goes to and comes from this address of the browser."""
        return self.through.is_set() and browser not in self.stranded

    def connection_lost(self, _: Exception | None) -> None:
        for back in self.backs.values():
            if back.transport is not None:
                back.transport.close()


@dataclass
class _Back(asyncio.DatagramProtocol):
    """What the node answers goes to the one address this socket stands for. Datagrams that come
    before it is open are lost: a browser sends its checks again."""

    front: _Front
    browser: tuple[str, int]
    transport: asyncio.DatagramTransport | None = None
    opening: "asyncio.Task[None] | None" = None

    async def open(self) -> None:
        loop = asyncio.get_running_loop()
        node = (HERE, self.front.node)
        self.transport, _ = await loop.create_datagram_endpoint(lambda: self, remote_addr=node)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        if self.front.passes(self.browser):
            self.front.transport.sendto(data, self.browser)
