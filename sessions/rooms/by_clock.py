"""What the clock does to a room, asked by the ticker (`ticker.RoomVerbs`).

Owns when the room is told again though nobody tapped: a segment advanced itself, overrun began,
fifteen seconds of overrun or pause went by. What is due is decided by `core.room_state` and
`core.agenda_clock`; all is done under the same lock as a tap, so a tap and the clock never mix.
"""

from datetime import datetime, timedelta
from typing import Final

from sessions.audit import services as audit
from sessions.core import agenda_clock, room_state
from sessions.core.admission import SeatState
from sessions.core.agenda import AgendaClock, Phase
from sessions.core.refusal import Refuse
from sessions.core.room_state import Due, RoomState
from sessions.live import broadcast, presence
from sessions.live import clock as room_clock
from sessions.live.presence import Entry, Place
from sessions.models import Room, Seat
from sessions.nodes import desired as bridge
from sessions.rooms import selectors, settle
from sessions.rooms.locked_room import LockedRoom, locked_room, me_changed, room_changed, tell
from sessions.rooms.verbs.ending import over

RETELL: Final = timedelta(seconds=15)
CHANGING = frozenset({Phase.OVERRUN, Phase.PAUSED})


class ClockVerbs:
    """The verbs of the ticker's process. It remembers when it told a room last; forgetting (a
    restart) costs one event too many, nothing else."""

    def __init__(self) -> None:
        self._told: dict[int, datetime] = {}

    def apply_due(self, room_id: int, now: datetime, *, staffed: bool) -> datetime | None:
        """Does what is due at `now`; when to ask again, or None once the room is over.

        Raises OperationalError when PostgreSQL is away.
        """
        name = selectors.name_of_row(room_id)
        roster = presence.run(presence.roster(name.key))
        if isinstance(roster, Refuse):
            return now + RETELL
        with locked_room(name, None, roster) as locked:
            locked.now = now
            _keep_staffing(locked, staffed)
            return self._apply(locked)

    def settle(self, room_id: int) -> int | Refuse:
        """Writes what staff did while PostgreSQL was away."""
        return settle.settle(room_id)

    def republish(self, room_id: int) -> None:
        """Tells the room, and makes presence, seats and node what the rows say."""
        room = selectors.rooms().get(pk=room_id)
        now = selectors.room_now(room, selectors.clock_of(room, room_clock.now()))
        roster = presence.run(presence.roster(room.key))
        if isinstance(roster, Refuse):
            return
        seats = {seat.key: seat for seat in room.seats.all()}
        for entry in roster.entries:
            _heal(room, entry, seats.get(entry.seat))
        broadcast.publish(room.key, room_changed(now))
        bridge.demand(room.key)

    def _apply(self, locked: LockedRoom) -> datetime | None:
        clock = locked.clock()
        due = room_state.by_clock(
            RoomState(locked.room.state), clock.ends_at, locked.room.unstaffed_since, locked.now
        )
        if due is not None:
            _close(locked, due)
            self._told.pop(locked.room.pk, None)
            return None
        if self._has_moved(locked, clock):
            self._told[locked.room.pk] = locked.now
            tell(locked)
        return _ask_again(locked, clock)

    def _has_moved(self, locked: LockedRoom, clock: AgendaClock) -> bool:
        """Since the room was told last: by the clock, or by the tap of the last mark."""
        if clock.phase in (Phase.NOT_STARTED, Phase.ENDED):
            return False
        tapped = locked.marks[-1].at
        told_at = max(tapped, self._told.get(locked.room.pk, tapped))
        told = agenda_clock.read(locked.agenda, locked.marks, told_at)
        if (told.index, told.phase) != (clock.index, clock.phase):
            return True
        return clock.phase in CHANGING and clock.read_at - told_at >= RETELL


def _keep_staffing(locked: LockedRoom, staffed: bool) -> None:
    """Room.unstaffed_since: since when nobody of the staff is in the room of a session."""
    room = locked.room
    unstaffed = locked.state in room_state.IN_SESSION and not staffed
    if unstaffed == (room.unstaffed_since is not None):
        return
    room.unstaffed_since = locked.now if unstaffed else None
    room.save(update_fields=["unstaffed_since"])


def _close(locked: LockedRoom, due: Due) -> None:
    """Over, by the clock, at the instant that was due; a mark made since then comes first."""
    at = max([due.at, *(mark.at for mark in locked.marks)])
    if isinstance(over(locked, due.event, at), Refuse):
        return
    tell(locked)
    audit.record(None, "room.end", session=locked.session, detail={"rule": due.event.value})


def _ask_again(locked: LockedRoom, clock: AgendaClock) -> datetime:
    instants = [locked.now + RETELL]
    if clock.changes_at is not None:
        instants.append(clock.changes_at)
    if clock.phase is Phase.NOT_STARTED:
        instants.append(clock.ends_at)
    return max(min(instants), locked.now)


def _heal(room: Room, entry: Entry, seat: Seat | None) -> None:
    """Makes one connection what its seat's row says, and tells its owner."""
    if selectors.state_of(room, room_clock.now()) in room_state.OVER:
        broadcast.send(room.key, presence.close(room.key))
    elif seat is None or seat.state == SeatState.REMOVED.value:
        broadcast.send(room.key, presence.remove(room.key, entry.seat))
    else:
        if seat.state == SeatState.ADMITTED.value and entry.place is Place.LOBBY:
            broadcast.send(room.key, presence.move(room.key, entry.seat, Place.ROOM))
        change = presence.change(
            room.key,
            entry.seat,
            microphone_allowed=seat.microphone_allowed,
            seat_version=seat.version,
        )
        broadcast.send(room.key, change)
    if seat is not None:
        broadcast.publish(room.key, me_changed(seat))
