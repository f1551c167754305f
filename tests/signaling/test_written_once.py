"""A message that everybody in a room gets alike is made once, and sent to nobody else."""

import json
from dataclasses import replace

from sessions.core.admission import SeatState
from sessions.core.permissions import Principal
from sessions.live.presence import Place
from sessions.live.stream import Audience, Event, Kind
from sessions.rooms.selectors import RoomFacts, RoomNow, SeatFacts, SegmentFacts
from sessions.signaling import frames
from sessions.signaling.reading import Send, Viewer, steps

FACTS = RoomFacts(
    room_id=1,
    key="room",
    starts_ms=0,
    topic="Sleep",
    facilitators=("Dana",),
    segments=(SegmentFacts("topic", "Topic", 1),),
    media_slots=11,
)
NOW = RoomNow(
    version=3,
    state="live",
    phase="running",
    index=0,
    bounds=((0, 1000),),
    read_ms=10,
    left_ms=990,
    ends_ms=1000,
    reopen_until_ms=None,
)
ENTRY = {
    "seat": "sam",
    "connection": "c1",
    "generation": 1,
    "place": "room",
    "staff": False,
    "microphone": True,
    "microphone_allowed": True,
    "camera": True,
    "away": False,
    "since_ms": 0,
    "waiting": "",
    "late": False,
    "version": 7,
}


def seat(key: str, name: str) -> SeatFacts:
    return SeatFacts(key, name, False, SeatState.ADMITTED, True, 1)


def viewer(key: str, facts: RoomFacts = FACTS, epoch: str = "e", sam: str = "Sam") -> Viewer:
    """Somebody in the room, who knows Sam by this name."""
    mine = seat(key, key)
    seats = {key: mine, "sam": seat("sam", sam)}
    return Viewer(facts, mine, Principal(True), f"c-{key}", Place.ROOM, epoch=epoch, seats=seats)


def changed() -> Event:
    payload = json.loads(json.dumps(NOW.payload()))
    return Event(7, Kind.ROOM_CHANGED, Audience.EVERYONE, "", "", "", 3, 10, payload)


def came() -> Event:
    return Event(7, Kind.PARTICIPANT_CHANGED, Audience.ROOM, "sam", "c1", "", 7, 10, ENTRY)


def send_of(event: Event, reader: Viewer) -> Send:
    (step,) = steps(event, reader)
    assert isinstance(step, Send)
    return step


def test_readers_of_one_room_get_the_very_same_message() -> None:
    """Kills: a message that is made and written again for each of twelve."""
    for event in (changed(), came()):
        first, second = send_of(event, viewer("ana")), send_of(event, viewer("joe"))
        assert first is second
        assert first.text is second.text
        assert first.text == frames.write(first.message)


def test_readers_who_know_other_facts_get_another_message() -> None:
    """Kills: a message of one room sent to another, or under another epoch or name."""
    event, elsewhere = changed(), replace(FACTS, key="other", topic="Craving")
    assert send_of(event, viewer("ana")).message.room.topic == "Sleep"
    assert send_of(event, viewer("joe", elsewhere)).message.room.topic == "Craving"
    assert send_of(event, viewer("ana", epoch="later")).message.epoch == "later"
    assert send_of(came(), viewer("ana")).message.participant.name == "Sam"
    assert send_of(came(), viewer("ana", sam="Sam B")).message.participant.name == "Sam B"


def test_events_that_differ_in_their_payload_alone_are_different_messages() -> None:
    """Kills: two epochs' events of one number taken for one another."""
    paused = replace(NOW, state="paused", phase="paused")
    event = changed()
    other = replace(event, payload=json.loads(json.dumps(paused.payload())))
    assert send_of(event, viewer("ana")).message.room.state == "live"
    assert send_of(other, viewer("ana")).message.room.state == "paused"
