"""The room's clockwork: one holder, once a second, for each active room.

Owns the lease of the ticker, which rooms are active, and the order of a tick: sweep presence,
write what is unsaved and the marks, checkpoint, publish again what a crash left unpublished, let
the clock act.
What is due is decided by `by_clock` and what is written by the record (`Recorder`), which is
given. Everything is idempotent: two holders for a moment do no harm. Presence goes on being
swept while PostgreSQL is away, for the rooms that were active then.
"""

import logging
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, Protocol

from django.db.models import Q
from redis.asyncio.lock import Lock
from redis.exceptions import LockNotOwnedError

from sessions.core.refusal import Refuse
from sessions.core.room_state import IN_SESSION, LOBBY_MINUTES, OVER, RoomState
from sessions.live.presence import Swept, sweep
from sessions.live.store import AWAY
from sessions.models import Room
from sessions.rooms.by_clock import RoomsByClock
from sessions.rooms.names import RoomName
from sessions.rooms.process import Process
from sessions.rooms.settle import settle

log = logging.getLogger(__name__)

LEASE_KEY: Final = "ticker:lease"
LEASE_S: Final = 5.0  # a holder that died is followed after this long
LOBBY: Final = timedelta(minutes=LOBBY_MINUTES)
AFTERWARDS: Final = timedelta(minutes=45)  # past the planned end: late leaves, reopening
RECHECK: Final = timedelta(seconds=15)  # a room's clock is looked at this often in any case
DATABASE_RETRY: Final = timedelta(seconds=2)


class Recorder(Protocol):
    """What writes the record in a tick (`rooms.marks`)."""

    async def write_marks(self, process: Process, name: RoomName) -> int | Refuse:
        """Writes the joins and leaves that wait beside the room's stream; how many."""
        ...

    async def checkpoint(self, process: Process, name: RoomName) -> bool | Refuse:
        """Writes who is in the room, once a minute; whether it did."""
        ...


class Tick(StrEnum):
    """How a tick went."""

    DONE = "done"
    IDLE = "idle"  # another process holds the lease
    NO_REDIS = "no_redis"
    NO_DATABASE = "no_database"  # presence was swept all the same


@dataclass(frozen=True, slots=True)
class ActiveRoom:
    """A room that may have people in it, as its row was at the beginning of the tick."""

    name: RoomName
    version: int
    is_closing: bool = False  # over, and not all of its marks are known to be written


@dataclass(slots=True)
class Watch:
    """What the ticker remembers of a room: what its clock was asked about last."""

    asked: tuple[int, bool] | None = None  # (version, staffed)
    ask_at: datetime | None = None
    minute: datetime | None = None  # of the last checkpoint


def active_rooms(now: datetime) -> list[ActiveRoom]:
    """Rooms from the opening of their lobby to 45 minutes past the planned end, any whose end was
    moved beyond that, and any whose marks are not all written, however old. One query."""
    around = Q(session__starts_at__lte=now + LOBBY, session__ends_at__gte=now - AFTERWARDS)
    in_session = Q(state__in=[state.value for state in IN_SESSION])
    unwritten = Q(marks_outstanding=True)
    rows = Room.objects.filter(around | in_session | unwritten).order_by("pk")
    name = ("pk", "key", "session_id", "session__public_id")
    return [
        ActiveRoom(RoomName(*named), version, is_closing=unsaved and RoomState(state) in OVER)
        for version, unsaved, state, *named in rows.values_list(
            "version", "marks_outstanding", "state", *name
        )
    ]


