"""Which media node has a room, as Valkey keeps it: reading it, writing it, who is alive.

Owns the commands. The rules are `server.media.placement`'s; `links` uses the answers. Valkey
away is a value, None: nobody can place a room then, so what is known stays.
"""

import asyncio
from dataclasses import dataclass
from typing import Any, Final, cast

from server.media.client import (
    BORN_KEY,
    KEEP_S,
    NODES_KEY,
    PLACE,
    SETTLE_MS,
    Lease,
    Placement,
    lease_key,
    placement_key,
    read_lease,
    read_placement,
)
from sessions.live.store import AWAY, Store

PLACEMENT_ANSWER_S: Final = 0.8


@dataclass(frozen=True, slots=True)
class Found:
    """The record of a room, if there is one. `settled`: this store is old enough for every node
    to have announced what it holds."""

    record: Placement | None
    settled: bool


class Placements:
    """The placements of rooms, in the store of one process."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def find(self, room: str) -> Found | None:
        """One round trip; the store's own clock says how old it is."""
        try:
            async with (
                asyncio.timeout(PLACEMENT_ANSWER_S),
                self._store.client.pipeline(transaction=False) as pipe,
            ):
                pipe.get(placement_key(room))
                pipe.get(BORN_KEY)
                pipe.time()
                text, born, (seconds, microseconds) = await pipe.execute()
        except AWAY:
            return None
        age_ms = seconds * 1000 + microseconds // 1000 - int(born) if born else 0
        return Found(read_placement(text), age_ms >= SETTLE_MS)

    async def hold(self, room: str, held: Placement) -> Placement | None:
        """Writes back what the store has lost; what holds now, ours or a newer one."""
        return await self._write(room, held.node, held.generation, "hold")

    async def move(self, room: str, node: str, after: int) -> Placement | None:
        """Places the room after this generation; what holds now: ours, or that of who was first."""
        return await self._write(room, node, after, "move")

    async def leases(self) -> dict[str, Lease] | None:
        """All live nodes, by id."""
        try:
            async with asyncio.timeout(PLACEMENT_ANSWER_S):
                redis = self._store.client
                names = sorted(cast("set[str]", await cast("Any", redis.smembers(NODES_KEY))))
                texts = await redis.mget([lease_key(name) for name in names]) if names else []
                gone = [name for name, text in zip(names, texts, strict=True) if text is None]
                if gone:  # a node that only paused says so again with its next lease
                    await cast("Any", redis.srem(NODES_KEY, *gone))
        except AWAY:
            return None
        found = zip(names, (read_lease(text) for text in texts), strict=True)
        return {name: lease for name, lease in found if lease is not None}

    async def _write(self, room: str, node: str, generation: int, how: str) -> Placement | None:
        arguments: list[Any] = [node, generation, how, KEEP_S]
        try:
            async with asyncio.timeout(PLACEMENT_ANSWER_S):
                script = self._store.client.register_script(PLACE)
                return read_placement(await script(keys=[placement_key(room)], args=arguments))
        except AWAY:
            return None
