"""What staff do to one person in the room, as rules of a locked room: microphone, removal.

Owns what such a verb makes of the seat's row, whether it is done now (`services_people`) or was
done to the live state while no row could be written (`services_owed`).
"""

from sessions.core.admission import SeatState
from sessions.core.refusal import Refuse
from sessions.live import presence
from sessions.live.store import Call
from sessions.models import Seat
from sessions.nodes import desired as bridge
from sessions.rooms.locked_room import Change, LockedRoom, Rule


def microphone(key: str, *, allowed: bool) -> Rule:
    """Closes somebody's microphone until it is allowed again, or allows it."""

    def rule(locked: LockedRoom) -> Change | Refuse:
        seat = admitted(locked, key)
        if isinstance(seat, Refuse):
            return seat
        if seat.microphone_allowed == allowed:
            return Change.NONE
        seat.microphone_allowed = allowed
        locked.save_seat(seat, reason="" if allowed else "seat.muted")
        locked.afterwards(microphone_as_row(locked, seat))
        return Change.MADE

    return rule


def removal(key: str) -> Rule:
    """Takes somebody out of this session, from the room or from the door; for good."""

    def rule(locked: LockedRoom) -> Change | Refuse:
        seat = locked.seat_of(key)
        if isinstance(seat, Refuse):
            return seat
        if seat.state == SeatState.REMOVED.value:
            return Change.NONE
        return Refuse("seat.staff") if seat.is_staff else _removed(locked, seat)

    return rule


def admitted(locked: LockedRoom, key: str) -> Seat | Refuse:
    """The seat of somebody who is in the room."""
    seat = locked.seat_of(key)
    if isinstance(seat, Seat) and seat.state != SeatState.ADMITTED.value:
        return Refuse("seat.not_in_room")
    return seat


def microphone_as_row(locked: LockedRoom, seat: Seat) -> Call[presence.Told]:
    """Presence as the seat's row has it; a newer row that was told already counts."""
    return presence.change(
        locked.room.key,
        seat.key,
        microphone_allowed=seat.microphone_allowed,
        seat_version=seat.version,
    )


def _removed(locked: LockedRoom, seat: Seat) -> Change:
    seat.state = SeatState.REMOVED.value
    seat.removed_at = locked.now
    locked.save_seat(seat, reason="seat.removed")
    bridge.revoke_on_commit(locked.room.key, seat.key)
    locked.afterwards(presence.remove(locked.room.key, seat.key))
    return Change.MADE
