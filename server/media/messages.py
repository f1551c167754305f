"""Every message between a web process and a media node: one frozen class each.

Owns names, fields and their JSON. Knows no socket, no media and no rules. Rooms and peers are
opaque ids; a generation is the fencing number of a peer's connection. Messages travel as one
JSON object a line, `type` decides which class; a field that a class does not know is refused.
"""

from dataclasses import field
from typing import Annotated, Final, Literal, TypeVar, cast, dataclass_transform

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass

from server.media.reasons import CloseReason

M = TypeVar("M")
LONGEST_LINE: Final = 1 << 20  # bytes of one message; a room of twenty needs about 3 kB
MOST_SLOTS: Final = 44
LONGEST_OFFER: Final = 48 * 1024  # bytes of a description


@dataclass_transform(frozen_default=True, kw_only_default=True)
def message(cls: type[M]) -> type[M]:
    """A frozen class whose fields are checked strictly; a field it does not know is refused."""
    config = ConfigDict(extra="forbid", strict=True)
    made = dataclass(cls, frozen=True, slots=True, kw_only=True, config=config)
    return cast("type[M]", made)


Id = Annotated[str, Field(min_length=1, max_length=128)]
Generation = Annotated[int, Field(ge=0)]
SlotNumber = Annotated[int, Field(ge=0, lt=MOST_SLOTS)]
Width = Annotated[int, Field(ge=1, le=16384)]
Number32 = Annotated[int, Field(ge=0, lt=2**32)]

Code = Literal[
    "media.not_wanted",  # the room's desired value does not list this peer and generation
    "media.generation_old",  # a newer generation of this peer is known, or this one was revoked
    "media.offer_malformed",
    "media.offer_too_large",
    "media.too_many_lines",
    "media.no_codec",  # a line offers neither Opus nor VP8
    "media.lines_changed",  # a new offer on the same connection with other lines
    "media.stopping",  # the node gives its rooms away, or ends
    "media.moved",  # the room is on another node, under a newer placement
    "media.down",  # said by the client: the node did not answer in time
]


@message
class DesiredPeer:
    """What the rooms layer wants for one peer; `receive` off means nothing is forwarded to it.
    `priority`: where a subscriber's link is narrow, this peer's sound and picture go last."""

    generation: Generation
    send_audio: bool
    send_video: bool
    receive: bool
    priority: bool = False


@message
class DesiredRoom:
    """All that is wanted of one room, as one versioned value.

    Within an epoch the higher version counts. A value of another epoch counts only if it is
    `complete`, and the epoch it replaces never comes back.
    """

    room: Id
    epoch: Id
    version: Annotated[int, Field(ge=0)]
    complete: bool
    peers: dict[Id, DesiredPeer]


# ---- from web to node ----------------------------------------------------------------------


@message
class Hello:
    """First on every connection; anything before it, or a wrong secret, closes it."""

    secret: str
    web: Id
    type: Literal["hello"] = "hello"


@message
class Apply:
    """A wake-up that carries the value; losing it costs at most a poll of the store."""

    desired: DesiredRoom
    type: Literal["apply"] = "apply"


@message
class Offer:
    """A browser's description. Notifications for the peer go to this connection from now on.

    `placement` is the generation under which the room was placed on this node; 0: by nobody.
    """

    request: int
    room: Id
    peer: Id
    generation: Generation
    sdp: str
    placement: Generation = 0
    type: Literal["offer"] = "offer"


@message
class Revoke:
    """Ends a peer at once; this generation and older ones never come back. None: the newest
    that the node knows of, sent by a process that could not learn the number."""

    room: Id
    peer: Id
    generation: Generation | None
    type: Literal["revoke"] = "revoke"


@message
class Attach:
    """Notifications for this peer come to this connection; its slots are sent again. One that
    is not here is reported closed, unless it is `new`: it has made no offer yet.
    """

    room: Id
    peer: Id
    generation: Generation
    new: bool = False
    type: Literal["attach"] = "attach"


@message
class PeerView:
    """What a subscriber's browser shows: how wide the picture of each visible slot is, in pixels of
    its screen. A slot that is not named is not visible. The last one counts, until the peer makes
    another connection.
    """

    room: Id
    peer: Id
    generation: Generation
    widths: Annotated[dict[SlotNumber, Width], Field(max_length=MOST_SLOTS)]
    type: Literal["view"] = "view"


