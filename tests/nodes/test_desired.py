"""The bridge: what a room wants of the media node, as one value that only ever gets newer."""

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import DjangoAssertNumQueries

from server.media.client import DesiredPeer, DesiredRoom, desired_key, read_desired
from sessions.core.agenda import SegmentKind
from sessions.core.refusal import Refuse
from sessions.live import presence
from sessions.live.presence import Entry, Place, Roster
from sessions.models import Seat
from sessions.nodes import desired as bridge
from sessions.rooms import services
from sessions.rooms.selectors import RoomNow
from tests.rooms.live import Connected, connect
from tests.signaling.evening import Evening, evening
from tests.valkey import connection, run

real = pytest.mark.django_db(transaction=True)


def stored(tonight: Evening) -> DesiredRoom:
    """The value as the node reads it."""
    value = connection().get(desired_key(tonight.room.key))
    desired = read_desired(str(value).encode())
    assert desired is not None
    return desired


def demanded(tonight: Evening) -> DesiredRoom:
    """A value written now."""
    desired = bridge.demand(tonight.room.key)
    assert isinstance(desired, DesiredRoom)
    assert stored(tonight) == desired
    return desired


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
    hand_ms=st.none(),
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
    value = bridge.desired_of(roster, {}, room="r", version=1, complete=True, wanted=wanted, on=on)
    inside = {entry.seat: entry for entry in people if entry.place is Place.ROOM}
    assert set(value.peers) == (set(inside) if wanted else set())
    for seat, peer in value.peers.items():
        assert peer.send_audio == (on and inside[seat].microphone_allowed)
        assert (peer.send_video, peer.receive) == (on, on)


# ---- the value in rows and in the store --------------------------------------------------------


@real
def test_demand_wants_those_in_the_room_and_not_those_at_the_door(tonight: Evening) -> None:
    dana, sam = connect(tonight, "Dana"), connect(tonight, "Sam")
    assert set(demanded(tonight).peers) == {dana.seat}
    services.admit(tonight["Dana"], tonight.address, sam.seat)
    assert set(stored(tonight).peers) == {dana.seat, sam.seat}
    assert sent(stored(tonight), sam) == (True, True, True)


@real
def test_demand_after_a_mute_forbids_the_microphone_alone(tonight: Evening) -> None:
    connect(tonight, "Dana")
    sam = connect(tonight, "Sam")
    services.admit_all(tonight["Dana"], tonight.address)
    services.mute(tonight["Dana"], tonight.address, sam.seat)
    assert sent(stored(tonight), sam) == (False, True, True)
    services.allow_microphone(tonight["Dana"], tonight.address, sam.seat)
    assert sent(stored(tonight), sam) == (True, True, True)


@real
def test_demand_after_a_removal_leaves_the_peer_out(tonight: Evening) -> None:
    dana = connect(tonight, "Dana")
    sam = connect(tonight, "Sam")
    services.admit_all(tonight["Dana"], tonight.address)
    services.remove(tonight["Dana"], tonight.address, sam.seat)
    assert set(stored(tonight).peers) == {dana.seat}


@real
def test_demand_in_a_break_is_silent_and_after_it_is_not(transactional_db: None) -> None:
    tonight = evening(kinds=(SegmentKind.CHECK_IN, SegmentKind.BREAK, SegmentKind.TOPIC))
    dana = connect(tonight, "Dana")
    services.start(tonight["Dana"], tonight.address)
    assert sent(stored(tonight), dana) == (True, True, True)
    services.advance(tonight["Dana"], tonight.address, 0)
    assert sent(stored(tonight), dana) == (False, False, False)
    services.advance(tonight["Dana"], tonight.address, 1)
    assert sent(stored(tonight), dana) == (True, True, True)


@real
def test_tap_that_is_nothing_to_the_node_writes_no_value(tonight: Evening) -> None:
    """Kills: a value written for every tap of the agenda, people and media being as before."""
    connect(tonight, "Dana")
    services.start(tonight["Dana"], tonight.address)
    before = stored(tonight).version
    services.advance(tonight["Dana"], tonight.address, 0)
    services.extend(tonight["Dana"], tonight.address, 1)
    services.pause(tonight["Dana"], tonight.address)
    assert stored(tonight).version == before


@real
def test_tap_after_a_break_that_ended_by_itself_opens_media(transactional_db: None) -> None:
    """Kills: a tap in the second before the ticker's look, which hides from it what the clock
    did, and leaves everybody silent."""
    tonight = evening(kinds=(SegmentKind.CHECK_IN, SegmentKind.BREAK, SegmentKind.TOPIC))
    dana = connect(tonight, "Dana")
    services.start(tonight["Dana"], tonight.address)
    services.advance(tonight["Dana"], tonight.address, 0)
    assert sent(stored(tonight), dana) == (False, False, False)
    with time_machine.travel(timezone.now() + timedelta(minutes=60), tick=False):
        told = services.pause(tonight["Dana"], tonight.address)
    assert isinstance(told, RoomNow)
    assert told.index == 2
    assert sent(stored(tonight), dana) == (True, True, True)


