"""The verbs of a live room over real rows: who may, what is written, what is told."""

from datetime import timedelta

import pytest
import time_machine
from django.conf import LazySettings
from django.utils import timezone

from sessions.core.agenda import MarkKind, Phase
from sessions.core.parts import PartName
from sessions.core.permissions import TABLE, Grant, Verb
from sessions.core.reasons import LeaveReason
from sessions.core.refusal import Refuse
from sessions.core.room_state import RoomState
from sessions.live import presence
from sessions.live.presence import Roster
from sessions.live.stream import Events, Kind, read_after
from sessions.models import AgendaMark, AuditEvent, Room, Seat
from sessions.rooms import selectors
from sessions.rooms.locked_room import LockedRoom
from sessions.rooms.selectors import RoomNow
from sessions.rooms.verbs import RULES
from sessions.rooms.verbs.door import Entered
from tests.rooms.live import come_in, connect, do, roster_of, told_since
from tests.signaling.evening import Evening, evening
from tests.valkey import run
from tests.verbs import About, sample_of

pytestmark = pytest.mark.django_db(transaction=True)

STAFF_VERBS = [verb for verb, grants in TABLE.items() if grants == frozenset({Grant.LEADS})]
OTHERS = (
    "Sam",  # its client, in the room
    "Luis",  # a facilitator of another session
    "Joe",  # a client of another session
    "Morgan",  # a program manager
)


def done(outcome: RoomNow | Refuse) -> RoomNow:
    assert isinstance(outcome, RoomNow), outcome
    return outcome


def key(tonight: Evening, name: str) -> str:
    return Seat.objects.get(room=tonight.room, person=tonight[name]).key


def row(tonight: Evening) -> Room:
    return Room.objects.get(pk=tonight.room.pk)


def test_every_staff_verb_of_the_table_has_a_rule() -> None:
    own = {Verb.ROOM_RAISE_HAND, Verb.ROOM_LEAVE}
    assert set(STAFF_VERBS) - {Verb.ROOM_DOOR} == set(RULES) - own


@pytest.mark.parametrize("name", OTHERS)
@pytest.mark.parametrize("verb", [verb for verb in RULES if verb in STAFF_VERBS])
def test_verb_of_staff_by_anyone_else_is_refused(live: Evening, verb: Verb, name: str) -> None:
    """Kills: a verb that is decided before the permission table is asked."""
    before, roster = row(live), roster_of(live)
    audited = AuditEvent.objects.count()
    outcome = do(verb, live[name], live.address, **sample_of(verb, About(key(live, "Ana"))))
    assert outcome == Refuse("permission.not_staff")
    after = row(live)
    assert (after.version, after.state) == (before.version, before.state)
    assert told_since(live, roster) == ()
    newest = AuditEvent.objects.last()
    assert newest is not None
    assert (newest.verb, newest.outcome) == (verb.value, "permission.not_staff")
    assert AuditEvent.objects.count() == audited + 1


def test_start_tells_the_room_its_state_and_version(tonight: Evening) -> None:
    connect(tonight, "Dana")
    before = roster_of(tonight)
    now = done(do(Verb.ROOM_START, tonight["Dana"], tonight.address))
    (told,) = told_since(tonight, before)
    assert (told.kind, told.version) == (Kind.ROOM_CHANGED, now.version)
    assert RoomNow.read(told.payload) == now
    assert (now.state, now.phase, now.index) == ("live", "running", 0)
    assert row(tonight).started_at is not None


def test_start_writes_no_name_into_the_stream(tonight: Evening) -> None:
    """Redis holds opaque ids: kills a payload that carries a display name or the topic."""
    for name in ("Dana", "Sam"):
        connect(tonight, name)
    epoch = roster_of(tonight).epoch
    do(Verb.ROOM_ADMIT_ALL, tonight["Dana"], tonight.address)
    do(Verb.ROOM_START, tonight["Dana"], tonight.address)
    do(Verb.ROOM_REMOVE, tonight["Dana"], tonight.address, key=key(tonight, "Sam"))
    events = run(read_after(tonight.room.key, epoch, 0))
    assert isinstance(events, Events)
    text = repr(events)
    assert [word for word in ("Dana", "Sam", "Sleep", "example.org") if word in text] == []


