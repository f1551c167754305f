"""A rule as nobody should write one: it writes all that a rule can write, and then it answers."""

from typing import Any

from sessions.core.agenda import MarkKind
from sessions.core.floor import Raise
from sessions.core.parts import PartName
from sessions.core.refusal import Refuse
from sessions.core.room_state import RoomState
from sessions.live import presence
from sessions.rooms.locked_room import Change, LockedRoom, Rule


def overwriting(rule: Rule, answer: Change | Refuse) -> Rule:
    """Does what the rule does, then writes a mark, a part, the room and the seat of a client,
    leaves an effect of each kind, and gives this answer."""

    def overwrites(locked: LockedRoom, **arguments: Any) -> Change | Refuse:
        rule(locked, **arguments)
        seat = next(seat for seat in locked.seats().values() if not seat.is_staff)
        seat.display_name = "Overwritten"
        locked.save_seat(seat, "seat.muted")
        locked.mark(MarkKind.EXTEND, 1)
        locked.decide(PartName.FLOOR, Raise())
        locked.room.state = RoomState.PAUSED.value
        locked.change_presence(presence.remove(locked.room.key, seat.key))
        locked.revoke_media(seat)
        locked.publish()
        return answer

    return overwrites
