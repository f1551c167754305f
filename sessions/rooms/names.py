"""By what a room is called: its row's key, its opaque key, its session. They never change.

Owns what one process remembers of them. Knows nothing else of a room.
"""

from collections import OrderedDict
from dataclasses import dataclass
from typing import Final

from sessions.models import Room

KEPT: Final = 4096  # names in memory


@dataclass(frozen=True, slots=True)
class RoomName:
    """One room's keys. `session` is the key of its session's row, `public_id` its address."""

    pk: int
    key: str
    session: int
    public_id: str


class RoomNames:
    """The names that one process knows, by the session's public id and by the room's row."""

    def __init__(self) -> None:
        self._names: OrderedDict[str | int, RoomName] = OrderedDict()

    def known(self, of: str | int) -> RoomName | None:
        """The name of a session's public id, or of a room's row, if it was read before."""
        return self._names.get(of)

    def find(self, of: str | int) -> RoomName | None:
        """`known`, read from the rows when it is not: one query."""
        return self.known(of) or self._read(of)

    def _read(self, of: str | int) -> RoomName | None:
        wanted = {"session__public_id": of} if isinstance(of, str) else {"pk": of}
        rows = Room.objects.filter(**wanted).values_list(
            "pk", "key", "session_id", "session__public_id"
        )
        found = rows.first()
        if found is None:
            return None
        self._names[of] = name = RoomName(*found)
        if len(self._names) > KEPT:
            self._names.popitem(last=False)
        return name
