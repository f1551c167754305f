"""What a room wants of the media node, as one value that only ever gets newer."""

from dataclasses import replace
from datetime import timedelta
from typing import Final

import pytest
import time_machine
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from server.media.client import DesiredPeer, DesiredRoom, desired_key, read_desired
from sessions.core.agenda import SegmentKind
from sessions.core.permissions import Verb
from sessions.core.refusal import Refuse
from sessions.live import presence
from sessions.live.presence import Entry, Place, Roster
from sessions.live.store import LEASE_MS
from sessions.models import Seat
from sessions.nodes.desired import FIRST_MS, RowFacts, _Kept, _kept, _Number, desired_of
from sessions.rooms.media import MediaWants
from sessions.rooms.process import Process
from sessions.rooms.selectors import RoomNow, row_facts
from tests.conftest import AGES
from tests.rooms.live import Connected, connect, do, with_process
from tests.signaling.evening import Evening, evening
from tests.valkey import connection, run

ON: Final = _Kept(wanted=True, on=True, complete=True)

real = pytest.mark.django_db(transaction=True)


def stored(tonight: Evening) -> DesiredRoom:
    """The value as the node reads it."""
    value = connection().get(desired_key(tonight.room.key))
    desired = read_desired(str(value).encode())
    assert desired is not None
    return desired


async def write(process: Process, tonight: Evening) -> DesiredRoom:
    """A value written now, from the rows as they are."""
    room = tonight.room.key
    facts = await process.database.run(row_facts, room, process.clock.now)
    assert isinstance(facts, RowFacts)
    desired = await process.desired.write(room, facts)
    assert isinstance(desired, DesiredRoom)
    assert stored(tonight) == desired
    return desired


def written(tonight: Evening) -> DesiredRoom:
    """`write`, by a process that does nothing else."""
    return with_process(lambda process: write(process, tonight))


def sent(desired: DesiredRoom, someone: Connected) -> tuple[bool, bool, bool]:
    peer = desired.peers[someone.seat]
    return peer.send_audio, peer.send_video, peer.receive


# ---- the value, pure ---------------------------------------------------------------------------

entries = st.builds(
    Entry,
    seat=st.text("abc", min_size=1, max_size=3),
    connection=st.just("c"),
    generation=st.integers(1, 100),
    place=st.sampled_from(Place),
    staff=st.booleans(),
    microphone=st.booleans(),
    microphone_allowed=st.booleans(),
    camera=st.booleans(),
    away=st.booleans(),
    since_ms=st.integers(0, 10),
    waiting=st.none(),
    version=st.just(1),
)
rosters = st.lists(entries, unique_by=lambda entry: entry.seat, max_size=6)


@given(rosters, st.booleans(), st.booleans())
def test_desired_is_who_is_in_the_room_and_may_send(
    people: list[Entry], wanted: bool, on: bool
) -> None:
    """Kills: someone at the door among the peers; a muted microphone that still sends."""
    roster = Roster("epoch", 1, 1, 1, tuple(people))
    value = desired_of(roster, {}, "r", 1, _Kept(wanted=wanted, on=on, complete=True))
    inside = {entry.seat: entry for entry in people if entry.place is Place.ROOM}
    assert set(value.peers) == (set(inside) if wanted else set())
    for seat, peer in value.peers.items():
        assert peer.send_audio == (on and inside[seat].microphone_allowed)
        assert (peer.send_video, peer.receive) == (on, on)


# ---- the value in rows and in the store --------------------------------------------------------


@real
def test_value_wants_those_in_the_room_and_not_those_at_the_door(tonight: Evening) -> None:
    dana, sam = connect(tonight, "Dana"), connect(tonight, "Sam")
    assert set(written(tonight).peers) == {dana.seat}
    do(Verb.ROOM_ADMIT, tonight["Dana"], tonight.address, key=sam.seat)
    assert set(stored(tonight).peers) == {dana.seat, sam.seat}
    assert sent(stored(tonight), sam) == (True, True, True)
    priorities = {seat: peer.priority for seat, peer in stored(tonight).peers.items()}
    assert priorities == {dana.seat: True, sam.seat: False}


@real
def test_value_after_a_mute_forbids_the_microphone_alone(tonight: Evening) -> None:
    connect(tonight, "Dana")
    sam = connect(tonight, "Sam")
    do(Verb.ROOM_ADMIT_ALL, tonight["Dana"], tonight.address)
    do(Verb.ROOM_MUTE, tonight["Dana"], tonight.address, key=sam.seat)
    assert sent(stored(tonight), sam) == (False, True, True)
    do(Verb.ROOM_ALLOW_MICROPHONE, tonight["Dana"], tonight.address, key=sam.seat)
    assert sent(stored(tonight), sam) == (True, True, True)


@real
def test_value_after_a_removal_leaves_the_peer_out(tonight: Evening) -> None:
    dana = connect(tonight, "Dana")
    sam = connect(tonight, "Sam")
    do(Verb.ROOM_ADMIT_ALL, tonight["Dana"], tonight.address)
    do(Verb.ROOM_REMOVE, tonight["Dana"], tonight.address, key=sam.seat)
    assert set(stored(tonight).peers) == {dana.seat}


