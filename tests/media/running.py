"""A media node in the test's own event loop, a store with behaviour, and people in a room.

Everything that leaves the node, datagrams and notifications, goes through one list in order, so
a test can say what was notified before a packet was sent.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from server.media.client import MediaClient
from server.media.configuration import Configuration
from server.media.desired import StoreAwayError
from server.media.messages import Answer, DesiredPeer, DesiredRoom, Notification, OfferRefused
from server.media.placement import Lease, Placement
from server.media.process import MediaProcess
from tests.media.client_peer import PATIENCE, Address, ClientPeer

SECRET = "a secret of the tests, shared by processes"
ROOM = "room"
HERE = "127.0.0.1"


class MemoryStore:
    """A DesiredStore in memory; while `away` it fails like an unreachable one."""

    def __init__(self) -> None:
        self.values: dict[str, DesiredRoom] = {}
        self.leases: dict[str, Lease] = {}
        self.placed: dict[str, Placement] = {}
        self.away = False
        self.reads = 0

    async def read(self, rooms: Sequence[str]) -> list[DesiredRoom]:
        """What is there."""
        self._reached()
        self.reads += 1
        return [self.values[room] for room in rooms if room in self.values]

    async def placements(self, rooms: Sequence[str]) -> dict[str, Placement]:
        """Those that are there."""
        self._reached()
        return {room: self.placed[room] for room in rooms if room in self.placed}

    async def announce(self, room: str, held: Placement) -> Placement:
        """The higher generation stands."""
        self._reached()
        found = self.placed.get(room)
        if found is None or found.generation < held.generation:
            self.placed[room] = held
        return self.placed[room]

    async def others(self, node: str) -> int:
        """How many others have a lease and take rooms."""
        self._reached()
        return sum(not lease.draining for name, lease in self.leases.items() if name != node)

    async def renew(self, node: str, lease: Lease) -> None:
        """Keeps it."""
        self._reached()
        self.leases[node] = lease

    async def release(self, node: str) -> None:
        """Drops it."""
        self._reached()
        self.leases.pop(node, None)

    def _reached(self) -> None:
        if self.away:
            raise StoreAwayError


class TappedProcess(MediaProcess):
    """A node whose every word is kept, in order."""

    def __init__(self, configuration: Configuration, store: MemoryStore) -> None:
        self.words: list[tuple[bytes, Address] | Notification] = []
        super().__init__(configuration, store)

    def _notify(self, room: str, peer: str | None, notification: Notification) -> None:
        self.words.append(notification)
        super()._notify(room, peer, notification)

    def _transmit(self, datagram: bytes, address: Address) -> None:
        self.words.append((datagram, address))
        super()._transmit(datagram, address)


class People:
    """A node, a web process's client, and the peers of one room."""

    def __init__(self, folder: Path, **configured: Any) -> None:
        self.store = MemoryStore()
        self.process = TappedProcess(replace(configuration(folder), **configured), self.store)
        self.node = self.process.node
        self.notifications: list[Notification] = []
        self._news = asyncio.Event()
        self.client = MediaClient(self.process.configuration.control, SECRET, "web", self._notice)
        self.wanted: dict[str, DesiredPeer] = {}
        self.version = 0
        self.peers: dict[str, ClientPeer] = {}

    async def start(self) -> None:
        """Node and client, connected."""
        await self.process.start()
        assert await self.client.connect()

    async def stop(self) -> None:
        """All of it."""
        for peer in self.peers.values():
            peer.close()
        await self.client.close()
        await self.process.stop()

    async def restart(self, name: str = "") -> None:
        """Another run of the node, at the same address, under the same name or another one. As
        after a crash, no goodbye reaches the client."""
        await self.process.control.stop()
        await self.until(lambda: not self.client.connected)
        await self.process.stop()
        before = self.process.configuration
        self.process = TappedProcess(replace(before, node=name or before.node), self.store)
        self.node = self.process.node
        await self.process.start()

    def _notice(self, notification: Notification) -> None:
        self.notifications.append(notification)
        self._news.set()

    async def until_told(self, *expected: Notification) -> None:
        """Waits until each of these was notified."""
        async with asyncio.timeout(PATIENCE):
            while any(one not in self.notifications for one in expected):
                self._news.clear()
                await self._news.wait()

    def want(self, **changes: DesiredPeer | None) -> DesiredRoom:
        """The next version, with these peers changed (None: not wanted any more)."""
        for name, wanted in changes.items():
            if wanted is None:
                self.wanted.pop(name, None)
            else:
                self.wanted[name] = wanted
        self.version += 1
        desired = DesiredRoom(
            room=ROOM, epoch="first", version=self.version, complete=True, peers=dict(self.wanted)
        )
        self.store.values[ROOM] = desired
        return desired

    async def offered(
        self, name: str, peer: ClientPeer, generation: int = 1
    ) -> Answer | OfferRefused:
        """Sends the peer's offer; takes the answer, if there is one."""
        reply = await self.client.offer(ROOM, name, generation, peer.offer())
        if isinstance(reply, Answer):
            peer.accept(reply.sdp)
        return reply

    async def join(
        self, name: str, generation: int = 1, slots: int = 3, here: str = HERE, **changes: bool
    ) -> ClientPeer:
        """A wanted peer that sends and receives all, connected from that address."""
        self.client.apply(self.want(**{name: allowed(generation, **changes)}))
        peer = ClientPeer(name, slots)
        peer.here = here
        assert isinstance(await self.offered(name, peer, generation), Answer)
        self.peers[name] = peer
        await peer.connect()
        await self.until(lambda: self.leg_connected(name, generation))
        return peer

    def leg_connected(self, name: str, generation: int = 1) -> bool:
        """Whether the node has keys with this generation."""
        found = self.node.rooms[ROOM].peers.get(name)
        return found is not None and found.generation == generation and found.leg.connected

    async def until(self, condition: object) -> None:
        """Waits for something in the node; lets the loop turn in between."""
        assert callable(condition)
        async with asyncio.timeout(PATIENCE):
            while not condition():  # noqa: ASYNC110 - the node sets no event
                await asyncio.sleep(0)


def allowed(generation: int = 1, **changes: bool) -> DesiredPeer:
    """A peer that may do everything, but for what is said."""
    rights = {"send_audio": True, "send_video": True, "receive": True} | changes
    return DesiredPeer(generation=generation, **rights)


def configuration(folder: Path) -> Configuration:
    """A node on loopback alone."""
    return Configuration(
        secret=SECRET,
        control=f"unix:{folder}/media.sock",
        redis_url="",
        bind="127.0.0.1",
        port=0,
        announce=("127.0.0.1",),
        node="node",
        compiled=False,  # every datagram goes through `TappedProcess._transmit`
    )
