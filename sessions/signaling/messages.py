"""Every message between the room in the browser and the server: one frozen class each.

Owns names and fields. `docs/protocol.md` lists them with their rule ids; the TypeScript types
are generated from here (`python -m sessions.signaling.typescript`). Knows no Django and no
rules. Instants are milliseconds since 1970 (UTC), lengths are milliseconds: a browser reads
both without parsing. People appear as `key`s, opaque ids that lead nowhere outside the room.
"""

from typing import Annotated, Literal, TypeVar, cast, dataclass_transform

from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass

M = TypeVar("M")


@dataclass_transform(frozen_default=True, kw_only_default=True)
def message(cls: type[M]) -> type[M]:
    """A frozen class whose fields are checked strictly; a field it does not know is refused."""
    config = ConfigDict(extra="forbid", strict=True)
    made = dataclass(cls, frozen=True, slots=True, kw_only=True, config=config)
    return cast("type[M]", made)


Key = Annotated[str, Field(min_length=1, max_length=32, pattern=r"^[A-Za-z0-9_-]+$")]
Minutes = Annotated[int, Field(ge=1, le=60)]
Number = Annotated[int, Field(ge=0, le=2**53 - 1)]  # what a JavaScript number holds exactly


# ---- views: parts that events and the snapshot are made of ---------------------------------


@message
class SegmentView:
    """A step of the agenda, with the boundaries that hold now."""

    kind: Literal["check_in", "topic", "wrap_up", "break"]
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

    phase: Literal["not_started", "running", "overrun", "paused", "ended"]
    index: int
    segments: list[SegmentView]
    read_ms: int
    left_ms: int
    ends_ms: int


@message
class RoomView:
    """The room as everyone in it may see it."""

    version: int
    state: Literal["scheduled", "lobby_open", "live", "paused", "ended", "not_held", "cancelled"]
    starts_ms: int
    topic: str
    facilitators: list[str]
    agenda: AgendaView
    reopen_until_ms: int | None


@message
class ParticipantView:
    """Someone in the room. `microphone` and `camera` are what that browser says is true of
    its tracks; `hand_ms` is when the hand went up; `away` = the connection is being waited for."""

    key: Key
    version: int
    name: str
    facilitates: bool
    microphone: bool
    microphone_allowed: bool
    camera: bool
    hand_ms: int | None
    away: bool


@message
class WaitingView:
    """Someone at the door. Sent to staff only."""

    key: Key
    version: int
    name: str
    since_ms: int
    late: bool
    reason: str


@message
class MeView:
    """The receiver's own principal. `seat` decides which page the room shows."""

    key: Key
    version: int
    name: str
    facilitates: bool
    seat: Literal["waiting", "admitted", "removed"]
    microphone_allowed: bool
    reason: str


# ---- commands: browser to server ------------------------------------------------------------
# `id` comes back in the reply (`ok`, `refused`, or an answer).


@message
class Hello:
    """SIG1. The first command of every connection; the last (epoch, seq) seen, if any."""

    type: Literal["hello"]
    id: Number
    epoch: str | None = None
    seq: Number | None = None
    microphone: bool = False
    camera: bool = False


@message
class Ping:
    """SIG2. Every two seconds; keeps the lease, and tells the clock's offset."""

    type: Literal["ping"]
    id: Number


@message
class Resync:
    """SIG3. Asks for a snapshot."""

    type: Literal["resync"]
    id: Number


@message
class MediaOffer:
    """MED1. The browser's whole offer, at most 48 KiB; `media.answer` comes back."""

    type: Literal["media.offer"]
    id: Number
    sdp: Annotated[str, Field(max_length=49152)]


@message
class AskRelay:
    """MED2. Asks for a relay's access, before a connection is made or restarted."""

    type: Literal["media.relay"]
    id: Number


@message
class SetMicrophone:
    """ME1. The microphone's true state, read from the track."""

    type: Literal["me.microphone"]
    id: Number
    on: bool


