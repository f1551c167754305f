"""What the clock does to a room: it closes, it advances, it tells again, it heals."""

from datetime import datetime, timedelta

import pytest
import time_machine
from django.utils import timezone

from sessions.core.agenda import SegmentKind
from sessions.core.refusal import Refuse
from sessions.live import broadcast, presence
from sessions.live.presence import Place
from sessions.live.stream import Event, Kind
from sessions.models import AuditEvent, Room, Seat
from sessions.rooms import services
from sessions.rooms.by_clock import RETELL, ClockVerbs
from sessions.rooms.selectors import RoomNow
from tests.rooms.live import connect, roster_of, told_since
from tests.signaling.evening import Evening, evening
from tests.valkey import run

pytestmark = pytest.mark.django_db(transaction=True)

MINUTE = timedelta(minutes=1)


@pytest.fixture
def clock() -> ClockVerbs:
    return ClockVerbs()


@pytest.fixture
def live(tonight: Evening) -> Evening:
    """Started five minutes before its time, with Dana in it."""
    connect(tonight, "Dana")
    assert not isinstance(services.start(tonight["Dana"], tonight.address), Refuse)
    return tonight


def row(tonight: Evening) -> Room:
    return Room.objects.get(pk=tonight.room.pk)


def ask(
    clock: ClockVerbs, tonight: Evening, now: datetime, *, staffed: bool = True
) -> datetime | None:
    with time_machine.travel(now, tick=False):
        return clock.apply_due(tonight.room.pk, now, staffed=staffed)


def told_rooms(events: tuple[Event, ...]) -> list[RoomNow]:
    return [RoomNow.read(event.payload) for event in events if event.kind is Kind.ROOM_CHANGED]


def test_clock_of_a_session_nobody_started_is_not_held_at_its_end(
    tonight: Evening, clock: ClockVerbs
) -> None:
    """Kills: apply on the effective state, which is not_held already and refuses."""
    ends_at = tonight.session.ends_at
    again = ask(clock, tonight, ends_at - timedelta(seconds=1))
    assert again == ends_at
    assert row(tonight).state == "scheduled"
    assert ask(clock, tonight, ends_at) is None
    assert (row(tonight).state, row(tonight).ended_by_rule) == ("not_held", "expire")


def test_clock_ends_fifteen_minutes_after_the_last_staff_left(
    live: Evening, clock: ClockVerbs
) -> None:
    left = timezone.now() + MINUTE
    ask(clock, live, left, staffed=False)
    assert row(live).unstaffed_since == left
    ask(clock, live, left + 14 * MINUTE, staffed=False)
    assert row(live).state == "live"
    assert ask(clock, live, left + 15 * MINUTE, staffed=False) is None
    assert (row(live).state, row(live).ended_by_rule) == ("ended", "close_unstaffed")
    assert row(live).ended_at == left + 15 * MINUTE
    ended = AuditEvent.objects.get(verb="room.end")
    assert ended.detail["rule"] == "close_unstaffed"


def test_clock_forgets_the_absence_when_staff_is_back(live: Evening, clock: ClockVerbs) -> None:
    """Kills: unstaffed_since that is never cleared, and a room that ends under its therapist."""
    left = timezone.now() + MINUTE
    ask(clock, live, left, staffed=False)
    ask(clock, live, left + 10 * MINUTE, staffed=True)
    assert row(live).unstaffed_since is None
    ask(clock, live, left + 16 * MINUTE, staffed=True)
    assert row(live).state == "live"


def test_clock_ends_thirty_minutes_after_the_planned_end(live: Evening, clock: ClockVerbs) -> None:
    end = live.session.ends_at
    ask(clock, live, end + 29 * MINUTE)
    assert row(live).state == "live"
    assert ask(clock, live, end + 30 * MINUTE) is None
    assert (row(live).state, row(live).ended_by_rule) == ("ended", "close_overdue")
    assert roster_of(live).entries == ()


def test_clock_waits_for_the_end_that_was_moved(live: Evening, clock: ClockVerbs) -> None:
    services.end_later(live["Dana"], live.address, 20)
    ask(clock, live, live.session.ends_at + 31 * MINUTE)
    assert row(live).state == "live"


def test_clock_tells_a_break_that_ended_by_itself(
    transactional_db: None, clock: ClockVerbs
) -> None:
    tonight = evening(
        kinds=(SegmentKind.CHECK_IN, SegmentKind.BREAK, SegmentKind.TOPIC), minutes=60
    )
    connect(tonight, "Dana")
    services.start(tonight["Dana"], tonight.address)
    services.advance(tonight["Dana"], tonight.address, 0)
    now = timezone.now()
    ends = ask(clock, tonight, now)
    before = roster_of(tonight)
    later = now + 60 * MINUTE
    assert ends is not None
    ask(clock, tonight, later)
    (told,) = told_rooms(told_since(tonight, before))
    assert (told.index, told.version) == (2, row(tonight).version)


