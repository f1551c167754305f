"""The parts of a room: one registry, so that a new part adds no plumbing.

A part is a state (a frozen dataclass), `decide(state, command, facts) → state | Refuse`, and
`show(state, onlooker) → what they may see, or nothing`: the one place where it is decided what
leaves for whom. Its state is kept as one versioned JSON value, written under the room's lock.
Owns the registry. Knows no part's rules.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from pydantic import TypeAdapter

from sessions.core import floor, spotlight
from sessions.core.refusal import Refuse
from sessions.core.viewing import Facts, Onlooker

Decide = Callable[[Any, Any, Facts], Any | Refuse]
Show = Callable[[Any, Onlooker], Any | None]


class PartName(StrEnum):
    """Every part, by the name that it has in rows, events and messages."""

    FLOOR = "floor"
    SPOTLIGHT = "spotlight"


@dataclass(frozen=True)
class Part:
    """One part. `state` is the class of its state, whose defaults are the beginning; `shown` is
    the class of what `show` gives."""

    state: type[Any]
    shown: type[Any]
    decide: Decide
    show: Show

    def read(self, stored: Any) -> Any:
        """The state of its JSON value; of None, the beginning."""
        return self.state() if stored is None else TypeAdapter(self.state).validate_python(stored)

    def stored(self, state: Any) -> Any:
        """The reverse of `read`."""
        return TypeAdapter(self.state).dump_python(state, mode="json")


PARTS: Final[Mapping[PartName, Part]] = {
    PartName.FLOOR: Part(floor.Floor, floor.FloorShown, floor.decide, floor.show),
    PartName.SPOTLIGHT: Part(
        spotlight.Spotlight, spotlight.SpotlightShown, spotlight.decide, spotlight.show
    ),
}
