"""PT5: staff show somebody large to everyone in the room."""

import pytest

from sessions.core.permissions import Verb
from sessions.core.refusal import Refuse
from sessions.live.stream import Kind
from sessions.models import AuditEvent, Room, RoomPart
from tests.rooms.live import connect, do, roster_of, told_since
from tests.signaling.evening import Evening

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def live(tonight: Evening) -> dict[str, str]:
    """Dana and Sam are in the room; the keys of their seats."""
    seats = {name: connect(tonight, name).seat for name in ("Dana", "Sam")}
    do(Verb.ROOM_ADMIT_ALL, tonight["Dana"], tonight.address)
    return seats


def state_of(tonight: Evening) -> object:
    return RoomPart.objects.get(room=tonight.room, name="spotlight").state


def test_pt5_is_kept_published_and_audited(tonight: Evening, live: dict[str, str]) -> None:
    """Kills: an event without the room's version, which the ticker would publish for ever."""
    before = roster_of(tonight)
    do(Verb.ROOM_SPOTLIGHT, tonight["Dana"], tonight.address, key=live["Sam"])
    assert state_of(tonight) == {"key": live["Sam"]}
    [event] = told_since(tonight, before)
    assert (event.kind, event.payload["state"]) == (Kind.PART_CHANGED, {"key": live["Sam"]})
    assert roster_of(tonight).room_version == Room.objects.get(pk=tonight.room.pk).version
    row = AuditEvent.objects.get(verb="room.spotlight")
    assert (row.outcome, row.subject) == ("done", tonight["Sam"])


def test_pt5_twice_changes_nothing(tonight: Evening, live: dict[str, str]) -> None:
    do(Verb.ROOM_SPOTLIGHT, tonight["Dana"], tonight.address, key=live["Sam"])
    before = roster_of(tonight)
    do(Verb.ROOM_SPOTLIGHT, tonight["Dana"], tonight.address, key=live["Sam"])
    assert told_since(tonight, before) == ()


def test_pt5_nobody_is_shown_large_any_more(tonight: Evening, live: dict[str, str]) -> None:
    for key in (live["Sam"], None):
        do(Verb.ROOM_SPOTLIGHT, tonight["Dana"], tonight.address, key=key)
    assert state_of(tonight) == {"key": None}


def test_pt5_is_staffs_alone(tonight: Evening, live: dict[str, str]) -> None:
    refused = do(Verb.ROOM_SPOTLIGHT, tonight["Sam"], tonight.address, key=live["Sam"])
    assert refused == Refuse("permission.not_staff")
    assert not RoomPart.objects.exists()


def test_parts_are_empty_again_when_the_session_has_ended(
    tonight: Evening, live: dict[str, str]
) -> None:
    """Kills: a hand, or somebody shown large, that is there when the room is opened again."""
    dana, sam, address = tonight["Dana"], tonight["Sam"], tonight.address
    do(Verb.ROOM_START, dana, address)
    do(Verb.ROOM_SPOTLIGHT, dana, address, key=live["Sam"])
    do(Verb.ROOM_RAISE_HAND, sam, address, raised=True)
    do(Verb.ROOM_END, dana, address)
    assert set(RoomPart.objects.values_list("state", flat=True)) == {None}


def test_leaving_ends_ones_own_hand_and_spotlight(tonight: Evening, live: dict[str, str]) -> None:
    """Kills: a hand that is up, or a spotlight that is on, when somebody comes back; an event
    without the room's version; an audit row beside the mark of attendance."""
    dana, sam, address = tonight["Dana"], tonight["Sam"], tonight.address
    do(Verb.ROOM_SPOTLIGHT, dana, address, key=live["Sam"])
    do(Verb.ROOM_RAISE_HAND, sam, address, raised=True)
    before = roster_of(tonight)
    do(Verb.ROOM_LEAVE, sam, address)
    states = {
        event.payload["part"]: event.payload["state"] for event in told_since(tonight, before)
    }
    assert states == {"floor": {"hands": []}, "spotlight": {"key": None}}
    assert roster_of(tonight).room_version == Room.objects.get(pk=tonight.room.pk).version
    assert not AuditEvent.objects.filter(verb="room.leave").exists()


def test_leaving_changes_nothing_of_anybody_else(tonight: Evening, live: dict[str, str]) -> None:
    do(Verb.ROOM_SPOTLIGHT, tonight["Dana"], tonight.address, key=live["Dana"])
    before = roster_of(tonight)
    do(Verb.ROOM_LEAVE, tonight["Sam"], tonight.address)
    assert told_since(tonight, before) == ()
    assert state_of(tonight) == {"key": live["Dana"]}


def test_removal_ends_the_spotlight(tonight: Evening, live: dict[str, str]) -> None:
    dana, address = tonight["Dana"], tonight.address
    do(Verb.ROOM_SPOTLIGHT, dana, address, key=live["Sam"])
    do(Verb.ROOM_REMOVE, dana, address, key=live["Sam"])
    assert state_of(tonight) == {"key": None}
