"""The room as a whole: its life, and the snapshot that holds all of it."""

from typing import Literal

from sessions.core.permissions import Verb
from sessions.core.room_state import RoomState
from sessions.signaling.messages.agenda import AgendaView
from sessions.signaling.messages.base import Number, command, message
from sessions.signaling.messages.door import WaitingView
from sessions.signaling.messages.me import MeView
from sessions.signaling.messages.parts import PartView
from sessions.signaling.messages.people import ParticipantView


@message
class RoomView:
    """The room as everyone in it may see it."""

    version: int
    state: RoomState
    starts_ms: int
    topic: str
    facilitators: list[str]
    agenda: AgendaView
    reopen_until_ms: int | None


@command(Verb.ROOM_START)
class Start:
    """RM1. Starts the session and its first segment."""

    type: Literal["room.start"]
    id: Number


@command(Verb.ROOM_END)
class End:
    """RM2. Ends the session for everyone."""

    type: Literal["room.end"]
    id: Number


@command(Verb.ROOM_REOPEN)
class Reopen:
    """RM3. Within ten minutes of the end: opens the room again, seats kept."""

    type: Literal["room.reopen"]
    id: Number


@message
class Snapshot:
    """EV1. Everything the receiver may know, to the one who came, came back, asked, or changed
    places. The first of the room has the node's answer to the offer of `hello`, unless the node
    refused it."""

    type: Literal["snapshot"]
    epoch: str
    seq: Number
    now_ms: int
    room: RoomView
    me: MeView
    participants: list[ParticipantView]
    waiting: list[WaitingView]
    parts: list[PartView]
    media_slots: int
    media_answer: str | None = None


@message
class RoomChanged:
    """EV2. To everyone, at the door too: the room's state, or its agenda, is another."""

    type: Literal["room.changed"]
    epoch: str
    seq: Number
    room: RoomView
