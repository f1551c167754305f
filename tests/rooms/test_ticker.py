"""The clockwork, tick by tick: real rows, a real Valkey, a clock that remembers being asked."""

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest

from sessions.core.refusal import Refuse
from sessions.core.room_state import RoomState
from sessions.live import presence
from sessions.live.presence import Place, Roster
from sessions.live.stream import Audience, Draft, Kind
from sessions.models import AttendanceCheckpoint, AttendanceMark, Room
from sessions.rooms import marks
from sessions.rooms.by_clock import RoomsByClock
from sessions.rooms.names import RoomName
from sessions.rooms.process import Process
from sessions.rooms.ticker import LEASE_KEY, RECHECK, Tick, Ticker, active_rooms
from tests.record.evening import Evening, at
from tests.valkey import connection, run

DOWN = Refuse("store.down")


class PlayedRooms(RoomsByClock):
    """The clock's doings as the ticker sees them: asked, they say when to ask again."""

    def __init__(self, process: Process) -> None:
        super().__init__(process)
        self.process = process
        self.asked: list[tuple[int, bool]] = []
        self.again: datetime | None = None
        self.fails: Exception | None = None

    async def apply_due(
        self, name: RoomName, now: datetime, *, staffed: bool
    ) -> datetime | Refuse | None:
        self.asked.append((name.pk, staffed))
        if self.fails:
            raise self.fails
        return self.again

    async def republish(self, name: RoomName) -> Refuse | None:
        version = await self.process.database.run(version_of, name.pk)
        assert isinstance(version, int)
        draft = Draft(
            Kind.ROOM_CHANGED,
            Audience.EVERYONE,
            version,
            payload={"version": version},
            room_version=version,
        )
        await self.process.broadcast.publish(name.key, draft)
        return None


def version_of(room: int) -> int:
    return Room.objects.get(pk=room).version


@dataclass
class CountedMarks:
    """The record, and how often it was asked for a checkpoint."""

    checkpoints: int = 0

    async def write_marks(self, process: Process, name: RoomName) -> int | Refuse:
        return await marks.write_marks(process, name)

    async def checkpoint(self, process: Process, name: RoomName) -> bool | Refuse:
        self.checkpoints += 1
        return await marks.checkpoint(process, name)


@dataclass
class NoDatabase:
    """PostgreSQL is away; how often it was asked all the same."""

    asked: int = 0

    async def run(self, *_: Any) -> Refuse:
        self.asked += 1
        return DOWN


@dataclass
class HandTicker:
    """A ticker that a test moves on by hand."""

    ticker: Ticker
    loop: asyncio.Runner

    def tick(self, now: datetime) -> Tick:
        return self.loop.run(self.ticker.tick(now))

    def stop(self) -> None:
        self.loop.run(self.ticker.stop())


@pytest.fixture
def rooms(process: Process) -> PlayedRooms:
    return PlayedRooms(process)


@pytest.fixture
def record() -> CountedMarks:
    return CountedMarks()


@pytest.fixture
def clockwork(rooms: PlayedRooms, record: CountedMarks, loop: asyncio.Runner) -> HandTicker:
    connection().delete(LEASE_KEY)
    return HandTicker(Ticker(rooms.process, rooms, record), loop)


@pytest.fixture
def second(rooms: PlayedRooms, clockwork: HandTicker) -> HandTicker:
    """Another process's."""
    return HandTicker(Ticker(rooms.process, rooms, marks), clockwork.loop)


@pytest.fixture
def evening(transactional_db: None) -> Evening:
    return Evening.make()


def enter(evening: Evening, *, clock_ms: int | None = None) -> None:
    seat = evening.seat(evening.dana)
    run(
        presence.join(evening.room.key, seat, "c1", place=Place.ROOM, staff=True, clock_ms=clock_ms)
    )


def entries(evening: Evening) -> int:
    roster = run(presence.roster(evening.room.key))
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


def test_tick_sweeps_the_silent_and_writes_their_leave(
    evening: Evening, clockwork: HandTicker
) -> None:
    enter(evening, clock_ms=1_000)  # long ago
    assert clockwork.tick(at(1)) is Tick.DONE

    assert entries(evening) == 0
    written = AttendanceMark.objects.order_by("pk").values_list("kind", "reason")
    assert list(written) == [("join", ""), ("leave", "lost")]


def test_tick_checkpoints_once_a_minute(
    evening: Evening, clockwork: HandTicker, record: CountedMarks
) -> None:
    enter(evening)
    for seconds in (0, 1, 59, 60):
        clockwork.tick(at(1) + timedelta(seconds=seconds))
    assert record.checkpoints == 2
    assert AttendanceCheckpoint.objects.get(session=evening.session, persons=[evening.dana.pk])


