"""Writing what a room wants of its media node again: once for many reasons that come together.

Owns the coalescing in this process: when a dozen sockets read that somebody is gone, one value is
written. Each value reads everything after it was asked for, so nobody's reason is missed. While
PostgreSQL is away the value is written from what the rows said last.
"""

import asyncio
from collections.abc import Awaitable, Callable

from sessions.core.refusal import Refuse
from sessions.live.tasks import Tasks
from sessions.nodes.desired import DesiredRooms, RowFacts

ReadFacts = Callable[[str], Awaitable[RowFacts | Refuse]]


class MediaWants:
    """What is to be written, by room. `read` gives what the rows say of a room's media."""

    def __init__(self, desired: DesiredRooms, read: ReadFacts) -> None:
        self._desired = desired
        self._read = read
        self._tasks = Tasks()
        self._due: dict[str, asyncio.Task[None]] = {}

    async def write(self, room: str) -> None:
        """Returns when a value that was read after this call has been written (or cannot be)."""
        if room not in self._due:
            self._due[room] = self._tasks.keep(self._write(room))
        await asyncio.shield(self._due[room])

    async def _write(self, room: str) -> None:
        await asyncio.sleep(0)  # those who are ready now come along
        del self._due[room]
        facts = await self._read(room)
        if isinstance(facts, Refuse):
            await self._desired.write_without_rows(room)
        else:
            await self._desired.write(room, facts)
