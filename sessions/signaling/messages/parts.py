"""The parts of the room: each is shown to a receiver as `core.parts` decides."""

from functools import reduce
from operator import or_
from typing import Any, Final, Literal

from sessions.core.parts import PARTS, PartName
from sessions.signaling.messages.base import Number, message

Shown: Final[Any] = reduce(or_, (part.shown for part in PARTS.values()))


@message
class PartView:
    """One part as the receiver may see it; `shown` is null where nothing is. A higher version
    replaces a lower one."""

    part: PartName
    version: int
    shown: Shown | None


@message
class PartChanged:
    """EV8. To everyone who is or was shown something of it: a part of the room is another."""

    type: Literal["part.changed"]
    epoch: str
    seq: Number
    part: PartView
