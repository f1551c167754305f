"""The agenda: its clock as everyone may see it, and what staff do to it."""

from typing import Literal

from sessions.core.agenda import Phase, SegmentKind
from sessions.core.permissions import Verb
from sessions.signaling.messages.base import Minutes, Number, command, message


@message
class SegmentView:
    """A step of the agenda, with the boundaries that hold now."""

    kind: SegmentKind
    title: str
    block: int
    starts_ms: int
    ends_ms: int


@message
class AgendaView:
    """The agenda's clock as the server read it at `read_ms`.

    `left_ms` is what is left of the current segment then (negative in overrun). While the
    phase is `running` or `overrun` it goes down with the clock; while `paused` it stands.
    """

    phase: Phase
    index: int
    segments: list[SegmentView]
    read_ms: int
    left_ms: int
    ends_ms: int


@command(Verb.ROOM_ADVANCE)
class Advance:
    """AV1. Leaves segment `index` for the next; a second tap does nothing."""

    type: Literal["room.advance"]
    id: Number
    index: Number


@command(Verb.ROOM_BACK)
class Back:
    """AV2. Leaves segment `index` for the one before; a second tap does nothing."""

    type: Literal["room.back"]
    id: Number
    index: Number


@command(Verb.ROOM_EXTEND)
class Extend:
    """AV3. Gives the current segment minutes of the later ones."""

    type: Literal["room.extend"]
    id: Number
    minutes: Minutes


@command(Verb.ROOM_SHORTEN)
class Shorten:
    """AV4. Gives minutes of the current segment to the later ones."""

    type: Literal["room.shorten"]
    id: Number
    minutes: Minutes


@command(Verb.ROOM_PAUSE)
class Pause:
    """AV5. Stops the agenda's clock; people go on seeing and hearing each other."""

    type: Literal["room.pause"]
    id: Number


@command(Verb.ROOM_RESUME)
class Resume:
    """AV6. Lets the agenda's clock go on."""

    type: Literal["room.resume"]
    id: Number


@command(Verb.ROOM_END_LATER)
class EndLater:
    """AV7. Moves the planned end."""

    type: Literal["room.end_later"]
    id: Number
    minutes: Minutes
