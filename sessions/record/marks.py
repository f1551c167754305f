"""Attendance marks and checkpoints: what presence saw, written to rows.

Owns the cursor (Room.marks_epoch, Room.marks_seq): joins and leaves wait in the room's keys
until a transaction has written them, in order and once. Computes no minutes.
"""

from datetime import datetime


def write_marks(room_id: int) -> int:
    """Writes the joins and leaves that wait; how many. A second call writes nothing."""
    raise NotImplementedError


def checkpoint(room_id: int, now: datetime) -> bool:
    """Writes who is in the room at this minute, once; whether it did. An empty room: nothing."""
    raise NotImplementedError
