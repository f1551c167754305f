"""The desired values and the node's lease in Redis.

Owns keys, timeouts and the translation of failures. Must not know what is done with a value.
"""

from collections.abc import Sequence
from typing import Final

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from server.media.desired import StoreAwayError
from server.media.messages import DesiredRoom, desired_key, read_desired

LEASE_MS: Final = 3000
TIMEOUT_SECONDS: Final = 0.4  # below the poll's interval: a slow store must not delay the next


def lease_key(node: str) -> str:
    """Where a live node is listed: JSON of `control`, `port`, `peers`, `packets_per_second`."""
    return f"media:node:{node}"


class RedisStore:
    """A DesiredStore. `url` is redis://host:port/db or unix:///path?db=0."""

    def __init__(self, url: str) -> None:
        self._redis: Redis = Redis.from_url(
            url,
            socket_timeout=TIMEOUT_SECONDS,
            socket_connect_timeout=TIMEOUT_SECONDS,
            retry=Retry(NoBackoff(), 0),
        )

    async def read(self, rooms: Sequence[str]) -> list[DesiredRoom]:
        """One MGET. A value that cannot be read, or is another room's, counts as missing."""
        try:
            values = await self._redis.mget([desired_key(room) for room in rooms])
        except (RedisError, OSError, TimeoutError) as error:
            raise StoreAwayError from error
        found = zip(rooms, (read_desired(value or b"") for value in values), strict=True)
        return [desired for room, desired in found if desired and desired.room == room]

    async def renew(self, node: str, lease: bytes) -> None:
        """Keeps the lease for LEASE_MS."""
        try:
            await self._redis.set(lease_key(node), lease, px=LEASE_MS)
        except (RedisError, OSError, TimeoutError) as error:
            raise StoreAwayError from error

    async def release(self, node: str) -> None:
        """The node goes; nobody waits for its lease to end."""
        try:
            await self._redis.delete(lease_key(node))
            await self._redis.aclose()
        except (RedisError, OSError, TimeoutError) as error:
            raise StoreAwayError from error
