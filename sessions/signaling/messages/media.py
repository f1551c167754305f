"""Media: the browser's offer, a relay's access, and what the node says of slots and voices.

None of it is in the room's stream: what the node says is passed on, and lost without harm.
"""

from typing import Annotated, Final, Literal

from pydantic import Field

from sessions.core.permissions import Verb
from sessions.signaling.messages.base import Key, Number, Sdp, command, message

MOST_TILES: Final = 44


@command(Verb.ROOM_OFFER_MEDIA)
class MediaOffer:
    """MED1. The browser's whole offer, at most 48 KiB; `media.answer` comes back."""

    type: Literal["media.offer"]
    id: Number
    sdp: Sdp


@command(Verb.ROOM_OFFER_MEDIA)
class AskRelay:
    """MED2. Asks for a relay's access, before a connection is made or restarted;
    `media.relay_access` comes back."""

    type: Literal["media.relay"]
    id: Number


@message
class Tile:
    """A picture on the screen, in its pixels."""

    slot: Annotated[int, Field(ge=0, lt=MOST_TILES)]
    width: Annotated[int, Field(ge=1, le=16384)]
    height: Annotated[int, Field(ge=1, le=16384)]


@command(Verb.ROOM_OFFER_MEDIA)
class MediaView:
    """MED3. All tiles that are visible, at each change and after each reconnect: the others are not
    sent, and each is sent as large as it is shown."""

    type: Literal["media.view"]
    id: Number
    tiles: Annotated[list[Tile], Field(max_length=MOST_TILES)]


@message
class MediaAnswer:
    """RE4. The node's answer to the offer."""

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
    """PE4. This browser's media are gone, or about to go (`node_lost`, `node_draining`). When
    `again` says so, offer again, with a new peer connection that takes over once connected."""

    type: Literal["media.closed"]
    reason: str
    again: bool
