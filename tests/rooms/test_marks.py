"""Joins and leaves on their way into rows: in order, once, whatever is away in between."""

from datetime import timedelta

import pytest
from django.conf import LazySettings
from django.db import OperationalError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sessions.core.reasons import LeaveReason
from sessions.core.refusal import Refuse
from sessions.live import presence
from sessions.live.presence import Joined, Place
from sessions.models import AttendanceCheckpoint, AttendanceMark, Person, Room
from sessions.rooms import marks
from sessions.rooms.marks import instant
from sessions.rooms.names import RoomName
from tests.record.evening import Evening
from tests.rooms.live import with_process
from tests.valkey import connection, run

pytestmark = pytest.mark.django_db(transaction=True)

T0 = 1_760_000_000_000


@pytest.fixture
def evening(transactional_db: None) -> Evening:
    return Evening.make()


def name_of(evening: Evening) -> RoomName:
    room, session = evening.room, evening.session
    return RoomName(room.pk, room.key, session.pk, session.public_id)


def write_marks(evening: Evening) -> int | Refuse:
    """Writes what waits, in a process of its own."""
    return with_process(lambda process: marks.write_marks(process, name_of(evening)))


def checkpoint(evening: Evening) -> bool | Refuse:
    return with_process(lambda process: marks.checkpoint(process, name_of(evening)))


def rows() -> list[tuple[str, str, str]]:
    found = AttendanceMark.objects.order_by("pk").values_list("kind", "connection", "reason")
    return list(found)


def join(evening: Evening, person: Person, socket: str, at_ms: int = T0) -> Joined:
    seat = evening.seat(person)
    joined = run(presence.join(evening.room.key, seat, socket, place=Place.ROOM, clock_ms=at_ms))
    assert isinstance(joined, Joined)
    return joined


def forget_everything(evening: Evening) -> None:
    """Redis restarted: it never persists."""
    connection().delete(*presence.sweep(evening.room.key).keys())


def test_joins_and_leaves_become_rows_in_order_and_once(evening: Evening) -> None:
    sam = evening.client("Sam")
    join(evening, sam, "c1")
    join(evening, sam, "c2", T0 + 1_500)
    run(presence.remove(evening.room.key, evening.seat(sam), clock_ms=T0 + 2_000))

    assert write_marks(evening) == 4
    assert write_marks(evening) == 0
    assert rows() == [
        ("join", "c1", ""),
        ("leave", "c1", "replaced"),
        ("join", "c2", ""),
        ("leave", "c2", "removed"),
    ]
    times = AttendanceMark.objects.order_by("pk").values_list("at", flat=True)
    assert list(times) == [instant(T0 + n) for n in (0, 1_500, 1_500, 2_000)]


def test_door_and_live_fields_make_no_rows(evening: Evening) -> None:
    seat = evening.seat(evening.dana)
    run(presence.join(evening.room.key, seat, "c1", place=Place.LOBBY))
    run(presence.change(evening.room.key, seat, microphone=True))
    assert write_marks(evening) == 0
    assert rows() == []


def test_rows_already_written_are_not_written_again(evening: Evening) -> None:
    """Kills: a cursor that alone keeps marks from being doubled."""
    sam = evening.client("Sam")
    join(evening, sam, "c1")
    write_marks(evening)
    Room.objects.filter(pk=evening.room.pk).update(marks_epoch="", marks_seq=0)
    write_marks(evening)
    assert rows() == [("join", "c1", "")]


def test_new_epoch_is_written_from_its_beginning(evening: Evening) -> None:
    sam = evening.client("Sam")
    for n in range(3):
        join(evening, sam, f"c{n}")
    write_marks(evening)
    forget_everything(evening)
    join(evening, sam, "c2", T0 + 9_000)

    assert write_marks(evening) == 1
    assert write_marks(evening) == 0
    assert rows()[-1] == ("join", "c2", "")
    assert AttendanceMark.objects.values("epoch").distinct().count() == 2


