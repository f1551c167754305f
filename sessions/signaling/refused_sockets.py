"""The audit rows of sockets that are refused before they reach a room: another origin, nobody
signed in.

Anybody can open such sockets, so the rows are limited: twenty at once and one a second in each
process. A row names the session only if there is one; an address that was guessed
leaves no trace of itself.
"""

import asyncio

from sessions.core.permissions import Verb
from sessions.core.refusal import Refuse
from sessions.rooms.perform import record_refusal
from sessions.rooms.process import Process


async def write_down(process: Process, session: str, refused: Refuse) -> None:
    """Adds the row, unless there were too many; PostgreSQL away, there is none."""
    if process.refusals.take(asyncio.get_running_loop().time()):
        await process.database.run(record_refusal, Verb.ROOM_ENTER, None, session, refused)