@message
class Ping:
    """Answered by Pong with the same number."""

    number: int
    type: Literal["ping"] = "ping"


# ---- from node to web ----------------------------------------------------------------------


@message
class Welcome:
    """The secret was right; `node` is the id of this run of the node."""

    node: Id
    type: Literal["welcome"] = "welcome"


@message
class Answer:
    """The node's description for the offer of this request."""

    request: int
    sdp: str
    type: Literal["answer"] = "answer"


@message
class OfferRefused:
    """No answer to the offer of this request, and why."""

    request: int
    code: Code
    type: Literal["offer_refused"] = "offer_refused"


@message
class SlotOwned:
    """`peer`'s slot belongs to `owner` (None: to nobody), whose packets bear `csrc`.

    Slot i is the i-th receive-only video line and the i-th receive-only audio line of the
    peer's offer, counted from 0. `csrc` is 0 when nobody owns the slot.
    """

    room: Id
    peer: Id
    slot: Annotated[int, Field(ge=0)]
    owner: Id | None
    csrc: Number32
    type: Literal["slot_owned"] = "slot_owned"


@message
class SlotShown:
    """The first key frame of `owner` in the slot was sent with this RTP timestamp (90 kHz)."""

    room: Id
    peer: Id
    slot: Annotated[int, Field(ge=0)]
    owner: Id
    rtp_timestamp: Number32
    type: Literal["slot_shown"] = "slot_shown"


@message
class PeerClosed:
    """This generation of the peer is gone from the node."""

    room: Id
    peer: Id
    generation: Generation
    reason: CloseReason
    type: Literal["peer_closed"] = "peer_closed"


@message
class Speaking:
    """Who speaks now, sorted; sent when the set changed."""

    room: Id
    peers: list[Id]
    type: Literal["speaking"] = "speaking"


@message
class SendingChanged:
    """Whether sound and pictures of this peer really arrive at the node."""

    room: Id
    peer: Id
    audio: bool
    video: bool
    type: Literal["sending_changed"] = "sending_changed"


@message
class Pong:
    """The node lives and reads its control connection."""

    number: int
    type: Literal["pong"] = "pong"


@message
class NodeLoad:
    """How busy the node is: connected peers, packets sent a second, and all its counters.

    `draining`: it is about to end, and its rooms are to be placed elsewhere.
    """

    node: Id
    peers: int
    packets_per_second: int
    counters: dict[str, int] = field(default_factory=dict)
    draining: bool = False
    type: Literal["node_load"] = "node_load"


ToNode = Hello | Apply | Offer | Revoke | Attach | PeerView | Ping
Notification = SlotOwned | SlotShown | PeerClosed | Speaking | SendingChanged | NodeLoad
ToWeb = Welcome | Answer | OfferRefused | Pong | Notification

_TO_NODE: TypeAdapter[ToNode] = TypeAdapter(Annotated[ToNode, Field(discriminator="type")])
_TO_WEB: TypeAdapter[ToWeb] = TypeAdapter(Annotated[ToWeb, Field(discriminator="type")])
_DESIRED: TypeAdapter[DesiredRoom] = TypeAdapter(DesiredRoom)


def desired_key(room: str) -> str:
    """Where the rooms layer keeps the room's desired value; the braces are a hash tag."""
    return f"media:{{{room}}}:desired"


def to_node_line(sent: ToNode) -> bytes:
    """One line of JSON, its newline included."""
    return _TO_NODE.dump_json(sent) + b"\n"


def to_web_line(sent: ToWeb) -> bytes:
    """One line of JSON, its newline included."""
    return _TO_WEB.dump_json(sent) + b"\n"


def read_to_node(line: bytes) -> ToNode | None:
    """None when the line is no such message."""
    try:
        return _TO_NODE.validate_json(line)
    except ValidationError:
        return None


def read_to_web(line: bytes) -> ToWeb | None:
    """None when the line is no such message."""
    try:
        return _TO_WEB.validate_json(line)
    except ValidationError:
        return None


def desired_json(desired: DesiredRoom) -> bytes:
    """What `desired_key(room)` holds."""
    return _DESIRED.dump_json(desired)


def read_desired(value: bytes) -> DesiredRoom | None:
    """None when the value is no desired room."""
    try:
        return _DESIRED.validate_json(value)
    except ValidationError:
        return None
