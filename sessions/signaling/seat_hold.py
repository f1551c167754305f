"""One connection's hold on its seat in presence: taking it, and speaking as its holder.

Owns the order of the two: a join changes the generation, so nothing is said with the one of
before while a join is under way. Knows no stream and no messages.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from sessions.core.refusal import Refuse
from sessions.live import presence
from sessions.live.presence import Applied, Arriving, Place, Roster
from sessions.live.store import Call
from sessions.rooms.process import Process
from sessions.signaling.reading import Viewer

FILLING_S: Final = 0.6


@dataclass(frozen=True, slots=True)
class Says:
    """What is said of a seat's devices: `microphone` and `camera` by its browser, `arriving` by
    the node."""

    microphone: bool
    camera: bool
    arriving: Arriving | None


def keys_of(viewer: Viewer) -> tuple[str, str, str, int]:
    """What names a connection before presence."""
    return viewer.facts.key, viewer.seat.key, viewer.connection, viewer.generation


class SeatHold:
    """The hold of one connection. `login` is the digest of its login session."""

    def __init__(self, process: Process, login: str) -> None:
        self._process = process
        self._login = login
        self._claim = 0  # the first generation
        self._epoch = ""  # in which the seat was taken last
        self._seat = asyncio.Lock()

    async def take(self, viewer: Viewer, place: Place, says: Says, *, new: bool) -> Refuse | None:
        """Takes the seat. `new`: by a page that was not in this room before, which ends the
        media of another one."""
        async with self._seat:
            room, seat = viewer.facts.key, viewer.seat.key
            known = viewer.media_generation
            desired = self._process.desired
            media = await desired.generation_of(room, seat, known=known, new=new)
            if isinstance(media, Refuse):
                return media
            joining = self._joining(viewer, place, says, new=new)
            joined = await self._process.broadcast.send(room, joining)
            if isinstance(joined, Refuse):
                return joined
            viewer.generation, viewer.media_generation = joined.generation, media
            self._claim, self._epoch = self._claim or joined.generation, joined.epoch
            return None

    async def send(
        self, viewer: Viewer, make: Callable[[Viewer], Call[Applied]], *, gathered: bool = False
    ) -> Applied | Refuse:
        """A call that only the holder may make, with the generation of now. `gathered`: with
        those of others, since nobody waits for it."""
        async with self._seat:
            room = viewer.facts.key
            return await self._process.broadcast.send(room, make(viewer), gathered=gathered)

    def was_taken(self, viewer: Viewer, roster: Roster) -> bool:
        """Whether another connection has taken the seat since this one did. The event of it came
        before the roster was read, so nothing more is heard of it."""
        return roster.has_newer(viewer.seat.key, self._epoch, viewer.generation)

    async def filled(self, viewer: Viewer) -> None:
        """In a new epoch, waits while the others register too: a page that shows half a room
        says that the other half has left."""
        if viewer.epoch not in ("", self._epoch):
            await asyncio.sleep(FILLING_S)

    def _joining(
        self, viewer: Viewer, place: Place, says: Says, *, new: bool
    ) -> Call[presence.Joined | Refuse]:
        seat = viewer.seat
        return presence.join(
            viewer.facts.key,
            seat.key,
            viewer.connection,
            place=place,
            staff=seat.staff,
            microphone=says.microphone and seat.microphone_allowed,
            microphone_allowed=seat.microphone_allowed,
            seat_version=seat.version,
            camera=says.camera,
            arriving=says.arriving,
            new=new,
            waiting=viewer.waiting,
            login=self._login,
            claim=self._claim,
        )