def test_tick_publishes_a_room_whose_version_is_ahead_of_its_stream(
    evening: Evening, clockwork: HandTicker
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
    evening: Evening, clockwork: HandTicker
) -> None:
    raise_version(evening)
    clockwork.tick(at(1))
    connection().delete(*presence.sweep(evening.room.key).keys())
    clockwork.tick(at(2))
    assert version_told(evening) == 1


def version_told(evening: Evening) -> int:
    roster = run(presence.roster(evening.room.key))
    assert isinstance(roster, Roster)
    return roster.room_version


def position(evening: Evening) -> int:
    roster = run(presence.roster(evening.room.key))
    assert isinstance(roster, Roster)
    return roster.seq


def test_clock_is_asked_when_it_said_when_something_changed_and_every_15_s(
    evening: Evening, clockwork: HandTicker, rooms: PlayedRooms
) -> None:
    rooms.again = at(1) + timedelta(seconds=5)

    def asked(seconds: int) -> int:
        rooms.asked.clear()
        clockwork.tick(at(1) + timedelta(seconds=seconds))
        return len(rooms.asked)

    assert [asked(n) for n in (0, 1, 4, 5)] == [1, 0, 0, 1]
    raise_version(evening)
    assert [asked(n) for n in (6, 7)] == [1, 1]  # `again` lies behind by now
    rooms.again = at(60)
    assert [asked(n) for n in (8, 9)] == [1, 0]
    enter(evening)
    assert [asked(n) for n in (10, 11)] == [1, 0]  # staff came
    assert rooms.asked == []
    later = 10 + int(RECHECK.total_seconds())
    assert [asked(n) for n in (later - 1, later)] == [0, 1]


def test_clock_is_told_whether_staff_is_in_the_room(
    evening: Evening, clockwork: HandTicker, rooms: PlayedRooms
) -> None:
    clockwork.tick(at(1))
    enter(evening)
    clockwork.tick(at(2))
    assert rooms.asked == [(evening.room.pk, False), (evening.room.pk, True)]


def test_second_ticker_is_idle_until_the_first_stops(
    evening: Evening, clockwork: HandTicker, second: HandTicker
) -> None:
    assert [clockwork.tick(at(1)), second.tick(at(1)), clockwork.tick(at(2))] == [
        Tick.DONE,
        Tick.IDLE,
        Tick.DONE,
    ]
    clockwork.stop()
    assert [second.tick(at(3)), clockwork.tick(at(3))] == [Tick.DONE, Tick.IDLE]


def test_ticker_whose_lease_ran_out_does_not_take_it_back_from_another(
    evening: Evening, clockwork: HandTicker, second: HandTicker
) -> None:
    clockwork.tick(at(1))
    connection().delete(LEASE_KEY)  # it slept too long
    assert second.tick(at(2)) is Tick.DONE
    assert clockwork.tick(at(2)) is Tick.IDLE
    clockwork.stop()


def test_fault_in_one_room_leaves_the_others_looked_after(
    evening: Evening, clockwork: HandTicker, rooms: PlayedRooms, caplog: pytest.LogCaptureFixture
) -> None:
    rooms.fails = ZeroDivisionError()
    enter(evening, clock_ms=1_000)
    assert clockwork.tick(at(1)) is Tick.DONE
    assert entries(evening) == 0
    assert evening.room.key in caplog.text


def test_postgresql_away_leaves_presence_swept(
    evening: Evening, clockwork: HandTicker, process: Process, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ghosts go while rows cannot be written; what they leave is written afterwards."""
    clockwork.tick(at(1))
    enter(evening, clock_ms=1_000)
    with monkeypatch.context() as outage:
        outage.setattr(process, "database", NoDatabase())
        assert clockwork.tick(at(2)) is Tick.NO_DATABASE
        assert entries(evening) == 0
    assert not AttendanceMark.objects.exists()
    assert clockwork.tick(at(3)) is Tick.DONE
    assert AttendanceMark.objects.count() == 2


def test_postgresql_that_went_away_is_not_asked_at_every_tick(
    evening: Evening, clockwork: HandTicker, process: Process, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each attempt may wait two seconds for a connection: sweeping must not wait with it."""
    away = NoDatabase()
    with monkeypatch.context() as outage:
        outage.setattr(process, "database", away)
        for seconds in (0, 1, 2):
            clockwork.tick(at(1) + timedelta(seconds=seconds))
    assert away.asked == 2


def test_redis_away_ends_the_tick_at_once(
    evening: Evening, clockwork: HandTicker, rooms: PlayedRooms, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(*_: Any) -> Refuse:
        return DOWN

    monkeypatch.setattr(rooms.process.broadcast, "send", away)
    assert clockwork.tick(at(1)) is Tick.NO_REDIS
    assert rooms.asked == []
