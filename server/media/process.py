"""The process around a media node: its UDP socket, its timers, its start and its end.

Owns everything that blocks, waits or comes from the operating system. Must not know what a datagram or a
message means.
"""

import asyncio
import contextlib
import logging
import signal
import socket
import time
from collections.abc import Awaitable, Callable
from typing import Final

from server.media import early
from server.media.answer import Node as NodeLines
from server.media.clock import now
from server.media.configuration import Configuration, reachable
from server.media.control import ControlServer
from server.media.desired import DesiredStore, StoreAwayError
from server.media.fan_out import compiled
from server.media.fan_out.compiled import CompiledFanOut, WayOut
from server.media.messages import Notification
from server.media.node import MediaNode
from server.media.placement import Lease, Load
from server.media.redis_store import RedisStore
from server.media.reports import TICK_SECONDS
from server.media.streams import Address

LOG = logging.getLogger(__name__)
BATCH: Final = 200  # datagrams read before anything else gets a turn
BUFFER: Final = 4 << 20  # bytes of the socket's buffers, as far as the system grants it
LARGEST: Final = 2048
POLL_SECONDS: Final = 0.5
LEASE_SECONDS: Final = 1.0
STOP_SECONDS: Final = 1.0  # for the timers to end
DRAIN_SECONDS: Final = 6.0  # for peers to go to another node; below what a stop may take
DRAIN_LOOK_SECONDS: Final = 0.05
IP_MTU_DISCOVER, IP_PMTUDISC_DO = 10, 2  # linux/in.h: never fragment
IPV6_MTU_DISCOVER = 23  # linux/in6.h


class MediaProcess:
    """One node with its sockets, in the running event loop."""

    def __init__(self, configuration: Configuration, store: DesiredStore | None = None) -> None:
        self.configuration = configuration
        self.store = store or RedisStore(configuration.redis_url)
        self.control = ControlServer(configuration.secret)
        self.node = MediaNode(configuration.node, self.store, self._transmit, self._notify)
        self.control.node = self.node
        self.control_address = configuration.control
        self.announced = configuration.control
        self._stopping = False
        self._tasks: list[asyncio.Task[None]] = []
        self._sent_before = 0
        self.socket = bound(configuration.bind, configuration.port)
        self._fence, self._sendto = self.node.fence, self.socket.sendto
        self.port: int = self.socket.getsockname()[1]
        library = compiled.load() if configuration.compiled else None
        if library is not None:
            ipv6 = self.socket.family == socket.AF_INET6
            way_out = WayOut(self.socket.fileno(), ipv6, self.node.fence)
            self.node.path.fan_out = CompiledFanOut(library, way_out, self.node.counters)

    async def start(self) -> None:
        """From here on media flow and control connections are taken."""
        announce = self.configuration.announce
        fingerprint = self.node.identity.fingerprint
        self.node.lines = NodeLines(announce, self.port, fingerprint)
        self.control_address = await self.control.start(self.configuration.control)
        self.announced = self.configuration.control_announce or reachable(
            self.control_address, self.configuration.redis_url
        )
        asyncio.get_running_loop().add_reader(self.socket, self._readable)
        self._every(TICK_SECONDS, self._tick)
        self._every(POLL_SECONDS, self.node.poll)
        self._every(LEASE_SECONDS, self._renew)

    async def stop(self) -> None:
        """Says goodbye to peers and web processes, and gives the lease back. Once."""
        if self._stopping:
            return
        await self._drain()
        self._stopping = True
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=STOP_SECONDS)
        self.node.stop()
        await self.control.stop()
        asyncio.get_running_loop().remove_reader(self.socket)
        self.socket.close()
        with contextlib.suppress(StoreAwayError):
            await self.store.release(self.node.name)

    async def _drain(self) -> None:
        """Gives the rooms to other nodes, if there are any, and waits until the peers are gone:
        each makes its new connection before it leaves this one."""
        with contextlib.suppress(StoreAwayError):
            if self.node.load(0).peers == 0 or await self.store.others(self.node.name) == 0:
                return
            self.node.draining = True
            await self._renew()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(DRAIN_SECONDS):
                    while self.node.load(0).peers:  # noqa: ASYNC110 - peers go by datagrams
                        await asyncio.sleep(DRAIN_LOOK_SECONDS)

    def _every(self, seconds: float, action: Callable[[], Awaitable[None]]) -> None:
        async def repeat() -> None:
            due = now()
            while not self._stopping:  # a cancellation may be lost in a store's own timeout
                try:
                    await action()
                except Exception:
                    self.node.counters.faults += 1
                    LOG.exception("a timed action of the node failed; it goes on")
                due = max(due + seconds, now())
                await asyncio.sleep(due - now())

        self._tasks.append(asyncio.ensure_future(repeat()))

    async def _tick(self) -> None:
        self.node.tick()
        for _ in self.node.report(time.time):
            await asyncio.sleep(0)
        if self.node.fence.closed:
            await self.node.look()

    async def _renew(self) -> None:
        self.node.counters.dropped = early.dropped(self.socket)
        sent = self.node.counters.forwarded
        load = self.node.load(sent - self._sent_before)
        self._sent_before = sent
        lease = Lease(
            control=self.announced,
            port=self.port,
            load=Load(peers=load.peers, packets_per_second=load.packets_per_second),
            draining=load.draining,
        )
        self.control.broadcast(load)
        with contextlib.suppress(StoreAwayError):
            await self.store.renew(self.node.name, lease)

    def _readable(self) -> None:
        """Takes what the socket holds, up to BATCH, and hands it on as one batch. What waited
        there while the node slept is not forwarded: the rooms may be elsewhere by now."""
        datagrams: list[tuple[bytes, Address]] = []
        receive = self.socket.recvfrom
        try:
            for _ in range(BATCH):
                datagrams.append(receive(LARGEST))
        except OSError:
            pass  # nothing more for now
        arrived = now()
        if arrived > self._fence.until:
            self.node.counters.fenced += len(datagrams)
        else:
            self.node.path.on_datagrams(datagrams, arrived)

    def _notify(self, room: str, peer: str | None, notification: Notification) -> None:
        self.control.notify(room, peer, notification)

    def _transmit(self, datagram: bytes, address: Address) -> None:
        """The clock is asked for each: the node may have slept in the middle of a batch."""
        if now() > self._fence.until:
            self.node.counters.fenced += 1
            return
        try:
            self._sendto(datagram, address)
        except OSError:
            self.node.counters.not_sent += 1


def bound(host: str, port: int) -> socket.socket:
    """A datagram socket that neither blocks nor fragments."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    made = socket.socket(family, socket.SOCK_DGRAM)
    made.setblocking(False)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, BUFFER)
    with contextlib.suppress(OSError):
        made.setsockopt(socket.IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_DO)
    if family == socket.AF_INET6:
        made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)  # `::` takes IPv4 too
        with contextlib.suppress(OSError):
            made.setsockopt(socket.IPPROTO_IPV6, IPV6_MTU_DISCOVER, IP_PMTUDISC_DO)
    early.attach(made)
    made.bind((host, port))
    return made


async def run(configuration: Configuration, ready: Callable[[MediaProcess], None]) -> None:
    """Until SIGTERM or SIGINT. `ready` is called once everything is open."""
    process = MediaProcess(configuration)
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopped.set)
    await process.start()
    ready(process)
    await stopped.wait()
    await process.stop()