@dataclass(slots=True)
class Ticker:
    """One process's clockwork; `tick` once a second."""

    process: Process
    by_clock: RoomsByClock
    recorder: Recorder
    rooms: list[ActiveRoom] = field(default_factory=list)
    watches: dict[int, Watch] = field(default_factory=dict)
    database_from: datetime | None = None  # not asked before this instant: it is away
    lease: Lock | None = None

    async def tick(self, now: datetime) -> Tick:
        """Looks after every active room, if this process holds the lease or can take it."""
        holds = await self._hold()
        if holds is not Tick.DONE:
            return holds
        await self._find_rooms(now)
        for room in self.rooms:
            if await self._look_after(room, now) is Tick.NO_REDIS:
                return Tick.NO_REDIS
        return Tick.DONE if self._database_answers(now) else Tick.NO_DATABASE

    async def stop(self) -> None:
        """Gives the lease back, so that another process goes on at once."""
        lease, self.lease = self.lease, None
        if lease is None:
            return
        try:
            await lease.release()
        except (*AWAY, LockNotOwnedError):
            log.debug("the ticker's lease had run out")

    async def _hold(self) -> Tick:
        try:
            return Tick.DONE if await self._renewed() or await self._taken() else Tick.IDLE
        except AWAY:
            return Tick.NO_REDIS

    async def _renewed(self) -> bool:
        if self.lease is None:
            return False
        try:
            return bool(await self.lease.reacquire())
        except LockNotOwnedError:
            self.lease = None
            return False

    async def _taken(self) -> bool:
        lease = Lock(self.process.store.client, LEASE_KEY, timeout=LEASE_S, thread_local=False)
        taken = bool(await lease.acquire(blocking=False))
        self.lease = lease if taken else None
        return taken

    def _database_answers(self, now: datetime) -> bool:
        return self.database_from is None or now >= self.database_from

    def _database_is_away(self, now: datetime) -> None:
        self.database_from = now + DATABASE_RETRY

    async def _find_rooms(self, now: datetime) -> None:
        """While PostgreSQL is away the rooms are those that were active before."""
        if not self._database_answers(now):
            return
        found = await self.process.database.run(active_rooms, now)
        if isinstance(found, Refuse):
            self._database_is_away(now)
            return
        self.database_from, self.rooms = None, found
        known = {room.name.pk for room in self.rooms}
        self.watches = {n: watch for n, watch in self.watches.items() if n in known}

    async def _look_after(self, room: ActiveRoom, now: datetime) -> Tick:
        """One room. A fault in one room does not keep the others from being looked after."""
        swept = await self.process.broadcast.send(room.name.key, sweep(room.name.key))
        if isinstance(swept, Refuse):
            return Tick.NO_REDIS
        if not self._database_answers(now):
            return Tick.NO_DATABASE
        try:
            refused = await self._write(room, swept, now) or await self._apply(room, swept, now)
        except Exception:
            log.exception("room %s could not be looked after", room.name.key)
            return Tick.DONE
        if refused is None:
            return Tick.DONE
        self._database_is_away(now)
        return Tick.NO_DATABASE

    async def _write(self, room: ActiveRoom, swept: Swept, now: datetime) -> Refuse | None:
        watch = self.watches.setdefault(room.name.pk, Watch())
        if swept.unsaved and isinstance(late := await settle(self.process, room.name), Refuse):
            return late
        if swept.marks or room.is_closing:
            written = await self.recorder.write_marks(self.process, room.name)
            if isinstance(written, Refuse):
                return written
        minute = now.replace(second=0, microsecond=0)
        if watch.minute != minute:
            done = await self.recorder.checkpoint(self.process, room.name)
            if isinstance(done, Refuse):
                return done
            watch.minute = minute
        return None

    async def _apply(self, room: ActiveRoom, swept: Swept, now: datetime) -> Refuse | None:
        watch = self.watches.setdefault(room.name.pk, Watch())
        if room.version > swept.room_version:
            refused = await self.by_clock.republish(room.name)
            if refused is not None:
                return refused
        asking = (room.version, swept.staffed)
        if watch.asked == asking and watch.ask_at is not None and now < watch.ask_at:
            return None
        again = await self.by_clock.apply_due(room.name, now, staffed=swept.staffed)
        if isinstance(again, Refuse):
            return again
        watch.asked = asking
        watch.ask_at = min(again or now + RECHECK, now + RECHECK)
        return None