@message
class SetCamera:
    """ME2. The camera's true state, read from the track."""

    type: Literal["me.camera"]
    id: Number
    on: bool


@message
class SetHand:
    """ME3. Raises or lowers one's own hand."""

    type: Literal["me.hand"]
    id: Number
    raised: bool


@message
class Leave:
    """ME4. Leaves for good; the socket is closed after the reply."""

    type: Literal["me.leave"]
    id: Number


@message
class Admit:
    """DV1. Lets one person in from the door."""

    type: Literal["room.admit"]
    id: Number
    key: Key


@message
class AdmitAll:
    """DV2. Lets everyone in who waits at the door."""

    type: Literal["room.admit_all"]
    id: Number


@message
class Start:
    """RM1. Starts the session and its first segment."""

    type: Literal["room.start"]
    id: Number


@message
class Advance:
    """AV1. Goes to the next segment. `index` is the segment it leaves: a second tap does nothing."""

    type: Literal["room.advance"]
    id: Number
    index: Number


@message
class Back:
    """AV2. Goes back to the segment before."""

    type: Literal["room.back"]
    id: Number
    index: Number


@message
class Extend:
    """AV3. Gives the current segment minutes of the later ones."""

    type: Literal["room.extend"]
    id: Number
    minutes: Minutes


@message
class Shorten:
    """AV4. Gives minutes of the current segment to the later ones."""

    type: Literal["room.shorten"]
    id: Number
    minutes: Minutes


@message
class Pause:
    """AV5. Stops the agenda's clock; people go on seeing and hearing each other."""

    type: Literal["room.pause"]
    id: Number


@message
class Resume:
    """AV6. Lets the agenda's clock go on."""

    type: Literal["room.resume"]
    id: Number


@message
class EndLater:
    """AV7. Moves the planned end."""

    type: Literal["room.end_later"]
    id: Number
    minutes: Minutes


@message
class End:
    """RM2. Ends the session for everyone."""

    type: Literal["room.end"]
    id: Number


@message
class Reopen:
    """RM3. Within ten minutes of the end: opens the room again, seats kept."""

    type: Literal["room.reopen"]
    id: Number


@message
class Mute:
    """PT1. Closes someone's microphone at the node until it is allowed again."""

    type: Literal["room.mute"]
    id: Number
    key: Key


@message
class AllowMicrophone:
    """PT2. Lets someone open the microphone again."""

    type: Literal["room.allow_microphone"]
    id: Number
    key: Key


@message
class LowerHand:
    """PT3. Lowers someone's hand."""

    type: Literal["room.lower_hand"]
    id: Number
    key: Key


@message
class Remove:
    """PT4. Takes someone out of this session; reloading does not bring them back."""

    type: Literal["room.remove"]
    id: Number
    key: Key


Command = Annotated[
    Hello
    | Ping
    | Resync
    | MediaOffer
    | AskRelay
    | SetMicrophone
    | SetCamera
    | SetHand
    | Leave
    | Admit
    | AdmitAll
    | Start
    | Advance
    | Back
    | Extend
    | Shorten
    | Pause
    | Resume
    | EndLater
    | End
    | Reopen
    | Mute
    | AllowMicrophone
    | LowerHand
    | Remove,
    Field(discriminator="type"),
]


# ---- replies: to one command -----------------------------------------------------------------


@message
class Ok:
    """RE1. Done."""

    type: Literal["ok"]
    id: Number


@message
class Refused:
    """RE2. Not done: a stable code, and the words for the person. `id` is null when the
    message could not be read far enough to know it."""

    type: Literal["refused"]
    id: Number | None
    code: str
    text: str


@message
class Pong:
    """RE3. The server's clock."""

    type: Literal["pong"]
    id: Number
    now_ms: int


