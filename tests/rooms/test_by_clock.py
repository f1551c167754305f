"""What the clock does to a room: it closes, it advances, it publishes again, it heals."""

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from sessions.core.agenda import SegmentKind
from sessions.core.permissions import Verb
from sessions.core.refusal import Refuse
from sessions.live import presence
from sessions.live.presence import Place
from sessions.live.stream import Event, Kind
from sessions.models import AuditEvent, Room, Seat
from sessions.rooms.by_clock import REPUBLISH, RoomsByClock
from sessions.rooms.process import Process
from sessions.rooms.selectors import RoomNow
from tests.rooms.crash import do_and_crash
from tests.rooms.live import connect, do, name_of, roster_of, told_since
from tests.signaling.evening import Evening, evening
from tests.valkey import run

pytestmark = pytest.mark.django_db(transaction=True)

MINUTE = timedelta(minutes=1)


@dataclass
class HandClock:
    """The clock's doings in one process, which a test asks for one by one."""

    rooms: RoomsByClock
    loop: asyncio.Runner

    def ask(self, tonight: Evening, now: datetime, *, staffed: bool = True) -> datetime | None:
        asking = self.rooms.apply_due(name_of(tonight), now, staffed=staffed)
        again = self.loop.run(asking)
        assert not isinstance(again, Refuse)
        return again

    def republish(self, tonight: Evening) -> None:
        assert self.loop.run(self.rooms.republish(name_of(tonight))) is None


@pytest.fixture
def clock(process: Process, loop: asyncio.Runner) -> HandClock:
    return HandClock(RoomsByClock(process), loop)


@pytest.fixture
def live(tonight: Evening) -> Evening:
    """Started five minutes before its time, with Dana in it."""
    connect(tonight, "Dana")
    assert not isinstance(do(Verb.ROOM_START, tonight["Dana"], tonight.address), Refuse)
    return tonight


def row(tonight: Evening) -> Room:
    return Room.objects.get(pk=tonight.room.pk)


def told_rooms(events: tuple[Event, ...]) -> list[RoomNow]:
    return [RoomNow.read(event.payload) for event in events if event.kind is Kind.ROOM_CHANGED]


def test_clock_of_a_session_nobody_started_is_not_held_at_its_end(
    tonight: Evening, clock: HandClock
) -> None:
    """Kills: apply on the effective state, which is not_held already and refuses."""
    ends_at = tonight.session.ends_at
    again = clock.ask(tonight, ends_at - timedelta(seconds=1))
    assert again == ends_at
    assert row(tonight).state == "scheduled"
    assert clock.ask(tonight, ends_at) is None
    assert (row(tonight).state, row(tonight).ended_by_rule) == ("not_held", "expire")


def test_clock_ends_fifteen_minutes_after_the_last_staff_left(
    live: Evening, clock: HandClock
) -> None:
    left = timezone.now() + MINUTE
    clock.ask(live, left, staffed=False)
    assert row(live).unstaffed_since == left
    clock.ask(live, left + 14 * MINUTE, staffed=False)
    assert row(live).state == "live"
    assert clock.ask(live, left + 15 * MINUTE, staffed=False) is None
    assert (row(live).state, row(live).ended_by_rule) == ("ended", "close_unstaffed")
    assert row(live).ended_at == left + 15 * MINUTE
    ended = AuditEvent.objects.get(verb="room.end")
    assert ended.detail["rule"] == "close_unstaffed"


def test_clock_forgets_the_absence_when_staff_is_back(live: Evening, clock: HandClock) -> None:
    """Kills: unstaffed_since that is never cleared, and a room that ends under its therapist."""
    left = timezone.now() + MINUTE
    clock.ask(live, left, staffed=False)
    clock.ask(live, left + 10 * MINUTE, staffed=True)
    assert row(live).unstaffed_since is None
    clock.ask(live, left + 16 * MINUTE, staffed=True)
    assert row(live).state == "live"


def test_clock_ends_thirty_minutes_after_the_planned_end(live: Evening, clock: HandClock) -> None:
    end = live.session.ends_at
    clock.ask(live, end + 29 * MINUTE)
    assert row(live).state == "live"
    assert clock.ask(live, end + 30 * MINUTE) is None
    assert (row(live).state, row(live).ended_by_rule) == ("ended", "close_overdue")
    assert roster_of(live).entries == ()


def test_clock_waits_for_the_end_that_was_moved(live: Evening, clock: HandClock) -> None:
    do(Verb.ROOM_END_LATER, live["Dana"], live.address, minutes=20)
    clock.ask(live, live.session.ends_at + 31 * MINUTE)
    assert row(live).state == "live"


def test_clock_tells_a_break_that_ended_by_itself(transactional_db: None, clock: HandClock) -> None:
    tonight = evening(
        kinds=(SegmentKind.CHECK_IN, SegmentKind.BREAK, SegmentKind.TOPIC), minutes=60
    )
    connect(tonight, "Dana")
    do(Verb.ROOM_START, tonight["Dana"], tonight.address)
    do(Verb.ROOM_ADVANCE, tonight["Dana"], tonight.address, index=0)
    now = timezone.now()
    ends = clock.ask(tonight, now)
    before = roster_of(tonight)
    later = now + 60 * MINUTE
    assert ends is not None
    clock.ask(tonight, later)
    (told,) = told_rooms(told_since(tonight, before))
    assert (told.index, told.version) == (2, row(tonight).version)


