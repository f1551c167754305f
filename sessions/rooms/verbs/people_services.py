"""What staff do to one person in the room: microphone, hand, removal."""

from sessions.core.permissions import Verb
from sessions.core.refusal import Refuse
from sessions.live import broadcast, presence
from sessions.models import Person
from sessions.rooms.locked_room import LockedRoom
from sessions.rooms.perform import perform, under_lock
from sessions.rooms.selectors import RoomNow
from sessions.rooms.verbs import people


def mute(actor: Person, session: str, key: str) -> RoomNow | Refuse:
    """Closes somebody's microphone at the node until it is allowed again."""
    return perform(Verb.ROOM_MUTE, actor, session, people.microphone(key, allowed=False))


def allow_microphone(actor: Person, session: str, key: str) -> RoomNow | Refuse:
    """Lets somebody open the microphone again. It stays closed until that person opens it."""
    rule = people.microphone(key, allowed=True)
    return perform(Verb.ROOM_ALLOW_MICROPHONE, actor, session, rule)


def lower_hand(actor: Person, session: str, key: str) -> presence.Told | Refuse:
    """Lowers somebody's hand. A live field only: no row changes but the audit's."""

    def rule(locked: LockedRoom) -> presence.Told | Refuse:
        seat = people.admitted(locked, key)
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
    return perform(Verb.ROOM_REMOVE, actor, session, people.removal(key))
