"""Oneself: what one's browser says is true of one's tracks, one's hand, one's own seat."""

from typing import Literal

from sessions.core.admission import SeatState, WaitReason
from sessions.core.permissions import Verb
from sessions.signaling.messages.base import Key, Number, command, message

OwnReason = WaitReason | Literal["", "seat.muted", "seat.removed"]


@command(Verb.ROOM_SET_MICROPHONE)
class SetMicrophone:
    """ME1. The microphone's true state, read from the track."""

    type: Literal["me.microphone"]
    id: Number
    on: bool


@command(Verb.ROOM_SET_CAMERA)
class SetCamera:
    """ME2. The camera's true state, read from the track."""

    type: Literal["me.camera"]
    id: Number
    on: bool


@command(Verb.ROOM_RAISE_HAND)
class SetHand:
    """ME3. Raises or lowers one's own hand."""

    type: Literal["me.hand"]
    id: Number
    raised: bool


@command(Verb.ROOM_LEAVE)
class Leave:
    """ME4. Leaves for good; the socket is closed after the reply (4412)."""

    type: Literal["me.leave"]
    id: Number


@message
class MeView:
    """The receiver's own seat, which decides the page that the room shows. `reason` is what one
    waits for at the door, or why one is not heard or not let in; empty: nothing of that."""

    key: Key
    version: int
    name: str
    facilitates: bool
    seat: SeatState
    microphone_allowed: bool
    reason: OwnReason


@message
class MeChanged:
    """EV7. To that person alone: one's own seat, or what one waits for, is another."""

    type: Literal["me.changed"]
    epoch: str
    seq: Number
    me: MeView
