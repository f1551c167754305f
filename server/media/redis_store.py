"""The desired values, the placements and the node's lease in Redis.

Owns timeouts and the translation of failures. Must not know what is done with a value.
"""

from collections.abc import Sequence
from typing import Any, Final, cast

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from server.media.desired import StoreAwayError
from server.media.messages import DesiredRoom, desired_key, read_desired
from server.media.placement import (
    BORN_KEY,
    KEEP_S,
    LEASE_MS,
    NODES_KEY,
    PLACE,
    Lease,
    Placement,
    lease_json,
    lease_key,
    placement_key,
    read_lease,
    read_placement,
)

TIMEOUT_SECONDS: Final = 0.4  # below the poll's interval: a slow store must not delay the next
AWAY: Final = (RedisError, OSError, TimeoutError)


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
        values = await self._get([desired_key(room) for room in rooms])
        found = zip(rooms, (read_desired(value or b"") for value in values), strict=True)
        return [desired for room, desired in found if desired and desired.room == room]

    async def placements(self, rooms: Sequence[str]) -> dict[str, Placement]:
        """One MGET."""
        values = await self._get([placement_key(room) for room in rooms])
        found = zip(rooms, (read_placement(value) for value in values), strict=True)
        return {room: placement for room, placement in found if placement is not None}

    async def announce(self, room: str, held: Placement) -> Placement:
        """The script returns what holds, ours or a newer one."""
        arguments: list[Any] = [held.node, held.generation, "hold", KEEP_S]
        try:
            script = self._redis.register_script(PLACE)
            text = await script(keys=[placement_key(room)], args=arguments)
        except AWAY as error:
            raise StoreAwayError from error
        return read_placement(text) or held

    async def renew(self, node: str, lease: Lease) -> None:
        """Keeps the lease for LEASE_MS. The first one in an empty store says when that was."""
        try:
            seconds, microseconds = cast("tuple[int, int]", await self._redis.time())
            async with self._redis.pipeline(transaction=False) as pipe:
                pipe.set(BORN_KEY, seconds * 1000 + microseconds // 1000, nx=True)
                pipe.set(lease_key(node), lease_json(lease), px=LEASE_MS)
                pipe.sadd(NODES_KEY, node)
                await pipe.execute()
        except AWAY as error:
            raise StoreAwayError from error

    async def others(self, node: str) -> int:
        """Counts the leases."""
        try:
            names = cast("set[bytes]", await cast("Any", self._redis.smembers(NODES_KEY)))
        except AWAY as error:
            raise StoreAwayError from error
        others = [lease_key(name.decode()) for name in names if name.decode() != node]
        leases = (read_lease(value) for value in await self._get(others))
        return sum(lease is not None and not lease.draining for lease in leases)

    async def release(self, node: str) -> None:
        """The node goes; nobody waits for its lease to end."""
        try:
            await self._redis.delete(lease_key(node))
            await self._redis.aclose()
        except AWAY as error:
            raise StoreAwayError from error

    async def _get(self, keys: list[str]) -> list[bytes | None]:
        if not keys:
            return []
        try:
            return cast("list[bytes | None]", await self._redis.mget(keys))
        except AWAY as error:
            raise StoreAwayError from error