def test_start_twice_is_refused(live: Evening) -> None:
    assert do(Verb.ROOM_START, live["Dana"], live.address) == Refuse("agenda.running")


def test_advance_with_an_old_index_is_a_success_that_does_nothing(live: Evening) -> None:
    """Kills: the second tap of a nervous thumb skips a segment."""
    first = done(do(Verb.ROOM_ADVANCE, live["Dana"], live.address, index=0))
    before = roster_of(live)
    again = done(do(Verb.ROOM_ADVANCE, live["Dana"], live.address, index=0))
    assert (first.index, again.index) == (1, 1)
    assert again.version == first.version
    assert told_since(live, before) == ()


def test_advance_of_a_segment_that_is_far_behind_says_so(live: Evening) -> None:
    done(do(Verb.ROOM_ADVANCE, live["Dana"], live.address, index=0))
    done(do(Verb.ROOM_ADVANCE, live["Dana"], live.address, index=1))
    assert do(Verb.ROOM_ADVANCE, live["Dana"], live.address, index=0) == Refuse("agenda.moved_on")


def test_advance_before_the_start(tonight: Evening) -> None:
    connect(tonight, "Dana")
    refused = do(Verb.ROOM_ADVANCE, tonight["Dana"], tonight.address, index=0)
    assert refused == Refuse("agenda.not_running")


def test_back_returns_and_a_second_tap_does_nothing(live: Evening) -> None:
    done(do(Verb.ROOM_ADVANCE, live["Dana"], live.address, index=0))
    assert done(do(Verb.ROOM_BACK, live["Dana"], live.address, index=1)).index == 0
    assert done(do(Verb.ROOM_BACK, live["Dana"], live.address, index=1)).index == 0
    assert do(Verb.ROOM_BACK, live["Dana"], live.address, index=0) == Refuse("agenda.at_first")


def test_extend_takes_from_the_later_segments_and_keeps_the_end(live: Evening) -> None:
    before = done(do(Verb.ROOM_SHORTEN, live["Dana"], live.address, minutes=1))
    after = done(do(Verb.ROOM_EXTEND, live["Dana"], live.address, minutes=10))
    assert after.ends_ms == before.ends_ms
    assert after.bounds[0][1] - before.bounds[0][1] == 10 * 60_000


def test_extend_beyond_what_there_is_offers_what_there_is(live: Evening) -> None:
    done(do(Verb.ROOM_EXTEND, live["Dana"], live.address, minutes=40))
    refused = do(Verb.ROOM_EXTEND, live["Dana"], live.address, minutes=40)
    assert isinstance(refused, Refuse)
    assert refused.code == "agenda.no_time_left"
    assert 0 <= int(refused.detail["minutes"]) < 40


def test_pause_and_resume_change_state_and_phase(live: Evening) -> None:
    paused = done(do(Verb.ROOM_PAUSE, live["Dana"], live.address))
    assert (paused.state, paused.phase) == ("paused", Phase.PAUSED.value)
    assert do(Verb.ROOM_PAUSE, live["Dana"], live.address) == Refuse("agenda.paused")
    resumed = done(do(Verb.ROOM_RESUME, live["Dana"], live.address))
    assert (resumed.state, resumed.phase) == ("live", Phase.RUNNING.value)


def test_end_later_moves_the_planned_end(live: Evening) -> None:
    before = done(do(Verb.ROOM_SHORTEN, live["Dana"], live.address, minutes=1))
    after = done(do(Verb.ROOM_END_LATER, live["Dana"], live.address, minutes=10))
    assert after.ends_ms - before.ends_ms == 10 * 60_000


def test_verbs_of_the_agenda_write_marks_and_raise_the_version(live: Evening) -> None:
    version = row(live).version
    done(do(Verb.ROOM_ADVANCE, live["Dana"], live.address, index=0))
    done(do(Verb.ROOM_EXTEND, live["Dana"], live.address, minutes=5))
    marks = AgendaMark.objects.filter(room=live.room)
    assert [(mark.kind, mark.minutes) for mark in marks] == [
        ("start", 0),
        ("advance", 0),
        ("extend", 5),
    ]
    assert row(live).version == version + 2
    extended = AuditEvent.objects.get(verb="room.extend")
    assert (extended.actor, extended.detail["minutes"]) == (live["Dana"], 5)


