"""What a scripted server says: a room in the middle of its check-in, and changes to it.

States, phases and seats may be given as the words that travel.
"""

import time
from dataclasses import replace
from typing import Any

from sessions.core.admission import SeatState, WaitReason
from sessions.core.agenda import Phase, SegmentKind
from sessions.core.floor import FloorShown, Hand
from sessions.core.parts import PartName
from sessions.core.room_state import RoomState
from sessions.core.spotlight import SpotlightShown
from sessions.signaling.messages.agenda import AgendaView, SegmentView
from sessions.signaling.messages.door import WaitingView
from sessions.signaling.messages.me import MeChanged, MeView
from sessions.signaling.messages.parts import PartChanged, PartView
from sessions.signaling.messages.people import ParticipantChanged, ParticipantView
from sessions.signaling.messages.room import RoomChanged, RoomView, Snapshot

MINUTE = 60_000
NOW = int(time.time() * 1000)
STARTED = NOW - 10 * MINUTE
TITLES = (("check_in", "Check-in"), ("break", "Break"), ("topic", "Topic"), ("wrap_up", "Wrap-up"))


def agenda(**change: Any) -> AgendaView:
    """Twenty minutes each; the first has ten left."""
    segments = [
        SegmentView(
            kind=SegmentKind(kind),
            title=title,
            block=1,
            starts_ms=STARTED + place * 20 * MINUTE,
            ends_ms=STARTED + (place + 1) * 20 * MINUTE,
        )
        for place, (kind, title) in enumerate(TITLES)
    ]
    view = AgendaView(
        phase=Phase(change.pop("phase", "running")),
        index=0,
        segments=segments,
        read_ms=NOW,
        left_ms=10 * MINUTE,
        ends_ms=STARTED + 80 * MINUTE,
    )
    return replace(view, **change)


def room(**change: Any) -> RoomView:
    view = RoomView(
        version=1,
        state=RoomState(change.pop("state", "live")),
        starts_ms=STARTED,
        topic="Craving as a wave",
        facilitators=["Dana"],
        agenda=agenda(),
        reopen_until_ms=None,
    )
    return replace(view, **change)


def me(staff: bool = False, **change: Any) -> MeView:
    view = MeView(
        key="dana" if staff else "sam",
        version=1,
        name="Dana" if staff else "Sam",
        facilitates=staff,
        seat=SeatState(change.pop("seat", "admitted")),
        microphone_allowed=True,
        reason="",
    )
    return replace(view, **change)


def person(name: str, **change: Any) -> ParticipantView:
    view = ParticipantView(
        key=name.lower(),
        version=1,
        name=name,
        facilitates=name == "Dana",
        microphone=False,
        microphone_allowed=True,
        camera=True,
        away=False,
    )
    return replace(view, **change)


def waits(name: str) -> WaitingView:
    return WaitingView(
        key=name.lower(),
        version=1,
        name=name,
        since_ms=NOW,
        late=False,
        reason=WaitReason.DOOR,
    )


def hands(*names: str, version: int = 1) -> PartView:
    """The floor with these hands up, the first one first."""
    up = tuple(Hand(name.lower(), NOW + place) for place, name in enumerate(names))
    return PartView(part=PartName.FLOOR, version=version, shown=FloorShown(up))


def large(name: str | None, version: int = 1) -> PartView:
    """The spotlight on somebody, or on nobody."""
    key = name.lower() if name else None
    return PartView(part=PartName.SPOTLIGHT, version=version, shown=SpotlightShown(key))


def snapshot(staff: bool = False, **change: Any) -> Snapshot:
    view = Snapshot(
        type="snapshot",
        epoch="e1",
        seq=10,
        now_ms=NOW,
        room=room(),
        me=me(staff),
        participants=[person("Dana"), person("Sam"), person("Joe")],
        waiting=[waits("Kai"), waits("Tess")] if staff else [],
        parts=[hands("Joe"), large(None)],
        media_slots=3,
    )
    return replace(view, **change)


STAMP: dict[str, Any] = {"epoch": "e1", "seq": 11}


def room_changed(**change: Any) -> RoomChanged:
    return RoomChanged(type="room.changed", **STAMP, room=room(**{"version": 2, **change}))


def me_changed(staff: bool = False, **change: Any) -> MeChanged:
    return MeChanged(type="me.changed", **STAMP, me=me(staff, **{"version": 2, **change}))


def person_changed(name: str, **change: Any) -> ParticipantChanged:
    seen = person(name, **{"version": 2, **change})
    return ParticipantChanged(type="participant.changed", **STAMP, participant=seen)


def part_changed(part: PartView) -> PartChanged:
    return PartChanged(type="part.changed", **STAMP, part=part)
