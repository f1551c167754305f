"""Real media nodes and a Valkey beside the test, and the people of one room who use them by the
links of a web process.

Owns processes and peers. The web process is the test itself: its loop has the links.
"""

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, cast

import redis
from django.conf import settings

from server.launcher.children import Service
from server.launcher.valkey import running_valkey
from server.media.client import (
    DesiredRoom,
    MediaClient,
    NodeLoad,
    Notification,
    Placement,
    desired_json,
    desired_key,
    placement_key,
    read_placement,
)
from server.media.placement import lease_key
from sessions.nodes.links import Heard, PeerClosed
from sessions.rooms.process import Process
from tests.media.client_peer import ClientPeer
from tests.media.running import allowed

ROOT: Final = Path(__file__).parents[2]
PATIENCE: Final = 30.0  # seconds before what never comes fails a test; never asserted
LOOK: Final = 0.02


@dataclass(frozen=True, slots=True)
class Store:
    """A Valkey that somebody else runs."""

    url: str


@dataclass
class Nodes:
    """Running nodes by name, and their store."""

    folder: Path
    valkey: Service | Store
    store: redis.Redis
    processes: dict[str, "subprocess.Popen[str]"] = field(default_factory=dict)

    def control(self, name: str) -> str:
        return f"unix:{self.folder}/{name}.sock"

    def start(self, name: str, *, address: str = "") -> None:
        """Begins it. `address`: the name of the one whose place it takes."""
        environment = os.environ | {
            "THIRDS_MEDIA_SECRET": settings.THIRDS_MEDIA_SECRET,
            "THIRDS_MEDIA_CONTROL": self.control(address or name),
            "THIRDS_MEDIA_BIND": "127.0.0.1",
            "THIRDS_MEDIA_ANNOUNCE": "127.0.0.1",
            "THIRDS_MEDIA_PORT": "0",
            "THIRDS_MEDIA_NODE": name,
            "REDIS_URL": self.valkey.url,
        }
        process = subprocess.Popen(
            [sys.executable, "-m", "server.media"],
            cwd=ROOT,
            env=environment,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.processes[name] = process

    def wait_for(self, name: str) -> None:
        """Until it is up."""
        errors = self.processes[name].stderr
        assert errors is not None
        assert f"media: node {name} on UDP port " in errors.readline()

    def send(self, name: str, number: signal.Signals) -> None:
        self.processes[name].send_signal(number)

    def other(self, name: str) -> str:
        return next(other for other in self.processes if other != name)

    def end(self, name: str) -> None:
        """kill -9, and gone when this returns."""
        process = self.processes.pop(name)
        process.kill()
        process.wait()
        assert process.stderr is not None
        process.stderr.close()

    def end_store(self) -> None:
        """kill -9 of the store."""
        assert isinstance(self.valkey, Service)
        self.valkey.process.kill()
        self.valkey.process.wait()

    def revive_store(self) -> None:
        """It is back, and empty."""
        assert isinstance(self.valkey, Service)
        self.valkey.revive()


@contextlib.contextmanager
def running_node(name: str) -> Iterator[str]:
    """One, on the store that settings name; gives the address of its control connection. Its
    lease is taken back at the end, for whoever uses that store next."""
    with (
        tempfile.TemporaryDirectory(prefix="nodes-") as folder,
        contextlib.closing(
            redis.Redis.from_url(settings.REDIS_URL, decode_responses=True)
        ) as store,
    ):
        nodes = Nodes(Path(folder), Store(settings.REDIS_URL), store)
        nodes.start(name)
        try:
            nodes.wait_for(name)
            yield nodes.control(name)
        finally:
            nodes.end(name)
            store.delete(lease_key(name))


@contextlib.contextmanager
def running_nodes(*names: str) -> Iterator[Nodes]:
    """On a store of their own, which settings know nothing of."""
    with (
        tempfile.TemporaryDirectory(prefix="nodes-") as folder,
        running_valkey(Path(folder), Path(folder)) as valkey,
        contextlib.closing(redis.Redis.from_url(valkey.url, decode_responses=True)) as store,
    ):
        nodes = Nodes(Path(folder), valkey, store)
        try:
            for name in names:
                nodes.start(name)
            for name in names:
                nodes.wait_for(name)
            yield nodes
        finally:
            for name in tuple(nodes.processes):
                nodes.end(name)


@contextlib.asynccontextmanager
async def web_process(nodes: Nodes) -> AsyncIterator[Process]:
    """A web process on the store of these nodes."""
    process = Process(nodes.valkey.url, settings.THIRDS_MEDIA_SECRET, database_threads=1)
    try:
        yield process
    finally:
        await process.close()


async def until(condition: Callable[[], object]) -> None:
    """Waits for what another process does."""
    async with asyncio.timeout(PATIENCE):
        while not condition():  # noqa: ASYNC110 - there is no event of it
            await asyncio.sleep(LOOK)


class Group:
    """Everyone of one room. `heard` is what each one's listener got."""

    def __init__(self, process: Process, nodes: Nodes, room: str, *names: str) -> None:
        self.process = process
        self.store = nodes.store
        self.room = room
        self.heard: dict[str, list[Heard]] = {}
        self.peers: dict[str, ClientPeer] = {}
        self.former: dict[str, ClientPeer] = {}
        self.want(*names)

    def want(self, *names: str, epoch: str = "first", complete: bool = True) -> None:
        """Writes the room's value: these, or all who are known to this process."""
        for name in names:
            listener = self.heard.setdefault(name, []).append
            self.process.links.listen(self.room, name, listener)
        peers = {name: allowed() for name in names or self.heard}
        value = DesiredRoom(room=self.room, epoch=epoch, version=1, complete=complete, peers=peers)
        self.store.set(desired_key(self.room), desired_json(value))

    @property
    def placement(self) -> Placement | None:
        return read_placement(cast("str | None", self.store.get(placement_key(self.room))))

    @property
    def node(self) -> str:
        """The name of the node that has the room."""
        placed = self.placement
        return placed.node if placed else ""

    def reasons(self, name: str) -> list[str]:
        """Why this one was asked to offer again."""
        return [news.reason for news in self.heard[name] if isinstance(news, PeerClosed)]

    async def join(self, *names: str) -> None:
        """These, or all, offer and are connected; who was is `former` now, and still there."""
        joining = names or tuple(self.heard)
        self.former = {name: peer for name, peer in self.peers.items() if name in joining}
        await asyncio.gather(*(self._connect(name) for name in joining))

    async def _connect(self, name: str) -> None:
        """As a browser: a refusal is followed by another offer."""
        peer = ClientPeer(name, slots=4)
        answer: object = None
        async with asyncio.timeout(PATIENCE):
            while not isinstance(answer, str):
                answer = await self.process.links.offer(self.room, name, 1, peer.offer())
        peer.accept(answer)
        self.peers[name] = peer
        await peer.connect()

    async def hear_each_other(self) -> None:
        """Each speaks until every other has heard a packet of this call."""
        before = {name: len(peer.arrived) for name, peer in self.peers.items()}

        def everybody() -> bool:
            for peer in self.peers.values():
                peer.speak()
            return all(
                {one.mark for one in peer.arrived[before[name] :]} == set(self.peers) - {name}
                for name, peer in self.peers.items()
            )

        await until(everybody)

    def close(self) -> None:
        for peer in (*self.peers.values(), *self.former.values()):
            peer.close()


@contextlib.asynccontextmanager
async def watching(control: str) -> AsyncIterator[list[NodeLoad]]:
    """A connection of one's own to a node: gives the list of its loads."""
    loads: list[NodeLoad] = []

    def notice(notification: Notification) -> None:
        if isinstance(notification, NodeLoad):
            loads.append(notification)

    client = MediaClient(control, settings.THIRDS_MEDIA_SECRET, "watcher", notice)
    await client.connect()
    yield loads
    await client.close()
