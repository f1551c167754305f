"""The node as a process of its own, with a real Valkey: start, lease, store, end."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from redis.asyncio import Redis

from server.launcher.valkey import binary
from server.media.client import MediaClient
from server.media.configuration import ConfigurationError, read
from server.media.desired import StoreAwayError
from server.media.messages import (
    Answer,
    DesiredRoom,
    Notification,
    PeerClosed,
    desired_json,
    desired_key,
)
from server.media.redis_store import RedisStore, lease_key
from tests.media.client_peer import PATIENCE, ClientPeer
from tests.media.running import ROOM, SECRET, allowed

ROOT = Path(__file__).parents[2]


@pytest.fixture
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="media-") as made:
        yield Path(made)


@pytest.fixture
def valkey(folder: Path) -> Iterator[str]:
    """A server of this test's own on a unix socket; gives its URL once it says it listens."""
    path = folder / "v.sock"
    options = ["--port", "0", "--unixsocket", str(path), "--save", "", "--dir", str(folder)]
    with subprocess.Popen([str(binary()), *options], stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        assert any("Ready to accept connections" in line for line in server.stdout)
        yield f"unix://{path}"
        server.terminate()


def started(folder: Path, valkey: str) -> subprocess.Popen[str]:
    """The node's process, up."""
    environment = os.environ | {
        "THIRDS_MEDIA_SECRET": SECRET,
        "THIRDS_MEDIA_CONTROL": f"unix:{folder}/media.sock",
        "THIRDS_MEDIA_BIND": "127.0.0.1",
        "THIRDS_MEDIA_NODE": "one",
        "REDIS_URL": valkey,
    }
    node = subprocess.Popen(
        [sys.executable, "-m", "server.media"],
        cwd=ROOT,
        env=environment,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert node.stderr is not None
    assert "media: node one on UDP port " in node.stderr.readline()
    return node


async def test_removed_peer_is_closed_through_the_store_alone(folder: Path, valkey: str) -> None:
    """No command says so: the process reads it. The lease is there while it lives."""
    node = started(folder, valkey)
    redis = Redis.from_url(valkey)
    told: list[Notification] = []
    news = asyncio.Event()

    def notice(one: Notification) -> None:
        told.append(one)
        news.set()

    client = MediaClient(f"unix:{folder}/media.sock", SECRET, "web", notice)
    assert await client.connect()
    await redis.set(desired_key(ROOM), desired_json(wanting("first")))
    peer = ClientPeer("first")
    reply = await client.offer(ROOM, "first", 1, peer.offer())
    assert isinstance(reply, Answer)
    peer.accept(reply.sdp)
    await peer.connect()
    lease = json.loads(await redis.get(lease_key("one")) or b"{}")
    assert (lease["control"], lease["port"]) == (f"unix:{folder}/media.sock", peer.node[1])
    await redis.set(desired_key(ROOM), desired_json(wanting(version=2)))
    closed = PeerClosed(room=ROOM, peer="first", generation=1, reason="not_wanted")
    async with asyncio.timeout(PATIENCE):
        while closed not in told:
            news.clear()
            await news.wait()
    peer.close()
    node.send_signal(signal.SIGTERM)
    assert await asyncio.to_thread(node.wait, PATIENCE) == 0
    assert await redis.get(lease_key("one")) is None
    assert node.stderr is not None
    assert node.stderr.read() == ""
    node.stderr.close()
    await redis.aclose()
    await client.close()


async def test_node_ends_on_a_signal_while_the_store_is_away(folder: Path) -> None:
    """Kills: waiting for the timers without a bound."""
    node = started(folder, f"unix://{folder}/none")
    node.send_signal(signal.SIGTERM)
    assert await asyncio.to_thread(node.wait, PATIENCE) == 0
    assert node.stderr is not None
    node.stderr.close()


def wanting(*names: str, version: int = 1) -> DesiredRoom:
    """The room with these peers."""
    peers = {name: allowed() for name in names}
    return DesiredRoom(room=ROOM, epoch="e", version=version, complete=True, peers=peers)


async def test_store_reads_what_is_there_and_nothing_else(valkey: str) -> None:
    store, redis = RedisStore(valkey), Redis.from_url(valkey)
    await redis.set(desired_key("a"), desired_json(wanting()))  # another room's value
    await redis.set(desired_key("b"), b"nonsense")
    await redis.set(desired_key(ROOM), desired_json(wanting("first")))
    assert await store.read(["a", "b", "c", ROOM]) == [wanting("first")]
    await redis.aclose()
    await store.release("none")


async def test_store_that_cannot_be_reached_says_so(folder: Path) -> None:
    store = RedisStore(f"unix://{folder}/none")
    for call in (store.read([ROOM]), store.renew("one", b"{}"), store.release("one")):
        with pytest.raises(StoreAwayError):
            await call


def test_missing_secret_and_wrong_port_are_said_in_words() -> None:
    with pytest.raises(ConfigurationError, match="THIRDS_MEDIA_SECRET"):
        read({})
    with pytest.raises(ConfigurationError, match="0 to 65535"):
        read({"THIRDS_MEDIA_SECRET": "s", "THIRDS_MEDIA_PORT": "70000"})


def test_announced_addresses_are_a_list() -> None:
    made = read({"THIRDS_MEDIA_SECRET": "s", "THIRDS_MEDIA_ANNOUNCE": "192.0.2.1, 127.0.0.1,"})
    assert made.announce == ("192.0.2.1", "127.0.0.1")
    assert read({"THIRDS_MEDIA_SECRET": "s"}).announce == ("127.0.0.1",)
