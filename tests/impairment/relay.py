"""The network between one browser and media nodes: UDP that is lost, late, slow, moved or cut off.

Owns one UDP port in front of each node's; the node sees each address of the browser as an address
of the relay's. What waits is bounded. Knows no content. Runs on the loop that opened it.
"""

import asyncio
import itertools
from collections.abc import Iterable
from dataclasses import dataclass, field
from heapq import heappop, heappush
from random import Random
from typing import Final, cast

from tests.impairment.link import PERFECT, Conditions, Link

HERE: Final = "127.0.0.1"
MOST_WAITING: Final = 4096  # datagrams of one direction; more are dropped
SEED: Final = 10
CLOCK_S: Final = 0.001  # a timer of the loop may come so much early

Address = tuple[str, int]


Waiting = tuple[float, int, bytes, asyncio.DatagramTransport, Address | None]


@dataclass(slots=True)
class _Direction:
    """A link whose datagrams are delivered when they are due, in the order of that."""

    link: Link
    waiting: list[Waiting] = field(default_factory=list)  # a heap
    numbers: "itertools.count[int]" = field(default_factory=itertools.count)
    crowded: int = 0  # dropped because too many waited

    def send(self, data: bytes, deliver: asyncio.DatagramTransport, to: Address | None) -> None:
        loop = asyncio.get_running_loop()
        now = loop.time()
        due = self.link.due(len(data), now)
        if due is None:
            return
        if due <= now and not self.waiting:
            deliver.sendto(data, to)
        elif len(self.waiting) < MOST_WAITING:
            heappush(self.waiting, (due, next(self.numbers), data, deliver, to))
            loop.call_at(due, self._deliver)
        else:
            self.crowded += 1

    def _deliver(self) -> None:
        """All that is due: timers of one instant run in any order, so none stands for one datagram."""
        now = asyncio.get_running_loop().time() + CLOCK_S
        while self.waiting and self.waiting[0][0] <= now:
            _, _, data, deliver, to = heappop(self.waiting)
            if not deliver.is_closing():
                deliver.sendto(data, to)


class DatagramRelay:
    """`ports`: the relay's port by the node's. Perfect until it is told otherwise."""

    def __init__(self, host: str = HERE, seed: int = SEED) -> None:
        self.host = host
        self.ports: dict[int, int] = {}
        self.through = True
        self.swallowed = 0  # datagrams that a dark or dead path took
        self._up = _Direction(Link(Random(seed)))
        self._down = _Direction(Link(Random(seed + 1)))
        self._fronts: list[_Front] = []
        self._stranded: set[Address] = set()

    @classmethod
    async def open(
        cls, nodes: Iterable[int], host: str = HERE, seed: int = SEED
    ) -> "DatagramRelay":
        """In front of each of these ports of this machine."""
        relay = cls(host, seed)
        for node in nodes:
            front = _Front(relay, node)
            await front.open(host)
            relay.ports[node] = front.port
            relay._fronts.append(front)
        return relay

    @property
    def up(self) -> Link:
        """From the browser to the nodes."""
        return self._up.link

    @property
    def down(self) -> Link:
        return self._down.link

    def impair(self, up: Conditions = PERFECT, down: Conditions = PERFECT) -> None:
        """From now on. What is on its way arrives as it was due."""
        self.up.conditions, self.down.conditions = up, down

    def black_out(self) -> None:
        """From here nothing passes, and nobody is told."""
        self.through = False

    def mend(self) -> None:
        self.through = True

    def strand(self) -> None:
        """The network that the browser uses is gone for good: from the addresses it has now
        nothing passes any more; from another address (a fresh socket of the browser) it does."""
        self._stranded.update(*(front.backs for front in self._fronts))

    async def rebind(self) -> None:
        """A NAT forgets: the same address of the browser comes from another port to the node, and
        what the node sends to the former one is lost."""
        for front in self._fronts:
            await asyncio.gather(*(back.reopen() for back in front.backs.values()))

    def close(self) -> None:
        for front in self._fronts:
            front.close()

    def passes(self, browser: Address) -> bool:
        """Whether this datagram goes to, or comes from, that address of the browser."""
        if self.through and browser not in self._stranded:
            return True
        self.swallowed += 1
        return False


@dataclass(eq=False)
class _Front(asyncio.DatagramProtocol):
    """Takes the browser's datagrams; each address of it has a socket of its own to the node."""

    relay: DatagramRelay
    node: int
    backs: "dict[Address, _Back]" = field(default_factory=dict)
    port: int = 0

    async def open(self, host: str) -> None:
        loop = asyncio.get_running_loop()
        await loop.create_datagram_endpoint(lambda: self, local_addr=(host, 0))
        self.port = self.transport.get_extra_info("sockname")[1]

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: Address) -> None:
        back = self.backs.get(addr)
        if back is None:
            back = self.backs[addr] = _Back(self, addr)
            back.opening = asyncio.ensure_future(back.open())
        if self.relay.passes(addr) and back.transport is not None:
            self.relay._up.send(data, back.transport, None)

    def close(self) -> None:
        self.transport.close()
        for back in self.backs.values():
            back.close()


@dataclass(eq=False)
class _Back(asyncio.DatagramProtocol):
    """What the node answers goes to the one address this socket stands for. Datagrams that come
    before it is open are lost: a browser sends its checks again."""

    front: _Front
    browser: Address
    transport: asyncio.DatagramTransport | None = None
    opening: "asyncio.Task[None] | None" = None

    async def open(self) -> None:
        loop = asyncio.get_running_loop()
        node = (self.front.relay.host, self.front.node)
        self.transport, _ = await loop.create_datagram_endpoint(lambda: self, remote_addr=node)

    async def reopen(self) -> None:
        """On another port; the former is closed first, so nothing comes from it any more."""
        former, self.transport = self.transport, None
        if former is not None:
            former.close()
        await self.open()

    def close(self) -> None:
        if self.opening is not None:
            self.opening.cancel()
        if self.transport is not None:
            self.transport.close()

    def datagram_received(self, data: bytes, addr: Address) -> None:
        relay = self.front.relay
        if relay.passes(self.browser):
            relay._down.send(data, self.front.transport, self.browser)

    def error_received(self, exc: Exception) -> None:
        """The node's port is closed meanwhile (ICMP): a browser would notice nothing either."""
