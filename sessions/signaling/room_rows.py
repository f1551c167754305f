"""The rows that a snapshot is made of, read now or remembered.

Owns the order of reading: the roster first, since what was read before may be older than it.
"""

from sessions.core.refusal import Refuse
from sessions.live import presence
from sessions.rooms import selectors
from sessions.rooms.process import Process
from sessions.rooms.selectors import RoomRows
from sessions.signaling.reading import Viewer


async def rows_now(process: Process, session: str, viewer: Viewer) -> RoomRows | None:
    """None while Valkey is away. Without PostgreSQL, what this process remembers of the room."""
    room = viewer.facts
    roster = await process.store.run(presence.roster(room.key))
    if isinstance(roster, Refuse):
        return None
    rows = await process.database.run(selectors.rows_of, room.room_id, roster, process.clock.now)
    if isinstance(rows, Refuse):
        return process.cache.rows(session, roster, viewer.seat)
    process.cache.take(session, rows.facts, rows.seats, rows.now)
    return rows