def test_clock_tells_the_beginning_of_overrun_and_then_every_fifteen_seconds(
    live: Evening, clock: ClockVerbs
) -> None:
    ask(clock, live, timezone.now())
    before = roster_of(live)
    over = timezone.now() + 60 * MINUTE
    for seconds in (0, 5, 14, 15, 20, 30):
        ask(clock, live, over + timedelta(seconds=seconds))
    told = told_rooms(told_since(live, before))
    assert [one.phase for one in told] == ["overrun"] * 3
    assert [one.read_ms - told[0].read_ms for one in told] == [0, 15_000, 30_000]
    assert [one.version for one in told] == sorted({one.version for one in told})


def test_clock_says_nothing_while_nothing_moves(live: Evening, clock: ClockVerbs) -> None:
    now = timezone.now()
    ask(clock, live, now)
    before = roster_of(live)
    for seconds in range(1, 10):
        again = ask(clock, live, now + timedelta(seconds=seconds))
        assert again == now + timedelta(seconds=seconds) + RETELL
    assert told_since(live, before) == ()


def test_clock_does_not_tell_again_what_a_tap_told(live: Evening, clock: ClockVerbs) -> None:
    """Kills: a ticker that takes every change for one of its own and doubles each event."""
    ask(clock, live, timezone.now())
    services.advance(live["Dana"], live.address, 0)
    services.pause(live["Dana"], live.address)
    before = roster_of(live)
    ask(clock, live, timezone.now())
    assert told_since(live, before) == ()


def test_clock_that_was_started_again_tells_what_moved_since_the_last_tap(
    transactional_db: None,
) -> None:
    """Kills: a ticker that takes the first state it sees for one that was told."""
    tonight = evening(
        kinds=(SegmentKind.CHECK_IN, SegmentKind.BREAK, SegmentKind.TOPIC), minutes=60
    )
    connect(tonight, "Dana")
    services.start(tonight["Dana"], tonight.address)
    services.advance(tonight["Dana"], tonight.address, 0)
    before = roster_of(tonight)
    ask(ClockVerbs(), tonight, timezone.now() + 60 * MINUTE)
    assert [one.index for one in told_rooms(told_since(tonight, before))] == [2]


def test_clock_of_a_room_that_is_over_does_nothing(live: Evening, clock: ClockVerbs) -> None:
    services.end(live["Dana"], live.address)
    before = row(live)
    ask(clock, live, live.session.ends_at + 60 * MINUTE, staffed=False)
    assert row(live).version == before.version


# ---- healing -----------------------------------------------------------------------------------


def lose_what_is_told(patch: pytest.MonkeyPatch) -> None:
    """The process dies between the commit and what follows it."""
    patch.setattr(broadcast, "publish", lambda *_: Refuse("store.down"))
    patch.setattr(broadcast, "send", lambda *_: Refuse("store.down"))


def test_republish_after_a_crash_takes_the_removed_out_and_lets_the_admitted_in(
    tonight: Evening, clock: ClockVerbs, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Kills: a heal that tells the room but leaves the removed connected."""
    connect(tonight, "Dana")
    sam, ana = connect(tonight, "Sam"), connect(tonight, "Ana")
    services.admit(tonight["Dana"], tonight.address, sam.seat)
    with monkeypatch.context() as dying:
        lose_what_is_told(dying)
        services.remove(tonight["Dana"], tonight.address, sam.seat)
        services.admit(tonight["Dana"], tonight.address, ana.seat)
    stale = roster_of(tonight)
    assert stale.room_version < row(tonight).version
    clock.republish(tonight.room.pk)
    healed = roster_of(tonight)
    assert healed.room_version == row(tonight).version
    assert healed.of(sam.seat) is None
    entry = healed.of(ana.seat)
    assert entry is not None
    assert entry.place is Place.ROOM


def test_republish_after_a_crash_mutes(
    tonight: Evening, clock: ClockVerbs, monkeypatch: pytest.MonkeyPatch
) -> None:
    dana = connect(tonight, "Dana")
    with monkeypatch.context() as dying:
        lose_what_is_told(dying)
        services.mute(tonight["Dana"], tonight.address, dana.seat)
    clock.republish(tonight.room.pk)
    entry = roster_of(tonight).of(dana.seat)
    assert entry is not None
    assert not entry.microphone_allowed


def test_republish_of_a_room_that_is_over_empties_it(
    live: Evening, clock: ClockVerbs, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as dying:
        lose_what_is_told(dying)
        services.end(live["Dana"], live.address)
    assert roster_of(live).entries != ()
    clock.republish(live.room.pk)
    assert roster_of(live).entries == ()


def test_republish_raises_no_version(live: Evening, clock: ClockVerbs) -> None:
    version, seats = row(live).version, list(Seat.objects.values_list("version", flat=True))
    clock.republish(live.room.pk)
    assert row(live).version == version
    assert list(Seat.objects.values_list("version", flat=True)) == seats


def test_republish_takes_out_a_connection_without_a_seat(
    tonight: Evening, clock: ClockVerbs
) -> None:
    run(presence.join(tonight.room.key, "nobody", "c", place=Place.ROOM))
    clock.republish(tonight.room.pk)
    assert roster_of(tonight).entries == ()
