"""The door: coming in, being let in.

Owns what the decision of `core.admission` makes of a seat's row. Who is connected is presence's:
the caller joins after `enter` has said where.
"""

from dataclasses import dataclass, replace

from sessions.core import admission, permissions
from sessions.core.admission import Admit, SeatState, SessionRole, Wait
from sessions.core.permissions import Verb
from sessions.core.refusal import Refuse
from sessions.live import presence
from sessions.live.presence import Place
from sessions.models import Person, Seat
from sessions.models.round_trip import read
from sessions.rooms import selectors
from sessions.rooms.locked_room import Change, LockedRoom
from sessions.rooms.perform import perform, under_lock
from sessions.rooms.selectors import RoomFacts, RoomNow, SeatFacts
from sessions.scheduling.selectors import enrolments_on, leaders_asked


@dataclass(frozen=True, slots=True)
class Entered:
    """Where a person may connect. `place` is None for one who may wait for a reopening:
    that person is told the room and is in no place. `waiting` is what a person at the door
    waits for."""

    room: RoomFacts
    seat: SeatFacts
    principal: permissions.Principal
    place: Place | None
    waiting: Wait | None


def enter(actor: Person, session: str) -> Entered | Refuse:
    """Comes to a session's room: in, to the door, or refused as `core.admission` decides."""
    return under_lock(Verb.ROOM_ENTER, actor, session, _enter)


def admit(actor: Person, session: str, key: str) -> RoomNow | Refuse:
    """Lets one person in from the door. Repeated, it does nothing."""

    def rule(locked: LockedRoom) -> Change | Refuse:
        seat = locked.seat_of(key)
        if isinstance(seat, Refuse):
            return seat
        if seat.state == SeatState.ADMITTED.value:
            return Change.NONE
        return _admit(locked, seat) or Change.MADE

    return perform(Verb.ROOM_ADMIT, actor, session, rule)


def admit_all(actor: Person, session: str) -> RoomNow | Refuse:
    """Lets everyone in who is connected at the door. Stops at the first who has no seat left."""

    def rule(locked: LockedRoom) -> Change | Refuse:
        at_door = [entry.seat for entry in locked.roster.at(Place.LOBBY)]
        change: Change = Change.NONE
        for seat in locked.room.seats.filter(key__in=at_door, state=SeatState.WAITING.value):
            refused = _admit(locked, seat)
            if refused:
                return change if change is Change.MADE else refused
            change = Change.MADE
        return change

    return perform(Verb.ROOM_ADMIT_ALL, actor, session, rule)


def look_again(locked: LockedRoom) -> None:
    """The agenda moved: what those at the door wait for may be another thing now. Someone who
    came late stays marked so on the staff's list."""
    waiting = {entry.seat: entry.waiting for entry in locked.roster.at(Place.LOBBY)}
    if not waiting:
        return
    door = selectors.door_of(locked.room, locked.clock())
    for seat in locked.room.seats.filter(key__in=waiting, state=SeatState.WAITING.value):
        principal = admission.Arrival(SessionRole.CLIENT, SeatState.WAITING)
        decision = admission.decide(principal, door, locked.now)
        before = waiting[seat.key]
        if isinstance(decision, Wait) and (before is None or decision.reason is not before.reason):
            now = replace(decision, late=before is not None and before.late)
            locked.afterwards(presence.change(locked.room.key, seat.key, waiting=now))
            locked.save_seat(seat)


def _admit(locked: LockedRoom, seat: Seat) -> Refuse | None:
    principal = admission.Arrival(SessionRole.CLIENT, SeatState(seat.state))
    refused = admission.admit(principal, selectors.door_of(locked.room, locked.clock()))
    if refused is not None:
        return refused
    _take(locked, seat)
    locked.save_seat(seat)
    locked.afterwards(presence.move(locked.room.key, seat.key, Place.ROOM))
    return None


def _take(locked: LockedRoom, seat: Seat) -> None:
    seat.state = SeatState.ADMITTED.value
    seat.admitted_at = locked.now
    seat.first_in_at = seat.first_in_at or locked.now


def _enter(locked: LockedRoom) -> Entered | Refuse:
    door = selectors.at_door(locked.principal)
    at_door = selectors.door_of(locked.room, locked.clock())
    decision = admission.decide(door, at_door, locked.now)
    if isinstance(decision, Refuse):
        ended_at = locked.room.ended_at
        if not admission.may_wait_for_reopening(door, at_door, ended_at, locked.now):
            return decision
        return _entered(locked, _seated(locked, door, Admit()), None, None)
    seat = _seated(locked, door, decision)
    if isinstance(decision, Wait):
        return _entered(locked, seat, Place.LOBBY, decision)
    return _entered(locked, seat, Place.ROOM, None)


def _entered(
    locked: LockedRoom, seat: SeatFacts, place: Place | None, waiting: Wait | None
) -> Entered:
    principal = replace(locked.principal, seat=seat.state)
    leaders = read(leaders_asked(locked.session.pk))
    facts = selectors.facts_of(locked.room, locked.segments, leaders)
    return Entered(facts, seat, principal, place, waiting)


def _seated(locked: LockedRoom, door: admission.Arrival, decision: Admit | Wait) -> SeatFacts:
    """The person's seat as the decision leaves it, under the name of the roster of today."""
    found = locked.room.seats.filter(person=locked.actor).first()
    seat = found or Seat(room=locked.room, person=locked.actor)
    before = (seat.state, seat.display_name, seat.is_staff)
    seat.is_staff = door.role is SessionRole.STAFF
    seat.display_name = _name(locked, seat.is_staff)
    if isinstance(decision, Wait):
        seat.state = SeatState.WAITING.value
    elif seat.state != SeatState.ADMITTED.value:
        _take(locked, seat)
    if before != (seat.state, seat.display_name, seat.is_staff):
        seat.version += 1
        seat.save()
    return selectors.seat_facts(seat)


def _name(locked: LockedRoom, staff: bool) -> str:
    """A client's of the roster, a facilitator's own."""
    assert locked.actor is not None
    session = locked.session
    roster = enrolments_on(session.track_id, session.local_date)
    enrolment = None if staff else roster.filter(person=locked.actor).first()
    return enrolment.display_name if enrolment else locked.actor.display_name
