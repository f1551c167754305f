"""One sample of every part of a room: commands that each change it, for the tests over the
registry. A part without a sample fails them."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from sessions.core.floor import Lower, Raise
from sessions.core.parts import PartName
from sessions.core.spotlight import Leave, Shine

ACTOR: Final = "sam"
OTHER: Final = "ana"
PRESENT: Final = frozenset({ACTOR, OTHER})

SAMPLES: Final[Mapping[PartName, Sequence[Any]]] = {
    PartName.FLOOR: (Raise(), Lower(ACTOR)),
    PartName.SPOTLIGHT: (Shine(ACTOR), Leave(ACTOR), Shine(OTHER), Shine(None)),
}
