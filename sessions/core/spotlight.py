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
class SpotlightShown:
    """What people in the room see of the spotlight: the key of who is shown large, if anybody."""

    key: str | None


def decide(_before: Spotlight, command: Shine, facts: Facts) -> Spotlight | Refuse:
    """SP1. Only somebody who is in the room is shown large."""
    if command.key is not None and command.key not in facts.present:
        return Refuse("seat.not_in_room")
    return Spotlight(command.key)


def show(spotlight: Spotlight, onlooker: Onlooker) -> SpotlightShown | None:
    """SP2. The same for everybody in the room; nothing at the door."""
    return SpotlightShown(spotlight.key) if onlooker.in_room else None
