"""The node as a process of its own, with a real Valkey: start, lease, store, end."""

import asyncio
import ipaddress
import os
import signal
import socket
import struct
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from redis.asyncio import Redis

from server.launcher.valkey import binary
from server.media import health, stun
from server.media.client import MediaClient
from server.media.configuration import ConfigurationError, reachable, read
from server.media.desired import StoreAwayError
from server.media.messages import (
    Answer,
    DesiredRoom,
    Notification,
    PeerClosed,
    desired_json,
    desired_key,
)
from server.media.placement import (
    BORN_KEY,
    PLACE,
    Lease,
    Load,
    Placement,
    lease_key,
    placement_key,
    read_lease,
    read_placement,
)
from server.media.process import bound
from server.media.reasons import CloseReason
from server.media.redis_store import RedisStore
from tests.media.client_peer import PATIENCE, ClientPeer
from tests.media.running import ROOM, SECRET, allowed

ROOT = Path(__file__).parents[2]
LEASE = Lease(control="tcp:h:1", port=2, load=Load(peers=3, packets_per_second=4))


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
    notifications: list[Notification] = []
    news = asyncio.Event()

    def notice(one: Notification) -> None:
        notifications.append(one)
        news.set()

    client = MediaClient(f"unix:{folder}/media.sock", SECRET, "web", notice)
    assert await client.connect()
    await redis.set(desired_key(ROOM), desired_json(wanting("first")))
    peer = ClientPeer("first")
    reply = await client.offer(ROOM, "first", 1, peer.offer())
    assert isinstance(reply, Answer)
    peer.accept(reply.sdp)
    await peer.connect()
    lease = read_lease(await redis.get(lease_key("one")))
    assert lease is not None
    assert (lease.control, lease.port) == (f"unix:{folder}/media.sock", peer.node[1])
    await redis.set(desired_key(ROOM), desired_json(wanting(version=2)))
    closed = PeerClosed(room=ROOM, peer="first", generation=1, reason=CloseReason.NOT_WANTED)
    async with asyncio.timeout(PATIENCE):
        while closed not in notifications:
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


async def test_node_is_well_without_its_store_and_not_while_it_hangs(folder: Path) -> None:
    """Kills: a check that somebody listens, which the kernel does for a node that is stopped."""
    node = started(folder, f"unix://{folder}/none")
    asked = {"THIRDS_MEDIA_CONTROL": f"unix:{folder}/media.sock", "THIRDS_MEDIA_SECRET": SECRET}
    assert await health.answers(asked)
    assert not await health.answers(asked | {"THIRDS_MEDIA_SECRET": "x" * 32})
    node.send_signal(signal.SIGSTOP)
    assert not await health.answers(asked)
    node.send_signal(signal.SIGCONT)
    assert await health.answers(asked)
    node.send_signal(signal.SIGTERM)
    assert await asyncio.to_thread(node.wait, PATIENCE) == 0
    assert not await health.answers(asked)
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


async def place(redis: Redis, node: str, after: int, how: str = "move") -> Placement:
    """The script that every placement is written by."""
    script = redis.register_script(PLACE)
    placed = read_placement(await script(keys=[placement_key(ROOM)], args=[node, after, how, 60]))
    assert placed is not None
    return placed


async def test_room_is_moved_once_however_many_ask(valkey: str) -> None:
    """Many web processes see one node die. Kills: the last writer wins."""
    redis = Redis.from_url(valkey)
    first = await place(redis, "one", 0)
    moved = await asyncio.gather(*(place(redis, f"n{n}", first.generation) for n in range(9)))
    assert len({(one.node, one.generation) for one in moved}) == 1
    assert moved[0].generation > first.generation
    assert await place(redis, "late", first.generation) == moved[0]
    await redis.aclose()


async def test_generation_rises_also_when_the_store_was_lost(valkey: str) -> None:
    """Kills: generations that begin at one, by which a node that comes back is the newer one."""
    redis = Redis.from_url(valkey)
    before = await place(redis, "one", 0)
    await redis.flushall()
    assert (await place(redis, "two", 0)).generation > before.generation
    future = before.generation + 10**9
    assert (await place(redis, "three", future)).generation == future + 1
    await redis.aclose()


async def test_announced_room_stands_unless_a_newer_placement_is_there(valkey: str) -> None:
    store, redis = RedisStore(valkey), Redis.from_url(valkey)
    held = Placement(node="one", generation=7)
    assert await store.announce(ROOM, held) == held
    assert await store.placements([ROOM, "another"]) == {ROOM: held}
    assert await store.announce(ROOM, Placement(node="two", generation=6)) == held
    newer = Placement(node="two", generation=8)
    assert await store.announce(ROOM, newer) == newer
    await redis.aclose()
    await store.release("none")