def test_marks_wait_while_postgresql_is_away(
    evening: Evening, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Kills: trimming what waits when it is read, not when it is written."""
    sam = evening.client("Sam")
    join(evening, sam, "c1")

    def lost(*_: object, **__: object) -> None:
        raise OperationalError

    with monkeypatch.context() as outage:
        outage.setattr(AttendanceMark.objects, "bulk_create", lost)
        assert write_marks(evening) == Refuse("store.down")
    run(presence.remove(evening.room.key, evening.seat(sam), LeaveReason.LOST))

    assert write_marks(evening) == 2
    assert [kind for kind, _, _ in rows()] == ["join", "leave"]


def test_mark_of_a_seat_without_a_row_is_passed_over(
    evening: Evening, caplog: pytest.LogCaptureFixture
) -> None:
    sam = evening.client("Sam")
    run(presence.join(evening.room.key, "nobody", "c0", place=Place.ROOM))
    join(evening, sam, "c1")
    assert write_marks(evening) == 1
    assert rows() == [("join", "c1", "")]
    assert "belong to no seat" in caplog.text
    assert write_marks(evening) == 0


def test_more_than_one_transaction_of_marks_is_written_piece_by_piece(
    evening: Evening, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sessions.live.stream.MARKS_LIMIT", 3)
    sam = evening.client("Sam")
    for n in range(4):
        join(evening, sam, f"c{n}")
    assert [write_marks(evening) for _ in range(4)] == [3, 3, 1, 0]
    assert [socket for kind, socket, _ in rows() if kind == "join"] == ["c0", "c1", "c2", "c3"]


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(steps=st.lists(st.sampled_from(["join", "leave", "write", "restart"]), max_size=12))
def test_every_join_and_leave_becomes_a_row_once_wherever_it_is_written(
    evening: Evening, steps: list[str]
) -> None:
    """Whenever the writer runs, rows are what happened, in order, except what Redis lost before
    it was written. Kills: a cursor kept across epochs; a trim one too far."""
    AttendanceMark.objects.all().delete()
    forget_everything(evening)
    expected: list[tuple[str, str, str]] = []
    waiting: list[tuple[str, str, str]] = []
    inside: Joined | None = None
    for number, step in enumerate(steps):
        if step == "join" and inside is None:
            inside = join(evening, evening.dana, f"c{number}")
            socket = f"c{number}"
            waiting.append(("join", socket, ""))
        elif step == "leave" and inside is not None:
            seat = evening.seat(evening.dana)
            run(presence.leave(evening.room.key, seat, socket, inside.generation))
            waiting.append(("leave", socket, "left"))
            inside = None
        elif step == "write":
            write_marks(evening)
            expected, waiting = expected + waiting, []
        elif step == "restart":
            forget_everything(evening)
            waiting, inside = [], None
    write_marks(evening)
    assert rows() == expected + waiting


# ---- checkpoints -------------------------------------------------------------------------------


def test_checkpoint_names_who_is_in_the_room_at_redis_time(evening: Evening) -> None:
    sam, ann = evening.client("Sam"), evening.client("Ann")
    seats = [(evening.seat(sam), Place.ROOM), (evening.seat(ann), Place.LOBBY)]
    for seat, place in seats:
        run(presence.join(evening.room.key, seat, f"c{place}", place=place))
    assert checkpoint(evening) is True

    (row,) = AttendanceCheckpoint.objects.all()
    assert row.persons == [sam.pk]
    roster = run(presence.roster(evening.room.key))
    assert isinstance(roster, presence.Roster)
    assert abs(row.at - instant(roster.now_ms)) < timedelta(minutes=1)


def test_checkpoint_of_an_empty_room_is_not_written(evening: Evening) -> None:
    assert checkpoint(evening) is False
    assert not AttendanceCheckpoint.objects.exists()


def test_checkpoint_is_written_once_a_minute(
    evening: Evening, monkeypatch: pytest.MonkeyPatch
) -> None:
    join(evening, evening.dana, "c1")
    minute = T0 - T0 % 60_000
    written = []
    for at_ms in (minute + 1, minute + 59_999, minute + 60_000):
        call = presence.roster(evening.room.key, clock_ms=at_ms)
        monkeypatch.setattr(marks, "roster", lambda _room, call=call: call)
        written.append(checkpoint(evening))
    assert written == [True, False, True]


def test_redis_away_is_said_and_changes_no_row(evening: Evening, settings: LazySettings) -> None:
    join(evening, evening.dana, "c1")
    settings.REDIS_URL = "redis://127.0.0.1:1/0"  # nobody listens there
    assert write_marks(evening) == Refuse("store.down")
    assert checkpoint(evening) == Refuse("store.down")
    assert rows() == []
