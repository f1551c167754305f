"""The floor: who asks to speak. A part of the room (`core.parts`).

Owns the raised hands and their order. Knows seats by their keys, and neither names nor rows.
"""

from dataclasses import dataclass

from sessions.core.refusal import Refuse
from sessions.core.viewing import Facts, Onlooker


@dataclass(frozen=True, slots=True)
class Hand:
    """A raised hand, since an instant (ms since 1970)."""

    key: str
    since_ms: int


@dataclass(frozen=True, slots=True)
class Floor:
    """The raised hands, the first one first."""

    hands: tuple[Hand, ...] = ()


@dataclass(frozen=True, slots=True)
class Raise:
    """The actor asks to speak."""


@dataclass(frozen=True, slots=True)
class Lower:
    """A hand goes down: one's own, or somebody's by staff."""

    key: str


@dataclass(frozen=True, slots=True)
class FloorShown:
    """What people in the room see of the floor: the raised hands, the first one first."""

    hands: tuple[Hand, ...]


def decide(floor: Floor, command: Raise | Lower, facts: Facts) -> Floor | Refuse:
    """FL1. A hand goes up once and keeps its place until it is lowered; only somebody who is in
    the room raises one."""
    match command:
        case Raise():
            if facts.actor not in facts.present:
                return Refuse("seat.not_in_room")
            if any(hand.key == facts.actor for hand in floor.hands):
                return floor
            return Floor((*floor.hands, Hand(facts.actor, facts.at_ms)))
        case Lower(key):
            return Floor(tuple(hand for hand in floor.hands if hand.key != key))


def show(floor: Floor, onlooker: Onlooker) -> FloorShown | None:
    """FL2. Everybody in the room sees the hands; nobody at the door does."""
    return FloorShown(floor.hands) if onlooker.in_room else None
