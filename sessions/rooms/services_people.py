"""What staff do to one person in the room: microphone, hand, removal."""

from sessions.core.admission import SeatState
from sessions.core.permissions import Verb
from sessions.core.refusal import Refuse
from sessions.models import Person, Seat
from sessions.rooms import bridge, broadcast, presence
from sessions.rooms.selectors import RoomNow
from sessions.rooms.services_lock import Change, LockedRoom, Rule, perform, under_lock


def mute(actor: Person, session: str, key: str) -> RoomNow | Refuse:
    """Closes somebody's microphone at the node until it is allowed again."""
    return perform(Verb.ROOM_MUTE, actor, session, _microphone(key, allowed=False))


def allow_microphone(actor: Person, session: str, key: str) -> RoomNow | Refuse:
    """Lets somebody open the microphone again. It stays closed until that person opens it."""
    return perform(Verb.ROOM_ALLOW_MICROPHONE, actor, session, _microphone(key, allowed=True))


def lower_hand(actor: Person, session: str, key: str) -> presence.Told | Refuse:
    """Lowers somebody's hand. A live field only: no row changes but the audit's."""

    def rule(locked: LockedRoom) -> presence.Told | Refuse:
        seat = _admitted(locked, key)
        if isinstance(seat, Refuse):
            return seat
        return broadcast.send(
            locked.room.key, presence.change(locked.room.key, seat.key, hand=False)
        )

    return under_lock(Verb.ROOM_LOWER_HAND, actor, session, rule)


def remove(actor: Person, session: str, key: str) -> RoomNow | Refuse:
    """Takes somebody out of this session, from the room or from the door; for good.

    Three ways at once: the seat's row, presence (which refuses the seat from now on), and the
    node, directly, so that sound and picture stop even when nothing else gets through.
    """

    def rule(locked: LockedRoom) -> Change | Refuse:
        seat = locked.seat_of(key)
        if isinstance(seat, Refuse):
            return seat
        if seat.state == SeatState.REMOVED.value:
            return Change.NONE
        return Refuse("seat.staff") if seat.is_staff else _removed(locked, seat)

    return perform(Verb.ROOM_REMOVE, actor, session, rule)


def _removed(locked: LockedRoom, seat: Seat) -> Change:
    seat.state = SeatState.REMOVED.value
    seat.removed_at = locked.now
    locked.save_seat(seat, reason="seat.removed")
    bridge.revoke_on_commit(locked.room.key, seat.key)
    locked.afterwards(presence.remove(locked.room.key, seat.key))
    return Change.MADE


def _microphone(key: str, *, allowed: bool) -> Rule:
    def rule(locked: LockedRoom) -> Change | Refuse:
        seat = _admitted(locked, key)
        if isinstance(seat, Refuse):
            return seat
        if seat.microphone_allowed == allowed:
            return Change.NONE
        seat.microphone_allowed = allowed
        locked.save_seat(seat, reason="" if allowed else "seat.muted")
        change = presence.change(locked.room.key, seat.key, microphone_allowed=allowed)
        locked.afterwards(change)
        return Change.MADE

    return rule


def _admitted(locked: LockedRoom, key: str) -> Seat | Refuse:
    seat = locked.seat_of(key)
    if isinstance(seat, Seat) and seat.state != SeatState.ADMITTED.value:
        return Refuse("seat.not_in_room")
    return seat