@message
class MediaAnswer:
    """RE4. The node's answer to the offer, and how many seats it has slots for."""

    type: Literal["media.answer"]
    id: Number
    sdp: str


@message
class RelayAccess:
    """RE5. What `iceServers` takes, valid for ten minutes; without a relay `urls` is empty."""

    type: Literal["media.relay_access"]
    id: Number
    urls: tuple[str, ...]
    username: str
    credential: str


# ---- events of the room's stream: each carries the resulting state and its version ---------


@message
class Snapshot:
    """EV1. Everything the receiver may know. Sent on every (re)connect and on resync."""

    type: Literal["snapshot"]
    epoch: str
    seq: Number
    now_ms: int
    room: RoomView
    me: MeView
    participants: list[ParticipantView]
    waiting: list[WaitingView]
    media_slots: int


@message
class RoomChanged:
    """EV2."""

    type: Literal["room.changed"]
    epoch: str
    seq: Number
    room: RoomView


@message
class ParticipantChanged:
    """EV3. Someone came in, or is no longer as they were."""

    type: Literal["participant.changed"]
    epoch: str
    seq: Number
    participant: ParticipantView


@message
class ParticipantLeft:
    """EV4. Clears that person's tile."""

    type: Literal["participant.left"]
    epoch: str
    seq: Number
    key: Key
    version: int
    reason: str


@message
class WaitingChanged:
    """EV5. Staff only."""

    type: Literal["waiting.changed"]
    epoch: str
    seq: Number
    waiting: WaitingView


@message
class WaitingLeft:
    """EV6. Staff only: let in, or gone from the door."""

    type: Literal["waiting.left"]
    epoch: str
    seq: Number
    key: Key
    version: int


@message
class MeChanged:
    """EV7. To that person only."""

    type: Literal["me.changed"]
    epoch: str
    seq: Number
    me: MeView


# ---- passing events: outside the stream, lost without harm ----------------------------------


@message
class Speaking:
    """PE1. Who speaks now: the whole set."""

    type: Literal["speaking"]
    keys: list[Key]


@message
class SlotOwned:
    """PE2. The slot belongs to this person from now (null: nobody). Cover its tile until
    `media.slot_shown`, or until a frame's newest CSRC is this one."""

    type: Literal["media.slot_owned"]
    slot: Number
    key: Key | None
    csrc: Number


@message
class SlotShown:
    """PE3. The frame with this RTP timestamp is the first that shows this person there."""

    type: Literal["media.slot_shown"]
    slot: Number
    key: Key
    rtp_timestamp: Number


@message
class MediaClosed:
    """PE4. The node closed this browser's media; offer again when `again` says so."""

    type: Literal["media.closed"]
    reason: str
    again: bool


@message
class Closing:
    """PE5. The last message before the socket is closed: why, in a code and in words."""

    type: Literal["closing"]
    code: str
    text: str


Event = Annotated[
    Ok
    | Refused
    | Pong
    | MediaAnswer
    | RelayAccess
    | Snapshot
    | RoomChanged
    | ParticipantChanged
    | ParticipantLeft
    | WaitingChanged
    | WaitingLeft
    | MeChanged
    | Speaking
    | SlotOwned
    | SlotShown
    | MediaClosed
    | Closing,
    Field(discriminator="type"),
]

# Close codes of the socket and what each means to the browser.
CLOSE_CODES = {
    4400: "message.malformed",  # the first command was not hello
    4401: "permission.signed_out",
    4403: "seat.not_on_roster",  # nothing for this person here; do not come back
    4404: "room.unknown",
    4408: "connection.silent",  # no ping in time; come back
    4409: "connection.replaced",  # opened on another device or tab; do not come back by itself
    4410: "room.ended",
    4411: "seat.removed",
    4412: "connection.left",  # the person left; do not come back
    4429: "message.too_many",
    4503: "store.down",  # come back later
}
MESSAGE_LIMIT = 65536  # bytes of one frame
