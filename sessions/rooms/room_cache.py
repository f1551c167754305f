"""What a process remembers of rooms, for the time in which no row can be read.

Owns the facts and names of the rooms that were read here last, and what can be said of a room
from them: a snapshot, and the door's last word to a login session whose connection still holds a
seat. The rest comes from presence and is of now: who is there, the room as it was published last.
Names never leave this process for the store. Where anything is missing, the answer is no.
"""

import json
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from sessions.core.admission import SeatState
from sessions.core.parts import PartName
from sessions.core.permissions import Principal, Role
from sessions.core.refusal import Refuse
from sessions.live import presence
from sessions.live.presence import Entry, Place, Roster
from sessions.live.store import Store
from sessions.rooms.selectors import PartState, RoomFacts, RoomNow, RoomRows, SeatFacts
from sessions.rooms.verbs.door import Entered

ROOMS: Final = 500  # the newest; a few kilobytes each
DOWN: Final = Refuse("store.down")


@dataclass(frozen=True, slots=True)
class Remembered:
    """One room as its rows were read last. `now` is None until somebody had a snapshot."""

    facts: RoomFacts
    now: RoomNow | None
    seats: Mapping[str, SeatFacts]


class RoomCache:
    """The rooms of one process, by the session's public id; the oldest is forgotten first."""

    def __init__(self, store: Store, rooms: int = ROOMS) -> None:
        self._store = store
        self._limit = rooms
        self._rooms: OrderedDict[str, Remembered] = OrderedDict()

    def take(
        self,
        session: str,
        facts: RoomFacts,
        seats: Mapping[str, SeatFacts],
        now: RoomNow | None = None,
    ) -> None:
        """Remembers what was read."""
        known = self._rooms.pop(session, None)
        others = known.seats if known else {}
        now = now or (known.now if known else None)
        self._rooms[session] = Remembered(facts, now, {**others, **seats})
        if len(self._rooms) > self._limit:
            self._rooms.popitem(last=False)

    def of(self, session: str) -> Remembered | None:
        """What is known of a session's room."""
        return self._rooms.get(session)

    def forget(self) -> None:
        """Everything, as a new process."""
        self._rooms.clear()

    def rows(self, session: str, roster: Roster, own: SeatFacts) -> RoomRows | None:
        """What a snapshot is made of, or None: somebody in the room whose name is not known here
        would be left out of it, and nobody is invisible in a room."""
        known = self.of(session)
        now = _newest(known.now, roster.published) if known else None
        if known is None or now is None:
            return None
        seats = {**known.seats, own.key: own}
        if any(entry.seat not in seats for entry in roster.entries):
            return None
        parts = {
            PartName(one["part"]): PartState(one["version"], one["state"]) for one in roster.parts
        }
        return RoomRows(roster, known.facts, now, seats, parts)

    async def entered(self, session: str, login: str) -> Entered | Refuse:
        """The door's last word: the seat that a connection of this login session holds now, by a
        lease that runs. Somebody who signed out, was removed, or left, holds none. Refuses
        `store.down` else."""
        known = self.of(session)
        if known is None or not login:
            return DOWN
        holder = await self._store.run(presence.holder(known.facts.key, login))
        if not isinstance(holder, presence.Holder) or holder.entry.seat not in known.seats:
            return DOWN
        entry = holder.entry
        seat = replace(
            known.seats[entry.seat],
            staff=entry.staff,
            state=SeatState.ADMITTED if entry.place is Place.ROOM else SeatState.WAITING,
            microphone_allowed=entry.microphone_allowed,
            version=holder.seat_version,
        )
        principal = _principal(entry, seat.state)
        return Entered(known.facts, seat, principal, entry.place, entry.waiting)


def _principal(entry: Entry, state: SeatState) -> Principal:
    """As this seat, and nothing else that the person may be."""
    role = Role.FACILITATOR if entry.staff else Role.CLIENT
    return Principal(
        signed_in=True,
        roles=frozenset({role}),
        on_roster=not entry.staff,
        staffs_session=entry.staff,
        seat=state,
    )


def _newest(read: RoomNow | None, published: str) -> RoomNow | None:
    """The room as it was published last, unless it was read since."""
    if not published:
        return read
    now = RoomNow.read(json.loads(published))
    return read if read is not None and read.version > now.version else now
