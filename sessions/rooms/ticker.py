"""The room's clockwork: one holder, once a second, for each active room.

Owns the lease of the ticker, which rooms are active, and the order of a tick: sweep presence,
write what is owed and the marks, checkpoint, publish again what a crash left untold, let the
clock's verbs act.
What is due is decided by the room's services (`RoomVerbs`) and what is written by the record
(`Recorder`); both are given. Everything is idempotent: two holders for a moment do no harm.
Presence goes on being swept while PostgreSQL is away, for the rooms that were active then.
"""

import logging
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, Protocol

from django.db import InterfaceError, OperationalError
from django.db.models import Q
from redis.exceptions import LockNotOwnedError
from redis.lock import Lock

from sessions.core.refusal import Refuse
from sessions.core.room_state import IN_SESSION, LOBBY_MINUTES
from sessions.live.broadcast import send
from sessions.live.presence import Swept, sweep
from sessions.live.store import AWAY, connection
from sessions.models import Room

log = logging.getLogger(__name__)

LEASE_KEY: Final = "ticker:lease"
LEASE_S: Final = 5.0  # a holder that died is followed after this long
LOBBY: Final = timedelta(minutes=LOBBY_MINUTES)
AFTERWARDS: Final = timedelta(minutes=45)  # past the planned end: late leaves, reopening
RECHECK: Final = timedelta(seconds=15)  # a room's clock is looked at this often in any case
DATABASE_RETRY: Final = timedelta(seconds=2)
DATABASE_AWAY = (OperationalError, InterfaceError)


class RoomVerbs(Protocol):
    """What the room's services do when the clock says so (`rooms.services_clock`)."""

    def apply_due(self, room_id: int, now: datetime, *, staffed: bool) -> datetime | None:
        """Does what is due at `now` and tells when it wants to be asked again.

        Keeps Room.unstaffed_since (`staffed`: staff is connected, in the room). Due are: not
        held at the planned end; ended 15 minutes after the last staff left or 30 after the
        planned end; a segment that advances itself; the beginning of overrun; and, while in
        overrun or paused, the room told again every 15 s so that screens agree. Asked again
        at the instant returned, when the row's version or `staffed` has changed, and every
        15 s in any case. Raises OperationalError when PostgreSQL is away.
        """
        ...

    def settle(self, room_id: int) -> int | Refuse:
        """Writes what staff did to the live state while PostgreSQL was away; how many verbs."""
        ...

    def republish(self, room_id: int) -> None:
        """Tells the room's state (`room.changed`) and each seat's, as the rows have them."""
        ...


class Recorder(Protocol):
    """What the record does in a tick (`record.marks`)."""

    def write_marks(self, room_id: int) -> int | Refuse:
        """Writes the joins and leaves that wait beside the room's stream; how many."""
        ...

    def checkpoint(self, room_id: int) -> bool | Refuse:
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

    room_id: int
    key: str
    version: int


@dataclass(slots=True)
class Watch:
    """What the ticker remembers of a room: what its clock was asked about last."""

    asked: tuple[int, bool] | None = None  # (version, staffed)
    ask_at: datetime | None = None
    minute: datetime | None = None  # of the last checkpoint


def active_rooms(now: datetime) -> list[ActiveRoom]:
    """Rooms from the opening of their lobby to 45 minutes past the planned end, and any whose
    end was moved beyond that. One query."""
    around = Q(session__starts_at__lte=now + LOBBY, session__ends_at__gte=now - AFTERWARDS)
    in_session = Q(state__in=[state.value for state in IN_SESSION])
    rows = Room.objects.filter(around | in_session).order_by("pk")
    return [ActiveRoom(*row) for row in rows.values_list("pk", "key", "version")]


@dataclass(slots=True)
class Ticker:
    """One process's clockwork; `tick` once a second, from one thread."""

    verbs: RoomVerbs
    recorder: Recorder
    rooms: list[ActiveRoom] = field(default_factory=list)
    watches: dict[int, Watch] = field(default_factory=dict)
    database_from: datetime | None = None  # not asked before this instant: it is away
    lease: Lock | None = None

    def tick(self, now: datetime) -> Tick:
        """Looks after every active room, if this process holds the lease or can take it."""
        holds = self._hold()
        if holds is not Tick.DONE:
            return holds
        self._find_rooms(now)
        for room in self.rooms:
            if self._look_after(room, now) is Tick.NO_REDIS:
                return Tick.NO_REDIS
        return Tick.DONE if self._database_answers(now) else Tick.NO_DATABASE

    def stop(self) -> None:
        """Gives the lease back, so that another process goes on at once."""
        lease, self.lease = self.lease, None
        if lease is None:
            return
        try:
            lease.release()
        except (*AWAY, LockNotOwnedError):
            log.debug("the ticker's lease had run out")

    def _hold(self) -> Tick:
        try:
            return Tick.DONE if self._renewed() or self._taken() else Tick.IDLE
        except AWAY:
            return Tick.NO_REDIS

    def _renewed(self) -> bool:
        if self.lease is None:
            return False
        try:
            return bool(self.lease.reacquire())
        except LockNotOwnedError:
            self.lease = None
            return False

    def _taken(self) -> bool:
        lease = Lock(connection(), LEASE_KEY, timeout=LEASE_S, thread_local=False)
        taken = bool(lease.acquire(blocking=False))
        self.lease = lease if taken else None
        return taken

    def _database_answers(self, now: datetime) -> bool:
        return self.database_from is None or now >= self.database_from

    def _database_is_away(self, now: datetime) -> None:
        self.database_from = now + DATABASE_RETRY

    def _find_rooms(self, now: datetime) -> None:
        """While PostgreSQL is away the rooms are those that were active before."""
        if not self._database_answers(now):
            return
        try:
            self.rooms = active_rooms(now)
        except DATABASE_AWAY:
            self._database_is_away(now)
            return
        self.database_from = None
        known = {room.room_id for room in self.rooms}
        self.watches = {n: watch for n, watch in self.watches.items() if n in known}

    def _look_after(self, room: ActiveRoom, now: datetime) -> Tick:
        """One room. A fault in one room does not keep the others from being looked after."""
        swept = send(room.key, sweep(room.key))
        if isinstance(swept, Refuse):
            return Tick.NO_REDIS
        if not self._database_answers(now):
            return Tick.NO_DATABASE
        try:
            self._write(room, swept, now)
            self._apply(room, swept, now)
        except DATABASE_AWAY:
            self._database_is_away(now)
            return Tick.NO_DATABASE
        except Exception:
            log.exception("room %s could not be looked after", room.key)
        return Tick.DONE

    def _write(self, room: ActiveRoom, swept: Swept, now: datetime) -> None:
        watch = self.watches.setdefault(room.room_id, Watch())
        if swept.owed:
            self.verbs.settle(room.room_id)
        if swept.marks:
            self.recorder.write_marks(room.room_id)
        minute = now.replace(second=0, microsecond=0)
        if watch.minute != minute:
            self.recorder.checkpoint(room.room_id)
            watch.minute = minute

    def _apply(self, room: ActiveRoom, swept: Swept, now: datetime) -> None:
        watch = self.watches.setdefault(room.room_id, Watch())
        if room.version > swept.room_version:
            self.verbs.republish(room.room_id)
        asking = (room.version, swept.staffed)
        if watch.asked == asking and watch.ask_at is not None and now < watch.ask_at:
            return
        again = self.verbs.apply_due(room.room_id, now, staffed=swept.staffed)
        watch.asked = asking
        watch.ask_at = min(again or now + RECHECK, now + RECHECK)
