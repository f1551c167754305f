"""Attendance marks and checkpoints: what presence saw, written to rows.

Owns the cursor (Room.marks_epoch, Room.marks_seq): joins and leaves wait beside the room's
stream until a transaction has written them, in order and once. Times are Redis's clock.
Computes no minutes. With PostgreSQL away these raise Django's OperationalError and what waits
goes on waiting; with Redis away they answer `store.down`.
"""

import logging
from collections.abc import Iterable
from datetime import UTC, datetime

from django.db import transaction

from sessions.core.refusal import Refuse
from sessions.live.presence import Place, roster
from sessions.live.store import Call, run
from sessions.live.stream import Marks, PresenceMark, marks_after
from sessions.models import AttendanceCheckpoint, AttendanceMark, Room, Seat

log = logging.getLogger(__name__)


def write_marks(room_id: int) -> int | Refuse:
    """Writes the joins and leaves that wait; how many. A second call writes nothing.

    The first look takes no lock: most of the time nothing waits.
    """
    room = Room.objects.only("key", "marks_epoch", "marks_seq").get(pk=room_id)
    waiting = run(_after_cursor(room))
    if isinstance(waiting, Refuse):
        return waiting
    if not waiting.marks:
        return 0
    return _write_locked(room_id)


def _write_locked(room_id: int) -> int | Refuse:
    with transaction.atomic():
        room = Room.objects.select_for_update().get(pk=room_id)
        waiting = run(_after_cursor(room))
        if isinstance(waiting, Refuse) or not waiting.marks:
            return waiting if isinstance(waiting, Refuse) else 0
        rows = _rows(room, waiting)
        AttendanceMark.objects.bulk_create(rows, ignore_conflicts=True)
        room.marks_epoch, room.marks_seq = waiting.epoch, waiting.marks[-1].seq
        room.save(update_fields=["marks_epoch", "marks_seq"])
        return len(rows)


def _after_cursor(room: Room) -> Call[Marks]:
    return marks_after(room.key, room.marks_epoch, room.marks_seq)


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


def checkpoint(room_id: int) -> bool | Refuse:
    """Writes who is in the room now, at most once in each minute; whether it did.

    An empty room is not written: a checkpoint only says whom it saw.
    """
    room = Room.objects.only("key", "session_id").get(pk=room_id)
    now = run(roster(room.key))
    if isinstance(now, Refuse):
        return now
    inside = now.at(Place.ROOM)
    persons = _persons(room, {entry.seat for entry in inside})
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
