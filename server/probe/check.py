"""The check of a running installation: do sound and pictures arrive through each media node?

Owns what is tried on a node (directly, and through the relay where there is one) and the line
that says how it went. Every attempt has a room of its own, a sender and a receiver in it, and is
over within ARRIVE_S. Must not know where settings come from, nor print.
"""

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from aiortc import MediaStreamTrack
from aiortc.mediastreams import MediaStreamError
from redis.asyncio import Redis
from redis.exceptions import RedisError

from server.media.client import Lease, MediaClient, RelayAccess
from server.probe.nodes import live_nodes, store_at
from server.probe.participant import Participant
from server.probe.patterns import Picture, Tone, is_picture, is_tone
from server.probe.rooms import Wanted, new_room, peer

SENDER, RECEIVER = "probe:sender", "probe:receiver"
ARRIVE_S: Final = 10.0
LEAVE_S: Final = 2.0
NAME: Final = "check"  # of this process, at the nodes


@dataclass(frozen=True, slots=True)
class Installation:
    """What is checked. `relay` gives access to the relay, each time another."""

    redis_url: str
    media_secret: str
    relay: Callable[[], RelayAccess]


@dataclass(slots=True)
class Attempt:
    """One route to a node: what arrived, after how many seconds. `refused`: the node's code."""

    route: str
    sound: bool = False
    pictures: bool = False
    seconds: float = 0.0
    connected: bool = False
    refused: str = ""

    @property
    def passed(self) -> bool:
        return self.sound and self.pictures

    def __str__(self) -> str:
        if self.passed:
            return f"{self.route} in {self.seconds:.1f} s"
        if self.refused:
            return f"{self.route}: refused, {self.refused}"
        if not self.connected:
            return f"{self.route}: no connection"
        missing = [("sound", self.sound), ("pictures", self.pictures)]
        return f"{self.route}: no {' and no '.join(word for word, here in missing if not here)}"


@dataclass(frozen=True, slots=True)
class NodeCheck:
    """One node. Without attempts its control connection did not answer."""

    node: str
    attempts: Sequence[Attempt] = field(default_factory=tuple)

    @property
    def passed(self) -> bool:
        return bool(self.attempts) and all(attempt.passed for attempt in self.attempts)

    def __str__(self) -> str:
        if not self.attempts:
            return f"failed {self.node}: its control connection does not answer"
        word = "ok     " if self.passed else "failed "
        arrives = "sound and pictures arrive " if self.passed else ""
        return f"{word}{self.node}: {arrives}{', '.join(map(str, self.attempts))}"


async def check(installation: Installation) -> list[NodeCheck]:
    """All live nodes, in the order of their ids. RedisError when the store is away."""
    store = store_at(installation.redis_url)
    try:
        nodes = await live_nodes(store)
        checks = (check_node(name, lease, installation, store) for name, lease in nodes.items())
        return list(await asyncio.gather(*checks))
    finally:
        await store.aclose()


async def check_node(
    node: str, lease: Lease, installation: Installation, store: Redis
) -> NodeCheck:
    """One after the other: directly, then through the relay, if there is one, by each transport."""
    client = MediaClient(lease.control, installation.media_secret, NAME, lambda _: None)
    try:
        if not await client.connect():
            return NodeCheck(node)
        attempts = [await attempt(Attempt("directly"), client, store, None)]
        access = installation.relay()
        for url in access.urls:
            through = Attempt(f"through the relay by {transport_of(url)}")
            attempts.append(await attempt(through, client, store, replace(access, urls=(url,))))
        return NodeCheck(node, attempts)
    finally:
        await client.close()


def transport_of(url: str) -> str:
    """How one reaches the relay at a TURN URL (RFC 7065): UDP, TCP or TLS."""
    if url.startswith("turns:"):
        return "TLS"
    return "TCP" if url.endswith("?transport=tcp") else "UDP"


async def attempt(
    made: Attempt, client: MediaClient, store: Redis, relay: RelayAccess | None
) -> Attempt:
    """A sender and a receiver in a new room, until the one has seen and heard the other."""
    clock = asyncio.get_running_loop().time
    began = clock()
    wanted = Wanted(new_room(), store, client, time.time() + ARRIVE_S + LEAVE_S)
    sender, receiver = Participant(SENDER, relay), Participant(RECEIVER, relay)
    try:
        async with asyncio.timeout(ARRIVE_S):
            await wanted.write({SENDER: peer(sends_audio=True, sends_video=True), RECEIVER: peer()})
            await _meet(made, wanted, client, sender, receiver)
            made.seconds = clock() - began
    except TimeoutError:
        pass  # what has not arrived by now does not arrive
    finally:
        made.connected = sender.connected and receiver.connected
        await _part(wanted, sender, receiver)
    return made


async def _meet(
    made: Attempt,
    wanted: Wanted,
    client: MediaClient,
    sender: Participant,
    receiver: Participant,
) -> None:
    receiver.receives("audio")
    receiver.receives("video")
    sender.sends(Tone())
    sender.sends(Picture())
    for one in (receiver, sender):
        if code := await one.join(client, wanted.room):
            made.refused = code
            return

    async def hear() -> None:
        made.sound = await _recognised(receiver.arriving("audio"), is_tone)

    async def see() -> None:
        made.pictures = await _recognised(receiver.arriving("video"), is_picture)

    await _until_first(asyncio.gather(hear(), see()), sender.ended(), receiver.ended())


async def _until_first(*awaited: Awaitable[object]) -> None:
    """Until one of them is done; the others are given up."""
    tasks = [asyncio.ensure_future(one) for one in awaited]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _recognised(track: MediaStreamTrack, is_ours: Callable[[Any], bool]) -> bool:
    """Until a frame is ours; False when the track ends first."""
    with contextlib.suppress(MediaStreamError):
        while not is_ours(await track.recv()):
            continue
        return True
    return False


async def _part(wanted: Wanted, *participants: Participant) -> None:
    """Both leave; the room is closed at the node in any case."""
    with contextlib.suppress(RedisError):
        await wanted.close()
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(LEAVE_S):
            await asyncio.gather(*(one.leave() for one in participants))
