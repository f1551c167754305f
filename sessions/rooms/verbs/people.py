"""What staff do to one person in the room: microphone, hand, removal.

Owns what such a verb makes of the seat's row, whether it is done now or was done to the live
state while no row could be written (`settle`).
"""

from typing import Final

from sessions.core.admission import SeatState
from sessions.core.floor import Lower, Raise
from sessions.core.parts import PartName
from sessions.core.permissions import Verb
from sessions.core.refusal import Refuse
from sessions.core.spotlight import Leave, Shine
from sessions.live import presence
from sessions.live.presence import Applied
from sessions.live.store import Call
from sessions.models import Seat
from sessions.rooms.locked_room import Change, LockedRoom, Rules


def mute(locked: LockedRoom, key: str) -> Change | Refuse:
    """Closes somebody's microphone at the node until it is allowed again."""
    return _microphone(locked, key, allowed=False)


def allow_microphone(locked: LockedRoom, key: str) -> Change | Refuse:
    """Lets somebody open the microphone again. It stays closed until that person opens it."""
    return _microphone(locked, key, allowed=True)


def raise_hand(locked: LockedRoom, raised: bool) -> Change | Refuse:
    """Raises or lowers one's own hand."""
    own = locked.own_seat()
    return locked.decide(PartName.FLOOR, Raise() if raised else Lower(own.key))


def lower_hand(locked: LockedRoom, key: str) -> Change | Refuse:
    """Lowers somebody's hand."""
    seat = _admitted(locked, key)
    if isinstance(seat, Refuse):
        return seat
    return locked.decide(PartName.FLOOR, Lower(seat.key))


def spotlight(locked: LockedRoom, key: str | None) -> Change | Refuse:
    """Shows somebody large to everyone in the room, or nobody."""
    seat = _admitted(locked, key) if key is not None else None
    if isinstance(seat, Refuse):
        return seat
    return locked.decide(PartName.SPOTLIGHT, Shine(key))


def leave(locked: LockedRoom) -> Change | Refuse:
    """Somebody has left by their own word: what was theirs in the parts of the room ends. The
    rest of leaving needs no row: it is presence's."""
    return _end_parts_of(locked, locked.own_seat())


def remove(locked: LockedRoom, key: str) -> Change | Refuse:
    """Takes somebody out of this session, from the room or from the door; for good.

    In three places at once: the seat's row, presence (which refuses the seat from now on), and
    the node, directly, so that sound and picture stop even when nothing else gets through.
    """
    seat = locked.seat_of(key)
    if isinstance(seat, Refuse):
        return seat
    if seat.state == SeatState.REMOVED.value:
        return Change.NONE
    return Refuse("seat.staff") if seat.is_staff else _remove(locked, seat)


def microphone_as_row(locked: LockedRoom, seat: Seat) -> Call[Applied]:
    """Presence as the seat's row has it; a newer row that presence has already counts."""
    return presence.change(
        locked.room.key,
        seat.key,
        microphone_allowed=seat.microphone_allowed,
        seat_version=seat.version,
    )


def _microphone(locked: LockedRoom, key: str, *, allowed: bool) -> Change | Refuse:
    seat = _admitted(locked, key)
    if isinstance(seat, Refuse):
        return seat
    if seat.microphone_allowed == allowed:
        return Change.NONE
    seat.microphone_allowed = allowed
    locked.save_seat(seat, reason="" if allowed else "seat.muted")
    locked.change_presence(microphone_as_row(locked, seat))
    return Change.MADE


def _admitted(locked: LockedRoom, key: str) -> Seat | Refuse:
    """The seat of somebody who is in the room."""
    seat = locked.seat_of(key)
    if isinstance(seat, Seat) and seat.state != SeatState.ADMITTED.value:
        return Refuse("seat.not_in_room")
    return seat


def _end_parts_of(locked: LockedRoom, seat: Seat) -> Change:
    """The raised hand and the spotlight of a seat."""
    ended = {
        locked.decide(PartName.FLOOR, Lower(seat.key)),
        locked.decide(PartName.SPOTLIGHT, Leave(seat.key)),
    }
    return Change.PART if Change.PART in ended else Change.NONE


def _remove(locked: LockedRoom, seat: Seat) -> Change:
    seat.state = SeatState.REMOVED.value
    seat.removed_at = locked.now
    _end_parts_of(locked, seat)
    locked.save_seat(seat, reason="seat.removed")
    locked.revoke_media(seat)
    locked.change_presence(presence.remove(locked.room.key, seat.key))
    return Change.MADE


RULES: Final[Rules] = {
    Verb.ROOM_MUTE: mute,
    Verb.ROOM_ALLOW_MICROPHONE: allow_microphone,
    Verb.ROOM_LEAVE: leave,
    Verb.ROOM_RAISE_HAND: raise_hand,
    Verb.ROOM_LOWER_HAND: lower_hand,
    Verb.ROOM_REMOVE: remove,
    Verb.ROOM_SPOTLIGHT: spotlight,
}
