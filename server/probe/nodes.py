"""The live media nodes, as the store has them: who they are and how a connection is made.

Owns reading the leases. Must not know rooms.
"""

from typing import Any, Final, cast

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from server.media.client import NODES_KEY, Lease, lease_key, read_lease

TIMEOUT_S: Final = 0.8


def store_at(url: str) -> Redis:
    """The store that nodes and web processes share. No call to it waits longer than TIMEOUT_S."""
    return Redis.from_url(
        url,
        socket_timeout=TIMEOUT_S,
        socket_connect_timeout=TIMEOUT_S,
        retry=Retry(NoBackoff(), 1),
    )


async def live_nodes(store: Redis) -> dict[str, Lease]:
    """All nodes with a lease, by id, sorted. RedisError when the store is away."""
    names = cast("set[bytes]", await cast("Any", store.smembers(NODES_KEY)))
    ordered = sorted(name.decode() for name in names)
    texts = await store.mget([lease_key(name) for name in ordered]) if ordered else []
    found = zip(ordered, (read_lease(text) for text in texts), strict=True)
    return {name: lease for name, lease in found if lease is not None}