@real
def test_value_in_a_break_is_silent_and_after_it_is_not(transactional_db: None) -> None:
    tonight = evening(kinds=(SegmentKind.CHECK_IN, SegmentKind.BREAK, SegmentKind.TOPIC))
    dana = connect(tonight, "Dana")
    do(Verb.ROOM_START, tonight["Dana"], tonight.address)
    assert sent(stored(tonight), dana) == (True, True, True)
    do(Verb.ROOM_ADVANCE, tonight["Dana"], tonight.address, index=0)
    assert sent(stored(tonight), dana) == (False, False, False)
    do(Verb.ROOM_ADVANCE, tonight["Dana"], tonight.address, index=1)
    assert sent(stored(tonight), dana) == (True, True, True)


@real
def test_tap_that_is_nothing_to_the_node_writes_no_value(tonight: Evening) -> None:
    """Kills: a value written for every tap of the agenda, people and media being as before."""
    connect(tonight, "Dana")
    do(Verb.ROOM_START, tonight["Dana"], tonight.address)
    before = stored(tonight).version
    do(Verb.ROOM_ADVANCE, tonight["Dana"], tonight.address, index=0)
    do(Verb.ROOM_EXTEND, tonight["Dana"], tonight.address, minutes=1)
    do(Verb.ROOM_PAUSE, tonight["Dana"], tonight.address)
    assert stored(tonight).version == before


@real
def test_tap_after_a_break_that_ended_by_itself_opens_media(transactional_db: None) -> None:
    """Kills: a tap in the second before the ticker's look, which hides from it what the clock
    did, and leaves everybody silent."""
    tonight = evening(kinds=(SegmentKind.CHECK_IN, SegmentKind.BREAK, SegmentKind.TOPIC))
    dana = connect(tonight, "Dana")
    do(Verb.ROOM_START, tonight["Dana"], tonight.address)
    do(Verb.ROOM_ADVANCE, tonight["Dana"], tonight.address, index=0)
    assert sent(stored(tonight), dana) == (False, False, False)
    with time_machine.travel(timezone.now() + timedelta(minutes=60), tick=False):
        told = do(Verb.ROOM_PAUSE, tonight["Dana"], tonight.address)
    assert isinstance(told, RoomNow)
    assert told.index == 2
    assert sent(stored(tonight), dana) == (True, True, True)


@real
def test_value_while_the_agenda_is_paused_keeps_sound_and_pictures(tonight: Evening) -> None:
    dana = connect(tonight, "Dana")
    do(Verb.ROOM_START, tonight["Dana"], tonight.address)
    do(Verb.ROOM_PAUSE, tonight["Dana"], tonight.address)
    assert sent(stored(tonight), dana) == (True, True, True)


@real
def test_value_after_the_end_wants_nobody(tonight: Evening) -> None:
    connect(tonight, "Dana")
    do(Verb.ROOM_START, tonight["Dana"], tonight.address)
    do(Verb.ROOM_END, tonight["Dana"], tonight.address)
    assert stored(tonight).peers == {}


@real
def test_value_numbers_only_rise_also_after_the_store_was_lost(tonight: Evening) -> None:
    """Kills: numbers that begin at one again, so that the node keeps an old value for ever."""
    connect(tonight, "Dana")
    first, second = written(tonight), written(tonight)
    connection().flushdb()
    connect(tonight, "Dana")
    third = written(tonight)
    assert first.version < second.version < third.version
    assert first.epoch == second.epoch != third.epoch


@real
def test_value_that_was_overtaken_does_not_overwrite(tonight: Evening) -> None:
    """Kills: the last writer wins, though it read before the other."""
    connect(tonight, "Dana")

    async def overtaken(process: Process) -> None:
        slow = await process.desired._take_number(tonight.room.key)
        newer = await write(process, tonight)
        late = replace(newer, version=slow.version, peers={})
        assert await process.desired._put(late, slow, ON)
        assert stored(tonight) == newer

    with_process(overtaken)


