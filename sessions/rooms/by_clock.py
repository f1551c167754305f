"""What the clock does to a room, asked by the ticker.

Owns when a room is published again though nobody tapped: a segment advanced itself, overrun
began, fifteen seconds of overrun or pause went by. `core.room_state` and `core.agenda_clock`
decide what is due; all is done under the same lock as a tap, so a tap and the clock never mix.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Final

from sessions.audit import services as audit
from sessions.core import agenda_clock, room_state
from sessions.core.admission import SeatState
from sessions.core.agenda import AgendaClock, Phase
from sessions.core.refusal import Refuse
from sessions.core.room_state import Due, RoomState
from sessions.live import presence
from sessions.live.presence import Entry, Place, Roster
from sessions.models import Room, Seat
from sessions.rooms import selectors
from sessions.rooms.effects import ChangePresence, Effect, Outcome, Publish, WriteDesired, finish
from sessions.rooms.effects import carry_out as carry_out_effects
from sessions.rooms.locked_room import (
    Clock,
    LockedRoom,
    locked_room,
    me_changed,
    part_changed,
    room_changed,
)
from sessions.rooms.names import RoomName
from sessions.rooms.process import Process
from sessions.rooms.verbs.ending import end_at

REPUBLISH: Final = timedelta(seconds=15)
CHANGING = frozenset({Phase.OVERRUN, Phase.PAUSED})


class RoomsByClock:
    """The clock's doings in the ticker's process. It remembers when it published a room last;
    forgetting (a restart) costs one event too many, nothing else."""

    def __init__(self, process: Process) -> None:
        self._process = process
        self._published: dict[int, datetime] = {}

    async def apply_due(
        self, name: RoomName, now: datetime, *, staffed: bool
    ) -> datetime | Refuse | None:
        """Does what is due at `now`; when to ask again, or None once the room is over. Keeps
        Room.unstaffed_since (`staffed`: staff is connected, in the room).

        Due are: not held at the planned end; ended 15 minutes after the last staff left or 30
        after the planned end; a segment that advances itself; the beginning of overrun; and,
        while in overrun or paused, the room published again every 15 s so that screens agree.
        Refuses `store.down` when Valkey or PostgreSQL is away.
        """
        roster = await self._process.store.run(presence.roster(name.key))
        if isinstance(roster, Refuse):
            return roster
        return await finish(self._process, partial(self._decide, name, roster, now, staffed))

    async def republish(self, name: RoomName) -> Refuse | None:
        """Publishes the room, and makes presence, seats and node what the rows say."""
        roster = await self._process.store.run(presence.roster(name.key))
        if isinstance(roster, Refuse):
            return roster
        clock = self._process.clock.now
        effects = await self._process.database.run(effects_of_rows, name, roster, clock)
        if isinstance(effects, Refuse):
            return effects
        await carry_out_effects(self._process, name.key, effects)
        return None

    def _decide(
        self, name: RoomName, roster: Roster, now: datetime, staffed: bool
    ) -> Outcome[datetime | None]:
        """On a thread, in a transaction."""
        with locked_room(name, None, roster, lambda: now) as locked:
            _keep_staffing(locked, staffed)
            again = self._apply(locked)
        return Outcome(again, name.key, tuple(locked.effects))

    def _apply(self, locked: LockedRoom) -> datetime | None:
        clock = locked.clock()
        due = room_state.by_clock(
            RoomState(locked.room.state), clock.ends_at, locked.room.unstaffed_since, locked.now
        )
        if due is not None:
            _close(locked, due)
            self._published.pop(locked.room.pk, None)
            return None
        if self._has_moved(locked, clock):
            self._published[locked.room.pk] = locked.now
            locked.publish()
        return _ask_again(locked, clock)

    def _has_moved(self, locked: LockedRoom, clock: AgendaClock) -> bool:
        """Since the room was published last: by the clock, or by the tap of the last mark."""
        if clock.phase in (Phase.NOT_STARTED, Phase.ENDED):
            return False
        tapped = locked.marks[-1].at
        published_at = max(tapped, self._published.get(locked.room.pk, tapped))
        before = agenda_clock.read(locked.agenda, locked.marks, published_at)
        if (before.index, before.phase) != (clock.index, clock.phase):
            return True
        return clock.phase in CHANGING and clock.read_at - published_at >= REPUBLISH


def effects_of_rows(name: RoomName, roster: Roster, clock: Clock) -> Sequence[Effect]:
    """What has to be done for the room to be what its rows say. On a thread."""
    room = Room.objects.get(pk=name.pk)
    plan = selectors.planned(room)
    now = agenda_clock.read(plan.agenda, plan.marks, clock())
    seats = {seat.key: seat for seat in room.seats.all()}
    is_over = selectors.state_of(room, now.read_at) in room_state.OVER
    effects: list[Effect] = []
    for entry in roster.entries:
        effects += _as_row(room.key, entry, seats.get(entry.seat), is_over=is_over)
    published = Publish(room_changed(selectors.room_now(room, now)))
    parts: list[Effect] = [Publish(part_changed(row)) for row in room.parts.all()]
    return [*effects, *parts, published, WriteDesired(selectors.facts_for_node(room, now))]


def _as_row(room: str, entry: Entry, seat: Seat | None, *, is_over: bool) -> list[Effect]:
    """Makes one connection what its seat's row says, and tells its owner."""
    own: list[Effect] = [Publish(me_changed(seat))] if seat else []
    if is_over:
        return [ChangePresence(presence.close(room)), *own]
    if seat is None or seat.state == SeatState.REMOVED.value:
        return [ChangePresence(presence.remove(room, entry.seat)), *own]
    microphone = presence.change(
        room, entry.seat, microphone_allowed=seat.microphone_allowed, seat_version=seat.version
    )
    effects: list[Effect] = [ChangePresence(microphone), *own]
    if seat.state == SeatState.ADMITTED.value and entry.place is Place.LOBBY:
        effects.insert(0, ChangePresence(presence.move(room, entry.seat, Place.ROOM)))
    return effects


def _keep_staffing(locked: LockedRoom, staffed: bool) -> None:
    """Room.unstaffed_since: since when nobody of the staff is in the room of a session."""
    room = locked.room
    unstaffed = locked.state in room_state.IN_SESSION and not staffed
    if unstaffed == (room.unstaffed_since is not None):
        return
    room.unstaffed_since = locked.now if unstaffed else None
    locked.save(room)


def _close(locked: LockedRoom, due: Due) -> None:
    """Over, by the clock, at the instant that was due; a mark made since then comes first."""
    at = max([due.at, *(mark.at for mark in locked.marks)])
    if isinstance(end_at(locked, due.event, at), Refuse):
        return
    locked.publish()
    detail = {"rule": due.event.value}
    locked.save(audit.event(None, "room.end", session=locked.session, detail=detail))


def _ask_again(locked: LockedRoom, clock: AgendaClock) -> datetime:
    instants = [locked.now + REPUBLISH]
    if clock.changes_at is not None:
        instants.append(clock.changes_at)
    if clock.phase is Phase.NOT_STARTED:
        instants.append(clock.ends_at)
    return max(min(instants), locked.now)
