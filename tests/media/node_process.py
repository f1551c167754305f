"""A media node as a process of its own, with a Valkey of its own, and what the kernel says of it.

For the floods and for `python -m bench.media`: both want the process that runs in production,
not its parts in the test's own event loop. Owns start, end, control connection and rooms.
"""

import asyncio
import contextlib
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Iterable
from pathlib import Path
from typing import Final

import psutil
from redis.asyncio import Redis

from bench.cores import born_on, processor_seconds
from server.launcher.valkey import running_valkey
from server.media.client import (
    Answer,
    DesiredPeer,
    DesiredRoom,
    MediaClient,
    NodeLoad,
    Notification,
    desired_json,
    desired_key,
)
from tests.media.client_peer import PATIENCE, ClientPeer
from tests.media.running import SECRET, allowed

ROOT: Final = Path(__file__).parents[2]


class NodeProcess:
    """A running node. `loads` are its NodeLoads, one a second; `notifications` is everything else."""

    def __init__(self, process: "subprocess.Popen[str]", control: str, redis_url: str) -> None:
        self.process = process
        self.redis_url = redis_url
        self.kernel = psutil.Process(process.pid)
        self.loads: list[NodeLoad] = []
        self.notifications: list[Notification] = []
        self.news = asyncio.Event()
        self.client = MediaClient(control, SECRET, "web", self._notice)
        self._redis = Redis.from_url(redis_url)
        self._wanted: dict[str, dict[str, DesiredPeer]] = {}
        self._version = 0

    def _notice(self, notification: Notification) -> None:
        if isinstance(notification, NodeLoad):
            self.loads.append(notification)
        else:
            self.notifications.append(notification)
        self.news.set()

    async def want(self, room: str, names: Iterable[str]) -> None:
        """These peers too, of generation 1, may do everything there."""
        wanted = self._wanted.setdefault(room, {})
        wanted.update({name: allowed() for name in names})
        self._version += 1
        value = DesiredRoom(
            room=room, epoch="only", version=self._version, complete=True, peers=dict(wanted)
        )
        await self._redis.set(desired_key(room), desired_json(value))
        self.client.apply(value)

    async def answered(self, room: str, name: str, peer: ClientPeer) -> None:
        """Takes the peer's offer to the node and the answer back."""
        reply = await self.client.offer(room, name, 1, peer.offer())
        assert isinstance(reply, Answer), reply
        peer.accept(reply.sdp)

    async def join(self, room: str, name: str, slots: int) -> ClientPeer:
        """A wanted peer, from its offer to its keys."""
        peer = ClientPeer(name, slots)
        await self.answered(room, name, peer)
        await peer.connect()
        return peer

    async def next_load(self) -> NodeLoad:
        """Waits for the node's next word about its load and counters."""
        before = len(self.loads)
        async with asyncio.timeout(PATIENCE):
            while len(self.loads) == before:
                self.news.clear()
                await self.news.wait()
        return self.loads[-1]

    async def counted(self, name: str) -> int:
        """A counter, not older than this call."""
        await self.next_load()
        return (await self.next_load()).counters[name]

    def cpu_seconds(self) -> tuple[float, float]:
        """Of all its threads so far: on a core, and ready to run while others had the core."""
        return processor_seconds(self.kernel)

    def resident_bytes(self) -> int:
        """Memory in use."""
        return int(self.kernel.memory_info().rss)

    async def close(self) -> None:
        """Ends the control connection; the process is its starter's."""
        await self.client.close()
        await self._redis.aclose()


@contextlib.asynccontextmanager
async def running_node(
    folder: Path, cores: frozenset[int] = frozenset()
) -> AsyncIterator[NodeProcess]:
    """The node on 127.0.0.1 alone, on these cores, until the block ends. `folder` is short."""
    control = f"unix:{folder}/media.sock"
    with running_valkey(folder, folder) as valkey:
        process = _start(control, valkey.url, cores)
        node = NodeProcess(process, control, valkey.url)
        try:
            assert await node.client.connect()
            yield node
        finally:
            await node.close()
            process.kill()  # a gentle end would wait for its peers to go elsewhere
            await asyncio.to_thread(process.wait, PATIENCE)
            assert process.stderr is not None
            process.stderr.close()


def _start(control: str, redis_url: str, cores: frozenset[int]) -> "subprocess.Popen[str]":
    environment = os.environ | {
        "THIRDS_MEDIA_SECRET": SECRET,
        "THIRDS_MEDIA_CONTROL": control,
        "THIRDS_MEDIA_BIND": "127.0.0.1",
        "THIRDS_MEDIA_ANNOUNCE": "127.0.0.1",
        "THIRDS_MEDIA_NODE": "measured",
        "REDIS_URL": redis_url,
    }
    with born_on(cores):
        process = subprocess.Popen(
            [sys.executable, "-m", "server.media"],
            cwd=ROOT,
            env=environment,
            stderr=subprocess.PIPE,
            text=True,
        )
    assert process.stderr is not None
    assert "media: node measured on UDP port " in process.stderr.readline()
    return process