def test_end_empties_the_room_with_its_reason(live: Evening) -> None:
    before = roster_of(live)
    now = done(do(Verb.ROOM_END, live["Dana"], live.address))
    assert roster_of(live).entries == ()
    told = told_since(live, before)
    left = {event.reason for event in told if event.kind is Kind.PARTICIPANT_LEFT}
    assert left == {LeaveReason.ENDED.value}
    assert now.reopen_until_ms is not None
    assert row(live).ended_by_rule == ""


def test_reopen_within_ten_minutes_lets_those_in_who_were_in(live: Evening) -> None:
    done(do(Verb.ROOM_END, live["Dana"], live.address))
    waiting = come_in(live["Sam"], live.address)
    assert isinstance(waiting, Entered)
    assert waiting.place is None
    now = done(do(Verb.ROOM_REOPEN, live["Dana"], live.address))
    assert (now.state, now.reopen_until_ms) == ("live", None)
    back = come_in(live["Sam"], live.address)
    assert isinstance(back, Entered)
    assert back.place is presence.Place.ROOM


def test_reopen_after_ten_minutes_is_refused(live: Evening) -> None:
    done(do(Verb.ROOM_END, live["Dana"], live.address))
    with time_machine.travel(timezone.now() + timedelta(minutes=11)):
        assert do(Verb.ROOM_REOPEN, live["Dana"], live.address) == Refuse("room.reopen_late")
        assert come_in(live["Sam"], live.address) == Refuse("room.ended")


def test_enter_of_a_room_that_ended_without_one_is_refused(live: Evening) -> None:
    Seat.objects.filter(person=live["Ana"]).update(state="waiting")
    done(do(Verb.ROOM_END, live["Dana"], live.address))
    assert come_in(live["Ana"], live.address) == Refuse("room.ended")


def test_mute_closes_the_microphone_until_it_is_allowed(live: Evening) -> None:
    sam = key(live, "Sam")
    before = roster_of(live)
    done(do(Verb.ROOM_MUTE, live["Dana"], live.address, key=sam))
    entry = roster_of(live).of(sam)
    assert entry is not None
    assert not entry.microphone_allowed
    (mine, *_) = told_since(live, before)
    assert (mine.kind, mine.subject, mine.reason) == (Kind.ME_CHANGED, sam, "seat.muted")
    done(do(Verb.ROOM_ALLOW_MICROPHONE, live["Dana"], live.address, key=sam))
    entry = roster_of(live).of(sam)
    assert entry is not None
    assert entry.microphone_allowed


def test_mute_survives_a_new_connection(live: Evening) -> None:
    """Kills: a reload gives the microphone back."""
    done(do(Verb.ROOM_MUTE, live["Dana"], live.address, key=key(live, "Sam")))
    connect(live, "Sam", "another tab")
    entry = roster_of(live).of(key(live, "Sam"))
    assert entry is not None
    assert not entry.microphone_allowed


def test_mute_of_someone_at_the_door(live: Evening) -> None:
    Seat.objects.filter(person=live["Ana"]).update(state="waiting")
    refused = do(Verb.ROOM_MUTE, live["Dana"], live.address, key=key(live, "Ana"))
    assert refused == Refuse("seat.not_in_room")


def hands(tonight: Evening) -> list[str]:
    """The seats whose hands are up, as the room's floor has them."""
    floor = tonight.room.parts.get(name=PartName.FLOOR.value)
    return [hand["key"] for hand in (floor.state or {"hands": []})["hands"]]


def test_lower_hand_lowers_it_and_no_other(live: Evening) -> None:
    for name in ("Sam", "Ana"):
        done(do(Verb.ROOM_RAISE_HAND, live[name], live.address, raised=True))
    before = roster_of(live)
    now = done(do(Verb.ROOM_LOWER_HAND, live["Dana"], live.address, key=key(live, "Sam")))
    assert hands(live) == [key(live, "Ana")]
    (lowered,) = told_since(live, before)
    assert (lowered.kind, lowered.subject) == (Kind.PART_CHANGED, "floor")
    assert (row(live).version, roster_of(live).room_version) == (now.version, now.version)


