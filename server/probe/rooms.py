"""The probe's own rooms on a media node: their keys, and what is wanted of them.

Owns the prefix that no session's room has: a session's key is URL-safe base64
(`sessions.models.keys`), which has no colon. Whatever the probe says to a node it says of a
`ProbeRoom`, so a session's room cannot be named. Must not know what the room is for.
"""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, cast

from redis.asyncio import Redis

from server.media.client import DesiredPeer, DesiredRoom, MediaClient, desired_json, desired_key

PREFIX: Final = "probe:"
GENERATION: Final = 1  # nobody comes back to such a room: every attempt has a new one
OPEN_KEY: Final = "probe:open"  # rooms by when they are over, Unix seconds
LAST_VERSION: Final = 2**53 - 1  # of a desired value: nothing follows
KEEP_S: Final = 300  # the desired value outlives any use of the room, and no more


@dataclass(frozen=True, slots=True)
class ProbeRoom:
    """A room of the probe. ValueError for any key without the prefix."""

    key: str

    def __post_init__(self) -> None:
        if not self.key.startswith(PREFIX):
            raise ValueError("not a room of the probe")


def new_room() -> ProbeRoom:
    """A room that nobody has been in."""
    return ProbeRoom(PREFIX + secrets.token_urlsafe(16))


class Wanted:
    """What is wanted of one room, in the store where its node reads it, and at the node.

    `until` is when (Unix seconds) the room is over in any case: if its probe was killed meanwhile,
    the next one closes it (`close_overdue`).
    """

    def __init__(self, room: ProbeRoom, store: Redis, client: MediaClient, until: float) -> None:
        self.room = room
        self._store = store
        self._client = client
        self._until = until
        self._version = 0

    async def write(self, peers: Mapping[str, DesiredPeer]) -> None:
        """These peers from now on. RedisError when the store is away: then the node has got it
        all the same, over its connection."""
        self._version += 1
        desired = _desired(self.room, self._version, peers)
        self._client.apply(desired)
        async with self._store.pipeline(transaction=True) as pipe:
            pipe.zadd(OPEN_KEY, {self.room.key: self._until})
            pipe.set(desired_key(self.room.key), desired_json(desired), ex=KEEP_S)
            await pipe.execute()

    async def close(self) -> None:
        """Nobody any more, now and in the store. RedisError as above."""
        self._client.apply(_desired(self.room, LAST_VERSION, {}))
        await _close(self._store, self.room)


async def close_overdue(store: Redis, now: float) -> None:
    """Rooms that should be over: their nodes read that nobody is wanted there. RedisError."""
    found = cast("list[bytes]", await store.zrangebyscore(OPEN_KEY, "-inf", now))
    for key in found:
        await _close(store, ProbeRoom(key.decode()))


async def _close(store: Redis, room: ProbeRoom) -> None:
    async with store.pipeline(transaction=True) as pipe:
        nobody = desired_json(_desired(room, LAST_VERSION, {}))
        pipe.set(desired_key(room.key), nobody, ex=KEEP_S)
        pipe.zrem(OPEN_KEY, room.key)
        await pipe.execute()


def _desired(room: ProbeRoom, version: int, peers: Mapping[str, DesiredPeer]) -> DesiredRoom:
    """A room has one epoch: it is never opened again."""
    return DesiredRoom(
        room=room.key, epoch=room.key, version=version, complete=True, peers=dict(peers)
    )


def peer(*, sends_audio: bool = False, sends_video: bool = False) -> DesiredPeer:
    """One who receives, and sends what is named here."""
    return DesiredPeer(
        generation=GENERATION, send_audio=sends_audio, send_video=sends_video, receive=True
    )
