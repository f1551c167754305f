"""The clockwork, tick by tick: real rows, a real Valkey, verbs that remember being asked."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from unittest import mock

import pytest
from django.db import OperationalError

from sessions.core.refusal import Refuse
from sessions.core.room_state import RoomState
from sessions.live import broadcast, presence, store
from sessions.live.presence import Place, Roster
from sessions.live.stream import Audience, Draft, Kind
from sessions.models import AttendanceCheckpoint, AttendanceMark, Room
from sessions.record import marks
from sessions.rooms import ticker
from sessions.rooms.ticker import LEASE_KEY, RECHECK, Tick, Ticker, active_rooms
from tests.record.evening import Evening, at


@dataclass
class Verbs:
    """The room's services, as the ticker sees them: they raise the version, they publish."""

    asked: list[tuple[int, bool]] = field(default_factory=list)
    again: datetime | None = None
    fails: Exception | None = None

    def apply_due(self, room_id: int, now: datetime, *, staffed: bool) -> datetime | None:
        self.asked.append((room_id, staffed))
        if self.fails:
            raise self.fails
        return self.again

    def settle(self, room_id: int) -> int:
        return 0

    def republish(self, room_id: int) -> None:
        room = Room.objects.get(pk=room_id)
        broadcast.publish(room.key, Draft(Kind.ROOM_CHANGED, Audience.EVERYONE, room.version))


@pytest.fixture
def verbs() -> Verbs:
    return Verbs()


@pytest.fixture
def clockwork(verbs: Verbs) -> Ticker:
    store.connection().delete(LEASE_KEY)
    return Ticker(verbs, marks)


@pytest.fixture
def evening(db: None) -> Evening:
    return Evening.make()


def enter(evening: Evening, *, clock_ms: int | None = None) -> None:
    seat = evening.seat(evening.dana)
    store.run(
        presence.join(evening.room.key, seat, "c1", place=Place.ROOM, staff=True, clock_ms=clock_ms)
    )


def entries(evening: Evening) -> int:
    roster = store.run(presence.roster(evening.room.key))
    assert isinstance(roster, Roster)
    return len(roster.entries)


def raise_version(evening: Evening) -> None:
    evening.room.version += 1
    evening.room.save()


def test_room_is_active_from_its_lobby_to_45_minutes_past_its_planned_end(
    evening: Evening,
) -> None:
    minutes = [-15.1, -15, 0, 90, 135, 135.1]
    assert [len(active_rooms(at(n))) for n in minutes] == [0, 1, 1, 1, 1, 0]


def test_room_whose_end_was_moved_stays_active_while_it_goes_on(evening: Evening) -> None:
    evening.room.state = RoomState.PAUSED.value
    evening.room.save()
    assert len(active_rooms(at(600))) == 1


def test_tick_sweeps_the_silent_and_writes_their_leave(evening: Evening, clockwork: Ticker) -> None:
    enter(evening, clock_ms=1_000)  # long ago
    assert clockwork.tick(at(1)) is Tick.DONE

    assert entries(evening) == 0
    written = AttendanceMark.objects.order_by("pk").values_list("kind", "reason")
    assert list(written) == [("join", ""), ("leave", "lost")]


def test_tick_checkpoints_once_a_minute(evening: Evening, clockwork: Ticker) -> None:
    enter(evening)
    with mock.patch.object(marks, "checkpoint", wraps=marks.checkpoint) as asked:
        for seconds in (0, 1, 59, 60):
            clockwork.tick(at(1) + timedelta(seconds=seconds))
    assert asked.call_count == 2
    assert AttendanceCheckpoint.objects.get(session=evening.session, persons=[evening.dana.pk])


def test_tick_publishes_a_room_whose_version_is_ahead_of_its_stream(
    evening: Evening, clockwork: Ticker
) -> None:
    """A crash between commit and publish. Kills: looking at the row's version alone."""
    raise_version(evening)
    assert version_told(evening) == 0
    clockwork.tick(at(1))
    assert version_told(evening) == 1
    seq = position(evening)
    clockwork.tick(at(2))
    assert position(evening) == seq  # told once


def test_tick_publishes_every_room_again_when_redis_came_back_empty(
    evening: Evening, clockwork: Ticker
) -> None:
    raise_version(evening)
    clockwork.tick(at(1))
    store.connection().delete(*presence.sweep(evening.room.key).keys())
    clockwork.tick(at(2))
    assert version_told(evening) == 1


