"""The room's clockwork: one holder, once a second, for each active room.

Owns the lease of the ticker, which rooms are active, and the order of a tick: sweep presence,
write marks, checkpoint, publish again what a crash left untold, let the clock's verbs act.
What is due is decided by the room's services (`RoomVerbs`) and what is written by the record
(`Recorder`); both are given. Everything is idempotent: two holders for a moment do no harm.
"""

from datetime import datetime
from typing import Protocol


class RoomVerbs(Protocol):
    """What the room's services do when the clock says so (`rooms.services_clock`)."""

    def apply_due(self, room_id: int, now: datetime, *, staffed: bool) -> datetime | None:
        """Does what is due at `now` and tells when it wants to be asked again.

        Keeps Room.unstaffed_since (`staffed`: staff is connected, in the room). Due are: not
        held at the planned end; ended 15 minutes after the last staff left or 30 after the
        planned end; a segment that advances itself; the beginning of overrun; and, while in
        overrun or paused, the room told again every 15 s so that screens agree. Asked again
        at the instant returned, when the row's version or `staffed` has changed, and every
        15 s in any case. Raises OperationalError when PostgreSQL is away.
        """
        ...

    def republish(self, room_id: int) -> None:
        """Tells the room's state (`room.changed`) and each seat's, as the rows have them."""
        ...


class Recorder(Protocol):
    """What the record does in a tick (`record.marks`)."""

    def write_marks(self, room_id: int) -> int:
        """Writes the joins and leaves that wait in the room's stream; how many."""
        ...

    def checkpoint(self, room_id: int, now: datetime) -> bool:
        """Writes who is in the room, once a minute; whether it did."""
        ...