async def test_leases_say_who_else_takes_rooms_and_how_old_the_store_is(valkey: str) -> None:
    store, redis = RedisStore(valkey), Redis.from_url(valkey)
    await store.renew("one", LEASE)
    born = await redis.get(BORN_KEY)
    await store.renew("two", LEASE)
    draining = Lease(control="tcp:h:1", port=2, load=LEASE.load, draining=True)
    await store.renew("three", draining)
    assert [await store.others(name) for name in ("one", "three")] == [1, 2]
    assert await redis.get(BORN_KEY) == born
    await redis.delete(lease_key("two"))
    assert await store.others("one") == 0
    await redis.aclose()
    await store.release("one")


def test_address_that_others_reach_is_announced() -> None:
    """Kills: telling web processes on other hosts to connect to every interface."""
    redis_url = "redis://127.0.0.1:6379/0"
    assert reachable("unix:/a/b", redis_url) == "unix:/a/b"
    assert reachable("tcp:media-1:8790", redis_url) == "tcp:media-1:8790"
    assert reachable("tcp:0.0.0.0:8790", redis_url) == "tcp:127.0.0.1:8790"
    assert reachable("tcp::8790", "unix:///a/v.sock") == "tcp:127.0.0.1:8790"
    given = {"THIRDS_MEDIA_SECRET": SECRET, "THIRDS_MEDIA_CONTROL_ANNOUNCE": "tcp:media:1"}
    assert read(given).control_announce == "tcp:media:1"


async def test_store_that_cannot_be_reached_says_so(folder: Path) -> None:
    store = RedisStore(f"unix://{folder}/none")
    held = Placement(node="one", generation=1)
    for call in (
        store.read([ROOM]),
        store.placements([ROOM]),
        store.announce(ROOM, held),
        store.renew("one", LEASE),
        store.others("one"),
        store.release("one"),
    ):
        with pytest.raises(StoreAwayError):
            await call


def test_missing_secret_and_wrong_port_are_said_in_words() -> None:
    with pytest.raises(ConfigurationError, match="THIRDS_MEDIA_SECRET"):
        read({})
    with pytest.raises(ConfigurationError, match="0 to 65535"):
        read({"THIRDS_MEDIA_SECRET": SECRET, "THIRDS_MEDIA_PORT": "70000"})


def test_node_of_an_ipv6_address_takes_both_families() -> None:
    given = {"THIRDS_MEDIA_SECRET": SECRET, "THIRDS_MEDIA_ANNOUNCE": "203.0.113.7,2001:db8::7"}
    made = read(given)
    assert (made.bind, made.announce) == ("::", ("203.0.113.7", "2001:db8::7"))
    assert read({"THIRDS_MEDIA_SECRET": SECRET}).bind == "0.0.0.0"
    with pytest.raises(ConfigurationError, match="takes both"):
        read(given | {"THIRDS_MEDIA_BIND": "0.0.0.0"})


@pytest.mark.parametrize("here", ["127.0.0.1", "::1"])
def test_socket_of_both_families_is_reached_by_each(here: str) -> None:
    """And neither is told an address that it does not have. Kills: an IPv4 client that is told
    ::ffff:127.0.0.1, which no candidate of its own equals."""
    family = socket.AF_INET6 if ":" in here else socket.AF_INET
    with bound("::", 0) as node, socket.socket(family, socket.SOCK_DGRAM) as client:
        client.bind((here, 0))
        client.sendto(stun.request(b"t" * 12, "u", b"p", nominating=False), (here, port_of(node)))
        node.settimeout(PATIENCE)
        _, seen = node.recvfrom(2048)
        node.sendto(stun.success(b"t" * 12, seen, b"p"), seen)
        client.settimeout(PATIENCE)
        assert mapped(client.recv(2048)) == (here, client.getsockname()[1])


def port_of(bound_one: socket.socket) -> int:
    return int(bound_one.getsockname()[1])


def mapped(response: bytes) -> tuple[str, int]:
    """XOR-MAPPED-ADDRESS, the first attribute of ours, read by RFC 5389 §15.2."""
    name, length, _, family, port = struct.unpack_from("!HHBBH", response, 20)
    assert (name, length) == (0x0020, 8 if family == 1 else 20)
    mask = response[4:20]  # the cookie, then the transaction
    host = bytes(a ^ b for a, b in zip(response[28 : 24 + length], mask, strict=False))
    return str(ipaddress.ip_address(host)), port ^ 0x2112


@pytest.mark.parametrize(("given", "compiled"), [("", True), ("1", True), ("0", False)])
def test_way_out_in_c_is_taken_unless_it_is_switched_off(given: str, compiled: bool) -> None:
    assert (
        read({"THIRDS_MEDIA_SECRET": SECRET, "THIRDS_MEDIA_COMPILED": given}).compiled is compiled
    )


def test_announced_addresses_are_a_list() -> None:
    made = read({"THIRDS_MEDIA_SECRET": SECRET, "THIRDS_MEDIA_ANNOUNCE": "192.0.2.1, 127.0.0.1,"})
    assert made.announce == ("192.0.2.1", "127.0.0.1")
    assert read({"THIRDS_MEDIA_SECRET": SECRET}).announce == ("127.0.0.1",)
