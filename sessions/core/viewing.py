"""What every part of a room is asked with: the facts of a command, and who looks.

Knows no part.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Facts:
    """The room as a command finds it. `at_ms` is now (ms since 1970), `actor` the key of the
    acting person's seat, `present` the keys of those who are connected in the room."""

    at_ms: int
    actor: str
    present: frozenset[str]


@dataclass(frozen=True, slots=True)
class Onlooker:
    """Somebody for whom a part is shown: the key of their seat, whether they lead the session,
    and whether they are in the room or at its door."""

    key: str
    leads: bool
    in_room: bool