@real
def test_value_of_a_new_room_is_complete_at_once(
    tonight: Evening, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However slow the machine is: its first value comes soon after its first seat."""
    monkeypatch.setattr("sessions.nodes.desired.FIRST_MS", round(AGES * 1000))
    connect(tonight, "Dana")

    async def first(process: Process) -> None:
        assert (await write(process, tonight)).complete
        assert not process.desired.is_incomplete(tonight.room.key)

    with_process(first)


@real
def test_value_of_an_empty_store_is_incomplete_until_a_lease_has_passed(
    tonight: Evening,
) -> None:
    """Kills: the first to register again closes everybody else's media."""
    connect(tonight, "Dana")
    Seat.objects.update(first_in_at=timezone.now() - timedelta(minutes=5))
    written(tonight)
    connection().flushdb()
    connect(tonight, "Dana")
    room, numbers = tonight.room.key, f"media:{{{tonight.room.key}}}:numbers"

    async def twice(process: Process) -> None:
        assert not (await write(process, tonight)).complete
        assert process.desired.is_incomplete(room)
        began = int(str(connection().hget(numbers, "began")))
        connection().hset(numbers, "began", str(began - LEASE_MS))
        assert (await write(process, tonight)).complete
        assert not process.desired.is_incomplete(room)

    with_process(twice)


@pytest.mark.parametrize(
    ("first_in_ms", "now_ms", "epoch", "complete"),
    [
        (None, 0, "e", True),  # nobody was in yet
        (-FIRST_MS, 0, "e", True),
        (-FIRST_MS - 1, 0, "e", False),
        (-FIRST_MS - 1, LEASE_MS - 1, "e", False),
        (-FIRST_MS - 1, LEASE_MS, "e", True),
        (LEASE_MS - FIRST_MS - 1, LEASE_MS, "of an empty Valkey", False),  # it begins now
        (LEASE_MS - FIRST_MS, LEASE_MS, "of an empty Valkey", True),
    ],
)
def test_value_is_complete_when_everybody_had_a_leases_time(
    first_in_ms: int | None, now_ms: int, epoch: str, complete: bool
) -> None:
    """Values of epoch "e" are written since 0 ms."""
    number = _Number(version=1, now_ms=now_ms, epoch="e", began_ms=0, facts="")
    facts = RowFacts(wanted=True, on=True, first_in_ms=first_in_ms)
    assert _kept(facts, epoch, number).complete is complete


# ---- generations -------------------------------------------------------------------------------


async def generation(process: Process, room: str, *, known: int = 0, new: bool = False) -> int:
    found = await process.desired.generation_of(room, "seat", known=known, new=new)
    assert isinstance(found, int)
    return found


async def test_generation_of_a_page_outlives_its_socket(process: Process) -> None:
    room = "room-that-stays"
    first = await generation(process, room, new=True)
    assert await generation(process, room) == first
    assert await generation(process, room, known=first) == first


async def test_generation_of_another_page_is_higher(process: Process) -> None:
    room = "room-of-two-pages"
    first = await generation(process, room, new=True)
    assert await generation(process, room, new=True) > first


async def test_generation_is_kept_by_its_connection_when_the_store_is_lost(
    process: Process,
) -> None:
    """Kills: an empty Redis ends media that works."""
    room = "room-that-was-lost"
    first = await generation(process, room, new=True)
    connection().delete(f"media:{{{room}}}:generations")
    assert await generation(process, room, known=first) == first


@real
def test_value_wants_the_generation_of_the_page(tonight: Evening) -> None:
    dana = connect(tonight, "Dana")
    connection().hset(f"media:{{{tonight.room.key}}}:generations", dana.seat, "77")
    peer = written(tonight).peers[dana.seat]
    assert peer == DesiredPeer(
        generation=77, send_audio=True, send_video=True, receive=True, priority=True
    )
    run(presence.remove(tonight.room.key, dana.seat, bar=False))
    assert written(tonight).peers == {}


# ---- without rows ------------------------------------------------------------------------------


@real
def test_value_without_rows_says_what_they_said_last(tonight: Evening) -> None:
    """Kills: a value without rows that keeps who has been taken out since."""
    dana, sam = connect(tonight, "Dana"), connect(tonight, "Sam")
    do(Verb.ROOM_ADMIT, tonight["Dana"], tonight.address, key=sam.seat)
    rows = written(tonight)
    assert set(rows.peers) == {dana.seat, sam.seat}
    run(presence.change(tonight.room.key, dana.seat, microphone_allowed=False))
    run(presence.remove(tonight.room.key, sam.seat))
    value = written_without_rows(tonight)
    assert isinstance(value, DesiredRoom)
    assert stored(tonight) == value
    assert (set(value.peers), value.complete) == ({dana.seat}, rows.complete)
    assert sent(value, dana) == (False, True, True)


@real
def test_value_without_rows_of_an_empty_store_is_refused(tonight: Evening) -> None:
    """Kills: a value made of defaults, which would open or close a room that nobody knows."""
    connect(tonight, "Dana")
    assert written_without_rows(tonight) == Refuse("store.down")


@real
def test_value_of_a_room_whose_rows_cannot_be_read_is_written_without_them(
    tonight: Evening,
) -> None:
    """PostgreSQL is away. Kills: a room that keeps somebody's media who has left."""
    dana, sam = connect(tonight, "Dana"), connect(tonight, "Sam")
    do(Verb.ROOM_ADMIT, tonight["Dana"], tonight.address, key=sam.seat)
    run(presence.remove(tonight.room.key, sam.seat))

    async def away(_room: str) -> RowFacts | Refuse:
        return Refuse("store.down")

    with_process(lambda process: MediaWants(process.desired, away).write(tonight.room.key))
    assert set(stored(tonight).peers) == {dana.seat}


def written_without_rows(tonight: Evening) -> DesiredRoom | Refuse:
    return with_process(lambda process: process.desired.write_without_rows(tonight.room.key))