def test_end_lowers_every_hand_once(live: Evening) -> None:
    """Kills: a room that opens again with the hands of before; one that is emptied at each end."""
    done(do(Verb.ROOM_RAISE_HAND, live["Sam"], live.address, raised=True))
    for verb in (Verb.ROOM_END, Verb.ROOM_REOPEN, Verb.ROOM_END):
        done(do(verb, live["Dana"], live.address))
    floor = live.room.parts.get(name=PartName.FLOOR.value)
    assert (floor.state, floor.version) == (None, 2)


def test_remove_takes_the_person_out_and_keeps_them_out(live: Evening) -> None:
    sam = connect(live, "Sam")
    done(do(Verb.ROOM_REMOVE, live["Dana"], live.address, key=sam.seat))
    assert roster_of(live).of(sam.seat) is None
    assert come_in(live["Sam"], live.address) == Refuse("seat.removed")
    late = presence.join(live.room.key, sam.seat, "late", place=presence.Place.ROOM)
    assert run(late) == Refuse("seat.removed")


def test_remove_twice_is_done_once(live: Evening) -> None:
    first = done(do(Verb.ROOM_REMOVE, live["Dana"], live.address, key=key(live, "Sam")))
    again = done(do(Verb.ROOM_REMOVE, live["Dana"], live.address, key=key(live, "Sam")))
    assert again.version == first.version


def test_remove_of_a_facilitator_is_refused(live: Evening) -> None:
    refused = do(Verb.ROOM_REMOVE, live["Dana"], live.address, key=key(live, "Dana"))
    assert refused == Refuse("seat.staff")


def test_removed_stays_out_after_a_reopening(live: Evening) -> None:
    """Kills: the end forgets the bar, and nobody looks at the row."""
    done(do(Verb.ROOM_REMOVE, live["Dana"], live.address, key=key(live, "Sam")))
    done(do(Verb.ROOM_END, live["Dana"], live.address))
    done(do(Verb.ROOM_REOPEN, live["Dana"], live.address))
    assert come_in(live["Sam"], live.address) == Refuse("seat.removed")


def test_verb_with_redis_away_is_refused_and_writes_nothing(
    live: Evening, settings: LazySettings
) -> None:
    version = row(live).version
    settings.REDIS_URL = "redis://127.0.0.1:1/0"  # nobody listens there
    refused = do(Verb.ROOM_ADVANCE, live["Dana"], live.address, index=0)
    assert refused == Refuse("store.down")
    assert row(live).version == version


def test_verb_that_is_rolled_back_tells_nothing(
    live: Evening, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Kills: an event that goes out before its rows are committed."""
    before = roster_of(live)

    write = LockedRoom.write

    def breaks(locked: LockedRoom) -> None:
        write(locked)
        raise RuntimeError("after the rows, before the commit")

    monkeypatch.setattr(LockedRoom, "write", breaks)
    with pytest.raises(RuntimeError):
        do(Verb.ROOM_ADVANCE, live["Dana"], live.address, index=0)
    assert told_since(live, before) == ()
    assert AgendaMark.objects.filter(kind=MarkKind.ADVANCE.value).count() == 0


def test_state_of_a_room_nobody_started_is_not_held_from_its_end(transactional_db: None) -> None:
    yesterday = evening(starts_in=-timedelta(minutes=91))
    assert come_in(yesterday["Dana"], yesterday.address) == Refuse("room.not_held")
    assert row(yesterday).state == RoomState.SCHEDULED.value


def test_session_that_fell_out_of_the_calendar_is_unknown(tonight: Evening) -> None:
    """Also to a process that knows how its room was called. Kills: a fault in its place."""
    connect(tonight, "Dana")
    tonight.room.session.members.all().delete()
    tonight.room.session.delete()
    assert do(Verb.ROOM_START, tonight["Dana"], tonight.address) == Refuse("room.unknown")
    assert come_in(tonight["Sam"], tonight.address) == Refuse("room.unknown")
    nobody = Roster("", 0, 0, 0, ())
    assert selectors.rows_of(tonight.room.pk, nobody, timezone.now) == Refuse("room.unknown")
