"""The network between one browser and the product, which a test can cut and mend.

Owns one TCP port in front of the web, and a relay of datagrams (`tests/impairment`) in front of the
media node. While it is cut nothing passes: datagrams are lost; what TCP carries is kept and goes
through later, as it would by retransmission, and new connections are accepted by nobody. What
passes may take a while each way, in order. Knows no content.
"""

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial

from playwright.sync_api import BrowserContext

from tests.impairment.answer import answer_by_relay
from tests.impairment.link import PERFECT, Conditions
from tests.impairment.relay import DatagramRelay

HERE = "127.0.0.1"
CHUNK = 65536


@dataclass
class Passage:
    """Whether the bytes of a TCP connection pass, and how many seconds they take one way."""

    through: asyncio.Event
    one_way_s: float = 0.0

    def after(self, action: Callable[[], None]) -> None:
        """Does it once it has arrived."""
        if self.one_way_s:
            asyncio.get_running_loop().call_later(self.one_way_s, action)
        else:
            action()


@dataclass
class Relay:
    """Open until it is cut. `web` is (relay's port, product's port)."""

    loop: asyncio.AbstractEventLoop
    passage: Passage
    web: tuple[int, int]
    datagrams: DatagramRelay

    def lengthen(self, round_trip_s: float) -> None:
        """From now on an answer is back this long after its question, at the soonest."""
        self.passage.one_way_s = round_trip_s / 2
        conditions = Conditions(delay=round_trip_s / 2)
        self.impair(up=conditions, down=conditions)

    def strand(self) -> None:
        """The network that the browser's media use is gone for good; from another port of the
        browser they pass. The web is not touched."""
        self.loop.call_soon_threadsafe(self.datagrams.strand)

    def rebind(self) -> None:
        """The browser's media come to the node from other ports, as after a NAT forgot them."""
        asyncio.run_coroutine_threadsafe(self.datagrams.rebind(), self.loop).result(timeout=10)

    def impair(self, up: Conditions = PERFECT, down: Conditions = PERFECT) -> None:
        """Loss, delay, jitter and rate of the media, to the node and from it; see `link.py`."""
        self.loop.call_soon_threadsafe(self.datagrams.impair, up, down)

    def cut(self) -> None:
        self.loop.call_soon_threadsafe(self.passage.through.clear)
        self.loop.call_soon_threadsafe(self.datagrams.black_out)

    def mend(self) -> None:
        self.loop.call_soon_threadsafe(self.passage.through.set)
        self.loop.call_soon_threadsafe(self.datagrams.mend)

    @property
    def flag(self) -> str:
        """Sends a Chromium's connections to the web's address through here instead."""
        relay, web = self.web
        return f"--host-resolver-rules=MAP {HERE}:{web} {HERE}:{relay}"

    def stand_between(self, context: BrowserContext) -> None:
        """Sends the context's media through here, from its next load."""
        context.add_init_script(answer_by_relay(self.datagrams))


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


Opened = tuple[asyncio.Server, DatagramRelay]


async def _open(web_port: int, media_port: int) -> tuple[Relay, Opened]:
    loop, passage = asyncio.get_running_loop(), Passage(asyncio.Event())
    passage.through.set()

    async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(asyncio.CancelledError):  # the test is over
            await passage.through.wait()
            await _carry(reader, writer, web_port, passage)

    server = await asyncio.start_server(carry, HERE, 0)
    datagrams = await DatagramRelay.open([media_port])
    web = server.sockets[0].getsockname()[1], web_port
    return Relay(loop, passage, web, datagrams), (server, datagrams)


async def _close(opened: Opened) -> None:
    """Ends what is still carried as well; a connection that waits is cancelled."""
    server, datagrams = opened
    server.close()
    datagrams.close()
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)


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
    with suppress(ConnectionError):
        while chunk := await source.read(CHUNK):
            passage.after(partial(under_way.put_nowait, chunk))
    passage.after(partial(under_way.put_nowait, b""))
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
