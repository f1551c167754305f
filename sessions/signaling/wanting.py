"""Telling the node anew who is in a room: once for many reasons that come together.

Owns the coalescing in this process: when a dozen sockets read that someone is gone, one value is
written. Each value reads everything after it was asked for, so nobody's reason is missed. While
PostgreSQL is away the value is written from what the rows said last.
"""

import asyncio
from weakref import WeakKeyDictionary

from sessions.core.refusal import Refuse
from sessions.nodes import desired as bridge
from sessions.rooms import database

_due: "WeakKeyDictionary[asyncio.AbstractEventLoop, dict[str, asyncio.Task[None]]]" = (
    WeakKeyDictionary()
)


async def want(room: str) -> None:
    """Returns when a value that was read after this call has been written (or cannot be)."""
    loop = asyncio.get_running_loop()
    due = _due.setdefault(loop, {})
    if room not in due:
        due[room] = loop.create_task(_write(room, due))
    await asyncio.shield(due[room])


async def _write(room: str, due: dict[str, asyncio.Task[None]]) -> None:
    await asyncio.sleep(0)  # those who are ready now come along
    del due[room]
    if isinstance(await database.run(bridge.demand, room), Refuse):
        await asyncio.to_thread(bridge.demand_as_told, room)
