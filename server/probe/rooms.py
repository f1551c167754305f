"""The probe's own rooms on a media node: their keys, and what is wanted of them.

Owns the prefix that no session's room has: a session's key is URL-safe base64
(`sessions.models.keys`), which has no colon. Whatever the probe says to a node it says of a
`ProbeRoom`, so a session's room cannot be named. Must not know what the room is for.
"""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from redis.asyncio import Redis

from server.media.client import DesiredPeer, DesiredRoom, MediaClient, desired_json, desired_key

PREFIX: Final = "probe:"
GENERATION: Final = 1  # nobody comes back to such a room: every attempt has a new one
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
    """What is wanted of one room, in the store where its node reads it, and told to the node."""

    def __init__(self, room: ProbeRoom, store: Redis, client: MediaClient) -> None:
        self.room = room
        self._store = store
        self._client = client
        self._version = 0

    async def say(self, peers: Mapping[str, DesiredPeer]) -> None:
        """These peers from now on and no others; with none the node closes the room. RedisError
        when the store is away: then the node has heard it all the same, over its connection."""
        self._version += 1
        desired = DesiredRoom(
            room=self.room.key,
            epoch=self.room.key,
            version=self._version,
            complete=True,
            peers=dict(peers),
        )
        self._client.apply(desired)
        await self._store.set(desired_key(self.room.key), desired_json(desired), ex=KEEP_S)


def peer(*, sends_audio: bool = False, sends_video: bool = False) -> DesiredPeer:
    """One who receives, and sends what is named here."""
    return DesiredPeer(
        generation=GENERATION, send_audio=sends_audio, send_video=sends_video, receive=True
    )
