"""The door: coming in, being let in.

Owns what the decision of `core.admission` makes of a seat's row. Who is connected is presence's:
the caller joins after `enter` has said where.
"""

from dataclasses import dataclass, replace
from typing import Final

from sessions.core import admission, permissions
from sessions.core.admission import Admit, Arrival, SeatState, SessionRole, Wait
from sessions.core.permissions import Verb
from sessions.core.refusal import Refuse
from sessions.live import presence
from sessions.live.presence import Place
from sessions.models import Seat
from sessions.rooms import selectors
from sessions.rooms.locked_room import Change, LockedRoom, Rules
from sessions.rooms.selectors import RoomFacts, SeatFacts
from sessions.scheduling.selectors import name_on_roster, staff_of


@dataclass(frozen=True, slots=True)
class Entered:
    """Where a person may connect. `place` is None for somebody who may wait for a reopening:
    that person is told the room and is in no place. `waiting` is what a person at the door
    waits for."""

    room: RoomFacts
    seat: SeatFacts
    principal: permissions.Principal
    place: Place | None
    waiting: Wait | None


def enter(locked: LockedRoom) -> Entered | Refuse:
    """Comes to a session's room: in, to the door, or refused as `core.admission` decides."""
    arrival = selectors.arrival_of(locked.principal)
    at_door = _door_of(locked)
    decision = admission.decide(arrival, at_door, locked.now)
    if isinstance(decision, Refuse):
        ended_at = locked.room.ended_at
        if not admission.may_wait_for_reopening(arrival, at_door, ended_at, locked.now):
            return decision
        return _entered(locked, _seated(locked, arrival, Admit()), None, None)
    seat = _seated(locked, arrival, decision)
    if isinstance(decision, Wait):
        return _entered(locked, seat, Place.LOBBY, decision)
    return _entered(locked, seat, Place.ROOM, None)


def admit(locked: LockedRoom, key: str) -> Change | Refuse:
    """Lets one person in from the door. Repeated, it does nothing."""
    seat = locked.seat_of(key)
    if isinstance(seat, Refuse):
        return seat
    if seat.state == SeatState.ADMITTED.value:
        return Change.NONE
    return _admit(locked, seat) or Change.MADE


def admit_all(locked: LockedRoom) -> Change | Refuse:
    """Lets everyone in who is connected at the door. Stops at the first who has no seat left."""
    change = Change.NONE
    for seat in _waiting_seats(locked).values():
        refused = _admit(locked, seat)
        if refused:
            return change if change is Change.MADE else refused
        change = Change.MADE
    return change


def look_again(locked: LockedRoom) -> None:
    """The agenda moved: what those at the door wait for may be another thing now. Somebody who
    came late stays marked so on the staff's list."""
    waiting = {entry.seat: entry.waiting for entry in locked.roster.at(Place.LOBBY)}
    for seat in _waiting_seats(locked).values():
        arrival = Arrival(SessionRole.CLIENT, SeatState.WAITING)
        decision = admission.decide(arrival, _door_of(locked), locked.now)
        before = waiting[seat.key]
        if isinstance(decision, Wait) and (before is None or decision.reason is not before.reason):
            now = replace(decision, late=before is not None and before.late)
            locked.change_presence(presence.change(locked.room.key, seat.key, waiting=now))
            locked.save_seat(seat)


def _waiting_seats(locked: LockedRoom) -> dict[str, Seat]:
    """The seats of those who are connected at the door, in the order of their rows."""
    at_door = {entry.seat for entry in locked.roster.at(Place.LOBBY)}
    if not at_door:
        return {}
    waits = SeatState.WAITING.value
    return {
        key: seat for key, seat in locked.seats().items() if key in at_door and seat.state == waits
    }


def _door_of(locked: LockedRoom) -> admission.RoomAtDoor:
    admitted = SeatState.ADMITTED.value
    clients = (seat for seat in locked.seats().values() if not seat.is_staff)
    taken = sum(seat.state == admitted for seat in clients)
    return selectors.room_at_door(locked.room, locked.clock(), taken)


def _admit(locked: LockedRoom, seat: Seat) -> Refuse | None:
    arrival = Arrival(SessionRole.CLIENT, SeatState(seat.state))
    refused = admission.admit(arrival, _door_of(locked))
    if refused is not None:
        return refused
    _take(locked, seat)
    locked.save_seat(seat)
    locked.change_presence(presence.move(locked.room.key, seat.key, Place.ROOM))
    return None


def _take(locked: LockedRoom, seat: Seat) -> None:
    seat.state = SeatState.ADMITTED.value
    seat.admitted_at = locked.now
    seat.first_in_at = seat.first_in_at or locked.now


def _entered(
    locked: LockedRoom, seat: SeatFacts, place: Place | None, waiting: Wait | None
) -> Entered:
    if place is not None and not locked.room.marks_outstanding:
        locked.room.marks_outstanding = True
        locked.save(locked.room)
    principal = replace(locked.principal, seat=seat.state)
    leaders = tuple(one.display_name for one in staff_of(locked.session))
    facts = selectors.facts_of(locked.room, locked.segments, leaders)
    return Entered(facts, seat, principal, place, waiting)


def _seated(locked: LockedRoom, arrival: Arrival, decision: Admit | Wait) -> SeatFacts:
    """The person's seat as the decision leaves it, under the name of the roster."""
    seat = locked.own_seat()
    before = (seat.state, seat.display_name, seat.is_staff)
    seat.is_staff = arrival.role is SessionRole.STAFF
    seat.display_name = _name(locked, seat.is_staff)
    if isinstance(decision, Wait):
        seat.state = SeatState.WAITING.value
    elif seat.state != SeatState.ADMITTED.value:
        _take(locked, seat)
    if before != (seat.state, seat.display_name, seat.is_staff):
        seat.version += 1
        locked.save(seat)
    return selectors.seat_facts(seat)


def _name(locked: LockedRoom, staff: bool) -> str:
    """A client's of the roster, a facilitator's own."""
    assert locked.actor is not None
    known = None if staff else name_on_roster(locked.session, locked.actor)
    return known or locked.actor.display_name


RULES: Final[Rules] = {
    Verb.ROOM_ADMIT: admit,
    Verb.ROOM_ADMIT_ALL: admit_all,
}