@real
def test_demand_while_the_agenda_is_paused_keeps_sound_and_pictures(tonight: Evening) -> None:
    dana = connect(tonight, "Dana")
    services.start(tonight["Dana"], tonight.address)
    services.pause(tonight["Dana"], tonight.address)
    assert sent(stored(tonight), dana) == (True, True, True)


@real
def test_demand_after_the_end_wants_nobody(tonight: Evening) -> None:
    connect(tonight, "Dana")
    services.start(tonight["Dana"], tonight.address)
    services.end(tonight["Dana"], tonight.address)
    assert stored(tonight).peers == {}


@real
def test_demand_numbers_only_rise_also_after_the_store_was_lost(tonight: Evening) -> None:
    """Kills: numbers that begin at one again, so that the node keeps an old value for ever."""
    connect(tonight, "Dana")
    first, second = demanded(tonight), demanded(tonight)
    connection().flushdb()
    connect(tonight, "Dana")
    third = demanded(tonight)
    assert first.version < second.version < third.version
    assert first.epoch == second.epoch != third.epoch


@real
def test_demand_that_was_overtaken_does_not_overwrite(tonight: Evening) -> None:
    """Kills: the last writer wins, though it read before the other."""
    connect(tonight, "Dana")
    slow = bridge._take_number(tonight.room.key)
    newer = demanded(tonight)
    late = DesiredRoom(
        room=tonight.room.key, epoch=newer.epoch, version=slow.version, complete=True, peers={}
    )
    bridge._put(late, slow, bridge._Told(wanted=True, on=True, complete=True))
    assert stored(tonight) == newer


@real
def test_demand_of_a_new_room_is_complete_at_once(tonight: Evening) -> None:
    connect(tonight, "Dana")
    assert demanded(tonight).complete
    assert not bridge.is_unfinished(tonight.room.key)


@real
def test_demand_of_an_empty_store_is_incomplete_until_a_lease_has_passed(
    tonight: Evening,
) -> None:
    """Kills: the first to register again closes everybody else's media."""
    connect(tonight, "Dana")
    Seat.objects.update(first_in_at=timezone.now() - timedelta(minutes=5))
    demanded(tonight)
    connection().flushdb()
    connect(tonight, "Dana")
    assert not demanded(tonight).complete
    assert bridge.is_unfinished(tonight.room.key)
    began = int(str(connection().hget(f"media:{{{tonight.room.key}}}:numbers", "began")))
    connection().hset(f"media:{{{tonight.room.key}}}:numbers", "began", str(began - 10_000))
    assert demanded(tonight).complete
    assert not bridge.is_unfinished(tonight.room.key)


# ---- generations -------------------------------------------------------------------------------


async def generation(room: str, *, known: int = 0, new: bool = False) -> int:
    found = await bridge.generation_of(room, "seat", known=known, new=new)
    assert isinstance(found, int)
    return found


async def test_generation_of_a_page_outlives_its_socket() -> None:
    room = "room-that-stays"
    first = await generation(room, new=True)
    assert await generation(room) == first
    assert await generation(room, known=first) == first


async def test_generation_of_another_page_is_higher() -> None:
    room = "room-of-two-pages"
    first = await generation(room, new=True)
    assert await generation(room, new=True) > first


async def test_generation_is_kept_by_its_connection_when_the_store_is_lost() -> None:
    """Kills: an empty Redis ends media that works."""
    room = "room-that-was-lost"
    first = await generation(room, new=True)
    connection().delete(f"media:{{{room}}}:generations")
    assert await generation(room, known=first) == first


@real
def test_demand_wants_the_generation_of_the_page(tonight: Evening) -> None:
    dana = connect(tonight, "Dana")
    connection().hset(f"media:{{{tonight.room.key}}}:generations", dana.seat, "77")
    peer = demanded(tonight).peers[dana.seat]
    assert peer == DesiredPeer(generation=77, send_audio=True, send_video=True, receive=True)
    run(presence.remove(tonight.room.key, dana.seat, bar=False))
    assert demanded(tonight).peers == {}


# ---- without rows ------------------------------------------------------------------------------


@real
def test_value_without_rows_says_what_they_said_last(
    tonight: Evening, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    """Kills: `demand_as_told` that reads a row, or that keeps who has been taken out since."""
    dana, sam = connect(tonight, "Dana"), connect(tonight, "Sam")
    services.admit(tonight["Dana"], tonight.address, sam.seat)
    rows = demanded(tonight)
    assert set(rows.peers) == {dana.seat, sam.seat}
    run(presence.change(tonight.room.key, dana.seat, microphone_allowed=False))
    run(presence.remove(tonight.room.key, sam.seat))
    with django_assert_num_queries(0):
        told = bridge.demand_as_told(tonight.room.key)
    assert isinstance(told, DesiredRoom)
    assert stored(tonight) == told
    assert (set(told.peers), told.complete) == ({dana.seat}, rows.complete)
    assert sent(told, dana) == (False, True, True)


@real
def test_value_without_rows_of_an_empty_store_is_refused(tonight: Evening) -> None:
    """Kills: a value made of defaults, which would open or close a room that nobody knows."""
    connect(tonight, "Dana")
    assert bridge.demand_as_told(tonight.room.key) == Refuse("store.down")
