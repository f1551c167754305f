"""The audit rows of sockets that are refused before they reach a room: another origin, nobody
signed in.

Anybody can open such sockets, so the rows are limited: twenty at once and one a second in each
process, whoever asks. A row names the session only if there is one; an address that was guessed
leaves no trace of itself.
"""

import asyncio
from typing import Final
from weakref import WeakKeyDictionary

from sessions.core.permissions import Verb
from sessions.core.refusal import Refuse
from sessions.rooms import database
from sessions.rooms.services import record_refusal
from sessions.signaling.rate_limit import TokenBucket

ROWS: Final = 20.0
ROWS_A_SECOND: Final = 1.0

_buckets: "WeakKeyDictionary[asyncio.AbstractEventLoop, TokenBucket]" = WeakKeyDictionary()


async def write_down(session: str, refused: Refuse) -> None:
    """Adds the row, unless there were too many; PostgreSQL away, there is none."""
    loop = asyncio.get_running_loop()
    bucket = _buckets.setdefault(loop, TokenBucket(ROWS_A_SECOND, ROWS, loop.time(), ROWS))
    if bucket.take(loop.time()):
        await database.run(record_refusal, Verb.ROOM_ENTER, None, session, refused)
