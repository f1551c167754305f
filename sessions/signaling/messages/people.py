"""The people in the room: how each is now, and what staff do to one of them."""

from typing import Literal

from sessions.core.permissions import Verb
from sessions.core.reasons import LeaveReason
from sessions.signaling.messages.base import Key, Number, command, message


@message
class ParticipantView:
    """Someone in the room. `microphone` and `camera` are what the media node receives of them;
    before it has said anything, what that browser says. `away` = the connection is being waited
    for."""

    key: Key
    version: int
    name: str
    facilitates: bool
    microphone: bool
    microphone_allowed: bool
    camera: bool
    away: bool


@command(Verb.ROOM_MUTE)
class Mute:
    """PT1. Closes someone's microphone at the node until it is allowed again."""

    type: Literal["room.mute"]
    id: Number
    key: Key


@command(Verb.ROOM_ALLOW_MICROPHONE)
class AllowMicrophone:
    """PT2. Lets someone open the microphone again; it stays closed until its owner does."""

    type: Literal["room.allow_microphone"]
    id: Number
    key: Key


@command(Verb.ROOM_LOWER_HAND)
class LowerHand:
    """PT3. Lowers someone's hand."""

    type: Literal["room.lower_hand"]
    id: Number
    key: Key


@command(Verb.ROOM_REMOVE)
class Remove:
    """PT4. Takes someone out of this session, for good; reloading does not bring them back."""

    type: Literal["room.remove"]
    id: Number
    key: Key


@command(Verb.ROOM_SPOTLIGHT)
class ShowLarge:
    """PT5. Shows someone large to everyone in the room; null: nobody any more."""

    type: Literal["room.spotlight"]
    id: Number
    key: Key | None


@message
class ParticipantChanged:
    """EV3. To everyone in the room: someone came in, or is no longer as they were."""

    type: Literal["participant.changed"]
    epoch: str
    seq: Number
    participant: ParticipantView


@message
class ParticipantLeft:
    """EV4. To everyone in the room: clears that person's tile."""

    type: Literal["participant.left"]
    epoch: str
    seq: Number
    key: Key
    version: int
    reason: LeaveReason
