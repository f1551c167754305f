"""Attendance marks and checkpoints: what presence saw, written to rows.

Owns the cursor (Room.marks_epoch, Room.marks_seq): joins and leaves wait beside the room's
stream until a transaction has written them, in order and once. Times are Valkey's clock. A room
that is over and has written everything is settled: its sheet is closed, and a digest of it goes
into the audit. Computes no minutes. With PostgreSQL or Valkey away these answer `store.down`, and
what waits goes on waiting.
"""

import logging
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from sessions.audit.sheets import close_sheet
from sessions.core.refusal import Refuse
from sessions.core.room_state import OVER, RoomState
from sessions.live.presence import Place, Roster, roster
from sessions.live.stream import Marks, PresenceMark, marks_after
from sessions.models import AttendanceCheckpoint, AttendanceMark, Room, Seat
from sessions.rooms.names import RoomName

if TYPE_CHECKING:
    from sessions.rooms.process import Process

log = logging.getLogger(__name__)


async def write_marks(process: "Process", name: RoomName) -> int | Refuse:
    """Writes the joins and leaves that wait; how many. A second call writes nothing."""
    cursor = await process.database.run(_cursor, name)
    if isinstance(cursor, Refuse):
        return cursor
    there = await process.store.run(roster(name.key))  # before what waits: leaving makes marks
    if isinstance(there, Refuse):
        return there
    waiting = await process.store.run(marks_after(name.key, *cursor))
    if isinstance(waiting, Refuse):
        return waiting
    if waiting.marks:
        return await process.database.run(_write, name, cursor, waiting)
    if not there.entries:
        return await process.database.run(_close, name, cursor)
    return 0


async def write_all_marks(process: "Process", name: RoomName) -> Refuse | None:
    """Writes all that waits, in pieces, and closes the sheet of a room that is over."""
    while True:
        written = await write_marks(process, name)
        if isinstance(written, Refuse):
            return written
        if not written:
            return None


def _cursor(name: RoomName) -> tuple[str, int]:
    return Room.objects.values_list("marks_epoch", "marks_seq").get(pk=name.pk)


def _close(name: RoomName, cursor: tuple[str, int]) -> int:
    """In the caller's transaction. Nobody is connected and nothing waits: if the room is over, its
    sheet is closed, until somebody comes in after a reopening."""
    room = Room.objects.select_for_update().get(pk=name.pk)
    is_over = RoomState(room.state) in OVER
    if not (room.marks_outstanding and is_over and (room.marks_epoch, room.marks_seq) == cursor):
        return 0
    room.marks_outstanding = False
    room.save(update_fields=["marks_outstanding"])
    if room.state == RoomState.ENDED.value:
        close_sheet(room.session)
    return 0


def _write(name: RoomName, cursor: tuple[str, int], waiting: Marks) -> int:
    """In the caller's transaction. When somebody else has moved the cursor meanwhile, nothing:
    the next call reads from there."""
    room = Room.objects.select_for_update().get(pk=name.pk)
    if (room.marks_epoch, room.marks_seq) != cursor:
        return 0
    rows = _rows(room, waiting)
    AttendanceMark.objects.bulk_create(rows, ignore_conflicts=True)
    room.marks_epoch, room.marks_seq = waiting.epoch, waiting.marks[-1].seq
    room.save(update_fields=["marks_epoch", "marks_seq"])
    return len(rows)


def _rows(room: Room, waiting: Marks) -> list[AttendanceMark]:
    """A seat without a row is nobody's: its mark is passed over, and said."""
    persons = _persons(room, {mark.seat for mark in waiting.marks})
    unknown = sum(mark.seat not in persons for mark in waiting.marks)
    if unknown:
        log.warning("%d marks of room %s belong to no seat", unknown, room.key)
    return [
        _row(room, waiting.epoch, mark, persons[mark.seat])
        for mark in waiting.marks
        if mark.seat in persons
    ]


def _row(room: Room, epoch: str, mark: PresenceMark, person: int) -> AttendanceMark:
    return AttendanceMark(
        session_id=room.session_id,
        person_id=person,
        at=instant(mark.at_ms),
        kind=mark.kind,
        reason=mark.reason,
        connection=mark.connection,
        epoch=epoch,
        seq=mark.seq,
    )


async def checkpoint(process: "Process", name: RoomName) -> bool | Refuse:
    """Writes who is in the room now, at most once in each minute; whether it did.

    An empty room is not written: a checkpoint only lists who was there.
    """
    now = await process.store.run(roster(name.key))
    if isinstance(now, Refuse):
        return now
    return await process.database.run(_checkpoint, name, now)


def _checkpoint(name: RoomName, now: Roster) -> bool:
    """In the caller's transaction."""
    room = Room.objects.only("key", "session_id").get(pk=name.pk)
    persons = _persons(room, {entry.seat for entry in now.at(Place.ROOM)})
    at = instant(now.now_ms)
    if not persons or _has_checkpoint(room, at):
        return False
    AttendanceCheckpoint.objects.get_or_create(
        session_id=room.session_id, at=at, defaults={"persons": sorted(persons.values())}
    )
    return True


def _has_checkpoint(room: Room, at: datetime) -> bool:
    minute = at.replace(second=0, microsecond=0)
    return AttendanceCheckpoint.objects.filter(
        session_id=room.session_id, at__gte=minute, at__lte=at
    ).exists()


def _persons(room: Room, seats: Iterable[str]) -> dict[str, int]:
    """The person of each seat of this room."""
    rows = Seat.objects.filter(room=room, key__in=list(seats))
    return dict(rows.values_list("key", "person_id"))


def instant(milliseconds: int) -> datetime:
    """From milliseconds since 1970, exactly."""
    seconds, rest = divmod(milliseconds, 1000)
    return datetime.fromtimestamp(seconds, UTC).replace(microsecond=rest * 1000)
