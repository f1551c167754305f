"""The door: who waits there, and being let in."""

from typing import Literal

from sessions.core.admission import WaitReason
from sessions.core.permissions import Verb
from sessions.signaling.messages.base import Key, Number, command, message


@command(Verb.ROOM_ADMIT)
class Admit:
    """DV1. Lets one person in from the door."""

    type: Literal["room.admit"]
    id: Number
    key: Key


@command(Verb.ROOM_ADMIT_ALL)
class AdmitAll:
    """DV2. Lets everyone in who is connected at the door."""

    type: Literal["room.admit_all"]
    id: Number


@message
class WaitingView:
    """Someone at the door. Sent to staff only."""

    key: Key
    version: int
    name: str
    since_ms: int
    late: bool
    reason: WaitReason


@message
class WaitingChanged:
    """EV5. To staff in the room: someone came to the door, or waits for something else."""

    type: Literal["waiting.changed"]
    epoch: str
    seq: Number
    waiting: WaitingView


@message
class WaitingLeft:
    """EV6. To staff in the room: let in, or gone from the door."""

    type: Literal["waiting.left"]
    epoch: str
    seq: Number
    key: Key
    version: int