def test_clock_tells_the_beginning_of_overrun_and_then_every_fifteen_seconds(
    live: Evening, clock: HandClock
) -> None:
    clock.ask(live, timezone.now())
    before = roster_of(live)
    over = timezone.now() + 60 * MINUTE
    for seconds in (0, 5, 14, 15, 20, 30):
        clock.ask(live, over + timedelta(seconds=seconds))
    told = told_rooms(told_since(live, before))
    assert [one.phase for one in told] == ["overrun"] * 3
    assert [one.read_ms - told[0].read_ms for one in told] == [0, 15_000, 30_000]
    assert [one.version for one in told] == sorted({one.version for one in told})


def test_clock_says_nothing_while_nothing_moves(live: Evening, clock: HandClock) -> None:
    now = timezone.now()
    clock.ask(live, now)
    before = roster_of(live)
    for seconds in range(1, 10):
        again = clock.ask(live, now + timedelta(seconds=seconds))
        assert again == now + timedelta(seconds=seconds) + REPUBLISH
    assert told_since(live, before) == ()


def test_clock_does_not_tell_again_what_a_tap_told(live: Evening, clock: HandClock) -> None:
    """Kills: a ticker that takes every change for one of its own and doubles each event."""
    clock.ask(live, timezone.now())
    do(Verb.ROOM_ADVANCE, live["Dana"], live.address, index=0)
    do(Verb.ROOM_PAUSE, live["Dana"], live.address)
    before = roster_of(live)
    clock.ask(live, timezone.now())
    assert told_since(live, before) == ()


def test_clock_that_was_started_again_tells_what_moved_since_the_last_tap(
    transactional_db: None, clock: HandClock
) -> None:
    """Kills: a ticker that takes the first state it sees for one that was told."""
    tonight = evening(
        kinds=(SegmentKind.CHECK_IN, SegmentKind.BREAK, SegmentKind.TOPIC), minutes=60
    )
    connect(tonight, "Dana")
    do(Verb.ROOM_START, tonight["Dana"], tonight.address)
    do(Verb.ROOM_ADVANCE, tonight["Dana"], tonight.address, index=0)
    before = roster_of(tonight)
    clock.ask(tonight, timezone.now() + 60 * MINUTE)
    assert [one.index for one in told_rooms(told_since(tonight, before))] == [2]


def test_clock_of_a_room_that_is_over_does_nothing(live: Evening, clock: HandClock) -> None:
    do(Verb.ROOM_END, live["Dana"], live.address)
    before = row(live)
    clock.ask(live, live.session.ends_at + 60 * MINUTE, staffed=False)
    assert row(live).version == before.version


# ---- healing -----------------------------------------------------------------------------------


def test_republish_after_a_crash_takes_the_removed_out_and_lets_the_admitted_in(
    tonight: Evening, clock: HandClock
) -> None:
    """Kills: a heal that tells the room but leaves the removed connected."""
    connect(tonight, "Dana")
    sam, ana = connect(tonight, "Sam"), connect(tonight, "Ana")
    do(Verb.ROOM_ADMIT, tonight["Dana"], tonight.address, key=sam.seat)
    do_and_crash(Verb.ROOM_REMOVE, tonight["Dana"], tonight.address, key=sam.seat)
    do_and_crash(Verb.ROOM_ADMIT, tonight["Dana"], tonight.address, key=ana.seat)
    stale = roster_of(tonight)
    assert stale.room_version < row(tonight).version
    clock.republish(tonight)
    healed = roster_of(tonight)
    assert healed.room_version == row(tonight).version
    assert healed.of(sam.seat) is None
    entry = healed.of(ana.seat)
    assert entry is not None
    assert entry.place is Place.ROOM


def test_republish_after_a_crash_mutes(tonight: Evening, clock: HandClock) -> None:
    dana = connect(tonight, "Dana")
    do_and_crash(Verb.ROOM_MUTE, tonight["Dana"], tonight.address, key=dana.seat)
    clock.republish(tonight)
    entry = roster_of(tonight).of(dana.seat)
    assert entry is not None
    assert not entry.microphone_allowed


def test_republish_of_a_room_that_is_over_empties_it(live: Evening, clock: HandClock) -> None:
    do_and_crash(Verb.ROOM_END, live["Dana"], live.address)
    assert roster_of(live).entries != ()
    clock.republish(live)
    assert roster_of(live).entries == ()


def test_republish_raises_no_version(live: Evening, clock: HandClock) -> None:
    version, seats = row(live).version, list(Seat.objects.values_list("version", flat=True))
    clock.republish(live)
    assert row(live).version == version
    assert list(Seat.objects.values_list("version", flat=True)) == seats


def test_republish_takes_out_a_connection_without_a_seat(
    tonight: Evening, clock: HandClock
) -> None:
    run(presence.join(tonight.room.key, "nobody", "c", place=Place.ROOM))
    clock.republish(tonight)
    assert roster_of(tonight).entries == ()
