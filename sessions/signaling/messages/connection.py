"""A connection's own messages: its beginning, its heartbeat, its replies, its end.

Owns the close codes and the size of one frame.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from sessions.core.permissions import Verb
from sessions.signaling.messages.base import Number, Sdp, command, message

MESSAGE_LIMIT: Final = 65536  # bytes of one frame


@dataclass(frozen=True, slots=True)
class Close:
    """One close code of the socket: what it means, and what the browser does then."""

    code: str
    browser: str
    meaning: str = ""


CLOSES: Final[Mapping[int, Close]] = {
    4400: Close("message.malformed", "rests", "a command but `ping` came before `hello`"),
    4401: Close("permission.signed_out", "offers to sign in"),
    4403: Close(
        "seat.not_on_roster", "rests", "or another refusal at the door, which `closing` names"
    ),
    4404: Close("room.unknown", "rests"),
    4408: Close("connection.silent", "comes back", "no ping in time"),
    4409: Close(
        "connection.replaced",
        "rests, offers to take the seat back",
        "opened on another device or in another tab",
    ),
    4410: Close("room.ended", "rests", "or not held, or cancelled, which `closing` names"),
    4411: Close("seat.removed", "rests"),
    4412: Close("connection.left", "rests, offers to come back"),
    4429: Close("message.too_many", "comes back after a while"),
    4503: Close("store.down", "comes back later"),
}
CLOSE_CODES: Final[Mapping[int, str]] = {number: one.code for number, one in CLOSES.items()}


@command(Verb.ROOM_ENTER)
class Hello:
    """SIG1. The first command of every connection but `ping`: comes to the room; with the last
    (`epoch`, `seq`) seen, if any, and with the offer of a page that has no media there yet, whose
    answer comes with the snapshot of the room."""

    type: Literal["hello"]
    id: Number
    epoch: str | None = None
    seq: Number | None = None
    microphone: bool = False
    camera: bool = False
    sdp: Sdp | None = None


@command(Verb.ROOM_STAY)
class Ping:
    """SIG2. Every two seconds: renews the lease and asks for the clock. The lease counts from
    it (`away` within four seconds, gone within ten); nine seconds without one end the socket
    (4408). Before `hello` it keeps the socket of a page that checks its devices."""

    type: Literal["ping"]
    id: Number


@command(Verb.ROOM_RESYNC)
class Resync:
    """SIG3. Asks for a snapshot."""

    type: Literal["resync"]
    id: Number


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
class Closing:
    """PE5. The last message before the socket is closed: a code, and the sentence for the person."""

    type: Literal["closing"]
    code: str
    text: str