def version_told(evening: Evening) -> int:
    roster = store.run(presence.roster(evening.room.key))
    assert isinstance(roster, Roster)
    return roster.room_version


def position(evening: Evening) -> int:
    roster = store.run(presence.roster(evening.room.key))
    assert isinstance(roster, Roster)
    return roster.seq


def test_clock_is_asked_when_it_said_when_something_changed_and_every_15_s(
    evening: Evening, clockwork: Ticker, verbs: Verbs
) -> None:
    verbs.again = at(1) + timedelta(seconds=5)

    def asked(seconds: int) -> int:
        verbs.asked.clear()
        clockwork.tick(at(1) + timedelta(seconds=seconds))
        return len(verbs.asked)

    assert [asked(n) for n in (0, 1, 4, 5)] == [1, 0, 0, 1]
    raise_version(evening)
    assert [asked(n) for n in (6, 7)] == [1, 1]  # `again` lies behind by now
    verbs.again = at(60)
    assert [asked(n) for n in (8, 9)] == [1, 0]
    enter(evening)
    assert [asked(n) for n in (10, 11)] == [1, 0]  # staff came
    assert verbs.asked == []
    later = 10 + int(RECHECK.total_seconds())
    assert [asked(n) for n in (later - 1, later)] == [0, 1]


def test_clock_is_told_whether_staff_is_in_the_room(
    evening: Evening, clockwork: Ticker, verbs: Verbs
) -> None:
    clockwork.tick(at(1))
    enter(evening)
    clockwork.tick(at(2))
    assert verbs.asked == [(evening.room.pk, False), (evening.room.pk, True)]


def test_second_ticker_is_idle_until_the_first_stops(
    evening: Evening, clockwork: Ticker, verbs: Verbs
) -> None:
    second = Ticker(verbs, marks)
    assert [clockwork.tick(at(1)), second.tick(at(1)), clockwork.tick(at(2))] == [
        Tick.DONE,
        Tick.IDLE,
        Tick.DONE,
    ]
    clockwork.stop()
    assert [second.tick(at(3)), clockwork.tick(at(3))] == [Tick.DONE, Tick.IDLE]


def test_ticker_whose_lease_ran_out_does_not_take_it_back_from_another(
    evening: Evening, clockwork: Ticker, verbs: Verbs
) -> None:
    clockwork.tick(at(1))
    store.connection().delete(LEASE_KEY)  # it slept too long
    assert Ticker(verbs, marks).tick(at(2)) is Tick.DONE
    assert clockwork.tick(at(2)) is Tick.IDLE
    clockwork.stop()


def test_fault_in_one_room_leaves_the_others_looked_after(
    evening: Evening, clockwork: Ticker, verbs: Verbs, caplog: pytest.LogCaptureFixture
) -> None:
    verbs.fails = ZeroDivisionError()
    enter(evening, clock_ms=1_000)
    assert clockwork.tick(at(1)) is Tick.DONE
    assert entries(evening) == 0
    assert evening.room.key in caplog.text


def test_postgresql_away_leaves_presence_swept(
    evening: Evening, clockwork: Ticker, verbs: Verbs
) -> None:
    """Ghosts go while rows cannot be written; what they leave is written afterwards."""
    clockwork.tick(at(1))
    enter(evening, clock_ms=1_000)
    with mock.patch.object(ticker, "active_rooms", side_effect=OperationalError):
        assert clockwork.tick(at(2)) is Tick.NO_DATABASE
        assert entries(evening) == 0
    assert not AttendanceMark.objects.exists()
    assert clockwork.tick(at(3)) is Tick.DONE
    assert AttendanceMark.objects.count() == 2


def test_postgresql_that_went_away_is_not_asked_at_every_tick(
    evening: Evening, clockwork: Ticker
) -> None:
    """Each attempt may wait two seconds for a connection: sweeping must not wait with it."""
    with mock.patch.object(ticker, "active_rooms", side_effect=OperationalError) as asked:
        for seconds in (0, 1, 2):
            clockwork.tick(at(1) + timedelta(seconds=seconds))
    assert asked.call_count == 2


def test_redis_away_ends_the_tick_at_once(
    evening: Evening, clockwork: Ticker, verbs: Verbs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ticker, "send", lambda _room, _call: Refuse("store.down"))
    assert clockwork.tick(at(1)) is Tick.NO_REDIS
    assert verbs.asked == []
