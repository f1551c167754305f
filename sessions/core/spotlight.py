"""The spotlight: the one person whom staff show large to everyone. A part of the room
(`core.parts`).

Knows seats by their keys, and neither names nor rows.
"""

from dataclasses import dataclass

from sessions.core.refusal import Refuse
from sessions.core.viewing import Facts, Onlooker


@dataclass(frozen=True, slots=True)
class Spotlight:
    """Who is shown large; None: nobody."""

    key: str | None = None


@dataclass(frozen=True, slots=True)
class Shine:
    """Shows this person large in place of another, or nobody."""

    key: str | None


@dataclass(frozen=True, slots=True)
class Leave:
    """This person has left, or was removed."""

    key: str


@dataclass(frozen=True, slots=True)
class SpotlightShown:
    """What people in the room see of the spotlight: the key of who is shown large, if anybody."""

    key: str | None


def decide(spotlight: Spotlight, command: Shine | Leave, facts: Facts) -> Spotlight | Refuse:
    """SP1. Only somebody who is in the room is shown large. A lost connection keeps the
    spotlight; leaving ends it, so that nobody is large when they come back."""
    match command:
        case Shine(key):
            if key is not None and key not in facts.present:
                return Refuse("seat.not_in_room")
            return Spotlight(key)
        case Leave(key):
            return Spotlight() if spotlight.key == key else spotlight


def show(spotlight: Spotlight, onlooker: Onlooker) -> SpotlightShown | None:
    """SP2. The same for everybody in the room; nothing at the door."""
    return SpotlightShown(spotlight.key) if onlooker.in_room else None
