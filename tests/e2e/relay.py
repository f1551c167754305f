"""The network between one browser and the product, which a test can cut, mend and make long.

Owns one TCP port in front of the web and one UDP port in front of the media node. While it is cut
nothing passes: datagrams are lost; what TCP carries is kept and goes through later, as it would by
retransmission, and new connections are accepted by nobody. What passes may take a while each way,
in order. Knows no content.
"""

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial

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
class Distance:
    """How long everything is under way in one direction, in seconds."""

    one_way_s: float = 0.0

    def lengthen(self, round_trip_s: float) -> None:
        self.one_way_s = round_trip_s / 2

    def after(self, action: Callable[[], None]) -> None:
        """Does it once it has arrived."""
        if self.one_way_s:
            asyncio.get_running_loop().call_later(self.one_way_s, action)
        else:
            action()


@dataclass
class Relay:
    """Open until it is cut. `web` and `media` are (relay's port, product's port)."""

    loop: asyncio.AbstractEventLoop
    through: asyncio.Event
    web: tuple[int, int]
    media: tuple[int, int]
    stranded: set[tuple[str, int]]  # addresses of the browser that lead nowhere any more
    known: set[tuple[str, int]]
    distance: "Distance"

    def lengthen(self, round_trip_s: float) -> None:
        """From now on an answer is back this long after its question, at the soonest."""
        self.loop.call_soon_threadsafe(self.distance.lengthen, round_trip_s)

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
    loop, through, distance = asyncio.get_running_loop(), asyncio.Event(), Distance()
    through.set()

    async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(asyncio.CancelledError):  # the test is over
            await through.wait()
            await _carry(reader, writer, web_port, Passage(through, distance))

    server = await asyncio.start_server(carry, HERE, 0)
    front, taking = await loop.create_datagram_endpoint(
        lambda: _Front(media_port, through, distance), local_addr=(HERE, 0)
    )
    ports = server.sockets[0].getsockname()[1], front.get_extra_info("sockname")[1]
    web, media = (ports[0], web_port), (ports[1], media_port)
    relay = Relay(loop, through, web, media, taking.stranded, taking.known, distance)
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


@dataclass
class Passage:
    """Whether a TCP connection's bytes pass, and how long they take."""

    through: asyncio.Event
    distance: Distance


async def _carry(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, port: int, passage: Passage
) -> None:
    """Both directions of one TCP connection, until one end closes it."""
    try:
        web_reader, web_writer = await asyncio.open_connection(HERE, port)
    except OSError:  # the web is away: so is this connection
        writer.close()
        return
    try:
        await asyncio.gather(_pump(reader, web_writer, passage), _pump(web_reader, writer, passage))
    finally:
        writer.close()
        web_writer.close()


async def _pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter, passage: Passage) -> None:
    """Reads on while what was read before is under way."""
    under_way: asyncio.Queue[bytes] = asyncio.Queue()
    writing = asyncio.ensure_future(_write(under_way, sink, passage.through))
    try:
        while chunk := await source.read(CHUNK):
            passage.distance.after(partial(under_way.put_nowait, chunk))
    except ConnectionError:
        pass
    passage.distance.after(partial(under_way.put_nowait, b""))
    await writing


async def _write(
    under_way: "asyncio.Queue[bytes]", sink: asyncio.StreamWriter, through: asyncio.Event
) -> None:
    """Until the other end has closed; what this end no longer takes is dropped."""
    with suppress(ConnectionError):
        while chunk := await under_way.get():
            await through.wait()
            sink.write(chunk)
            await sink.drain()
        await through.wait()
    sink.close()


@dataclass
class _Front(asyncio.DatagramProtocol):
    """Takes a browser's datagrams; each address of it has a socket of its own to the node."""

    node: int
    through: asyncio.Event
    distance: Distance
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
        self.distance.after(partial(self._pass_on, data, addr, back))

    def _pass_on(self, data: bytes, addr: tuple[str, int], back: "_Back") -> None:
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
        self.front.distance.after(partial(self._pass_on, data))

    def _pass_on(self, data: bytes) -> None:
        if self.front.passes(self.browser):
            self.front.transport.sendto(data, self.browser)
