"""What a browser is told, made from what the rooms layer knows. Pure functions.

Owns the one place where names meet opaque keys: stream entries and snapshots are both made
here, so they cannot differ. Knows no sockets, no rows, no Redis.
"""

from collections.abc import Mapping
from typing import Any

from sessions.core.admission import SeatState, Wait
from sessions.core.agenda import Phase, SegmentKind
from sessions.core.parts import PARTS, PartName
from sessions.core.room_state import RoomState
from sessions.core.viewing import Onlooker
from sessions.live.presence import Entry, Place
from sessions.rooms.selectors import PartState, RoomFacts, RoomNow, RoomRows, SeatFacts
from sessions.signaling.messages.agenda import AgendaView, SegmentView
from sessions.signaling.messages.door import WaitingView
from sessions.signaling.messages.me import MeView, OwnReason
from sessions.signaling.messages.parts import PartView
from sessions.signaling.messages.people import ParticipantView
from sessions.signaling.messages.room import RoomView, Snapshot


def room_view(facts: RoomFacts, now: RoomNow) -> RoomView:
    """The room as everyone in it, and at its door, may see it."""
    return RoomView(
        version=now.version,
        state=RoomState(now.state),
        starts_ms=facts.starts_ms,
        topic=facts.topic,
        facilitators=list(facts.facilitators),
        agenda=agenda_view(facts, now),
        reopen_until_ms=now.reopen_until_ms,
    )


def agenda_view(facts: RoomFacts, now: RoomNow) -> AgendaView:
    """Titles from the facts, boundaries from the clock."""
    segments = [
        SegmentView(
            kind=SegmentKind(segment.kind),
            title=segment.title,
            block=segment.block,
            starts_ms=starts_ms,
            ends_ms=ends_ms,
        )
        for segment, (starts_ms, ends_ms) in zip(facts.segments, now.bounds, strict=True)
    ]
    return AgendaView(
        phase=Phase(now.phase),
        index=now.index,
        segments=segments,
        read_ms=now.read_ms,
        left_ms=now.left_ms,
        ends_ms=now.ends_ms,
    )


def participant_view(entry: Entry, seat: SeatFacts) -> ParticipantView:
    """Someone in the room, under the name of the roster. Of the microphone and the camera the
    node's word counts, once there is one."""
    return ParticipantView(
        key=entry.seat,
        version=entry.version,
        name=seat.name,
        facilitates=seat.staff,
        microphone=entry.microphone if entry.audio is None else entry.audio,
        microphone_allowed=entry.microphone_allowed,
        camera=entry.camera if entry.video is None else entry.video,
        away=entry.away,
    )


def waiting_view(entry: Entry, seat: SeatFacts) -> WaitingView:
    """Someone at the door."""
    assert entry.waiting is not None  # an entry at the door waits for something
    return WaitingView(
        key=entry.seat,
        version=entry.version,
        name=seat.name,
        since_ms=entry.since_ms,
        late=entry.waiting.late,
        reason=entry.waiting.reason,
    )


def me_view(seat: SeatFacts, waiting: Wait | None) -> MeView:
    """The receiver's own principal. `waiting` is what presence says one waits for."""
    return MeView(
        key=seat.key,
        version=seat.version,
        name=seat.name,
        facilitates=seat.staff,
        seat=seat.state,
        microphone_allowed=seat.microphone_allowed,
        reason=_reason(seat, waiting),
    )


def _reason(seat: SeatFacts, waiting: Wait | None) -> OwnReason:
    if seat.state is SeatState.REMOVED:
        return "seat.removed"
    if seat.state is SeatState.WAITING:
        return waiting.reason if waiting else ""
    return "" if seat.microphone_allowed else "seat.muted"


def part_view(name: PartName, version: int, shown: Any | None) -> PartView:
    """One part, as it is shown to somebody."""
    return PartView(part=name, version=version, shown=shown)


def parts_view(parts: Mapping[PartName, PartState], onlooker: Onlooker) -> list[PartView]:
    """All parts that show the onlooker something."""
    views = []
    for name, part in PARTS.items():
        kept = parts.get(name, PartState(0, None))
        shown = part.show(part.read(kept.state), onlooker)
        if shown is not None:
            views.append(part_view(name, kept.version, shown))
    return views


def snapshot(
    rows: RoomRows, onlooker: Onlooker, waiting: Wait | None, media_answer: str | None = None
) -> Snapshot:
    """All that the owner of a seat may know where that connection is: at the door, the room
    alone; in it, the people and the parts too; those who lead, also who waits. Seats without a
    row are left out."""
    in_room = onlooker.in_room
    known = [entry for entry in rows.roster.entries if entry.seat in rows.seats]
    known.sort(key=lambda entry: (entry.since_ms, entry.seat))
    return Snapshot(
        type="snapshot",
        epoch=rows.roster.epoch,
        seq=rows.roster.seq,
        now_ms=rows.roster.now_ms,
        room=room_view(rows.facts, rows.now),
        me=me_view(rows.seats[onlooker.key], waiting),
        participants=[
            participant_view(entry, rows.seats[entry.seat])
            for entry in known
            if in_room and entry.place is Place.ROOM
        ],
        waiting=[
            waiting_view(entry, rows.seats[entry.seat])
            for entry in known
            if in_room and onlooker.leads and entry.place is Place.LOBBY
        ],
        parts=parts_view(rows.parts, onlooker),
        media_slots=rows.facts.media_slots,
        media_answer=media_answer,
    )
