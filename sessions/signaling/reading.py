"""How one connection reads the room's stream: event by event, what its browser is told.

Owns who may hear what, and what an event about the reader itself means (let in, replaced,
removed, over). Pure: a `Viewer` and an event give steps; the consumer takes them.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from typing import Any, Final

from sessions.core import permissions
from sessions.core.admission import SeatState, Wait
from sessions.core.parts import PARTS, PartName
from sessions.core.reasons import LeaveReason
from sessions.core.room_state import IN_SESSION, RoomState, is_closed
from sessions.core.viewing import Onlooker
from sessions.live.presence import Place
from sessions.live.stream import Audience, Event, Kind
from sessions.rooms.selectors import RoomFacts, RoomNow, RoomRows, SeatFacts
from sessions.signaling import frames, views
from sessions.signaling.messages.door import WaitingChanged, WaitingLeft
from sessions.signaling.messages.me import MeChanged
from sessions.signaling.messages.parts import PartChanged
from sessions.signaling.messages.people import ParticipantChanged, ParticipantLeft
from sessions.signaling.messages.room import RoomChanged, Snapshot


@dataclass(slots=True)
class Viewer:
    """One connection before the stream. `place` is None while the room is over, or before the
    connection has registered; `seats` grows as people come. `generation` fences the lease of
    this connection, `media_generation` the media of its page, which outlives a dropped socket."""

    facts: RoomFacts
    seat: SeatFacts
    principal: permissions.Principal
    connection: str
    place: Place | None = None
    waiting: Wait | None = None
    generation: int = 0
    media_generation: int = 0
    epoch: str = ""
    seq: int = 0
    reopen_until_ms: int | None = None
    seats: dict[str, SeatFacts] | None = None

    def sits(self, seat: SeatFacts) -> None:
        """The viewer's own seat, as it is known now: what one may do follows from it."""
        self.seat, self.principal = seat, replace(self.principal, seat=seat.state)

    def onlooker(self) -> Onlooker:
        """The viewer as the parts of the room see them."""
        leads = sees_door(self.principal)
        return Onlooker(self.seat.key, leads, in_room=self.place is Place.ROOM)

    def knows(self, key: str) -> SeatFacts | None:
        """The seat behind a key, if it is known here."""
        return (self.seats or {}).get(key)


@dataclass(frozen=True)
class Send:
    """Send this message. Many readers get one and the same `Send`."""

    message: Any

    @cached_property
    def text(self) -> str:
        """The message as the text of a frame, made once."""
        return frames.write(self.message)


@dataclass(frozen=True, slots=True)
class SendSnapshot:
    """Send a snapshot: the reader's place has changed, and with it what it may know."""


@dataclass(frozen=True, slots=True)
class Register:
    """Come into the room again: the lease ran out, or the room was opened again."""


@dataclass(frozen=True, slots=True)
class Want:
    """Write what the room wants of its media node again: a lease ran out, and nobody else says so."""


@dataclass(frozen=True, slots=True)
class Close:
    """Close the socket, with this code's words."""

    code: str


ALIKE: Final = 256  # messages kept for the next reader of the same event

Step = Send | SendSnapshot | Register | Want | Close

ENDS: Final[Mapping[LeaveReason, str]] = {
    LeaveReason.LEFT: "connection.left",
    LeaveReason.REPLACED: "connection.replaced",
    LeaveReason.REMOVED: "seat.removed",
    LeaveReason.SIGNED_OUT: "permission.signed_out",
    LeaveReason.ROSTER: "seat.not_on_roster",
    LeaveReason.REFUSED: "message.too_many",
}
"""What the end of one's own connection means to one's own socket; the other reasons do not."""


def sees_door(principal: permissions.Principal) -> bool:
    """Whether somebody may know who waits at the door."""
    return permissions.allowed(permissions.Verb.ROOM_DOOR, principal) is None


def snapshot(rows: RoomRows, viewer: Viewer, media_answer: str | None = None) -> Snapshot:
    """Everything that the reader may know, where it is now."""
    return views.snapshot(rows, viewer.onlooker(), viewer.waiting, media_answer)


def may_hear(event: Event, viewer: Viewer) -> bool:
    """Whether this reader is of the event's audience."""
    in_room = viewer.place is Place.ROOM
    return {
        Audience.EVERYONE: True,
        Audience.ROOM: in_room,
        Audience.STAFF: in_room and sees_door(viewer.principal),
        Audience.SEAT: event.subject == viewer.seat.key,
        Audience.NOBODY: False,
    }[event.audience]


def steps(event: Event, viewer: Viewer) -> list[Step]:
    """What to do about one event. Changes the viewer's own place, seat and number."""
    viewer.seq = event.seq
    news = _STEPS[event.kind](event, viewer) if may_hear(event, viewer) else []
    own = event.connection == viewer.connection and event.subject == viewer.seat.key
    return (news + _about_me(event, viewer)) if own else news


def unknown_keys(events: Iterable[Event], viewer: Viewer) -> set[str]:
    """The people in these events whose names the viewer does not have yet."""
    named = (Kind.PARTICIPANT_CHANGED, Kind.WAITING_CHANGED)
    subjects = {event.subject for event in events if event.kind in named}
    return {key for key in subjects if viewer.knows(key) is None}


def replayable(events: Iterable[Event], viewer: Viewer) -> bool:
    """Whether the events since the last connection can be told one by one: only if the reader
    was all the time at the place where it is now. Changing places needs a snapshot."""
    elsewhere = {
        Place.ROOM: (Kind.WAITING_CHANGED, Kind.WAITING_LEFT),
        Place.LOBBY: (Kind.PARTICIPANT_CHANGED, Kind.PARTICIPANT_LEFT),
    }
    if viewer.place is None:
        return False
    kinds = elsewhere[viewer.place]
    return not any(e.kind in kinds and e.subject == viewer.seat.key for e in events)


def let_in_meanwhile(viewer: Viewer) -> bool:
    """Staff let the person in between the door's word and the joining: the row says so."""
    seat = (viewer.seats or {}).get(viewer.seat.key)
    at_door = viewer.place is Place.LOBBY
    return at_door and seat is not None and seat.state is SeatState.ADMITTED


# ---- one function for each kind of event -------------------------------------------------------


def _participant_changed(event: Event, viewer: Viewer) -> list[Step]:
    seat = viewer.knows(event.subject)
    if seat is None:
        return []
    return [_participant(event, seat, viewer.epoch)]


def _participant_left(event: Event, viewer: Viewer) -> list[Step]:
    reason = LeaveReason(event.reason)
    fields = {"key": event.subject, "version": event.version, "reason": reason}
    news: list[Step] = [_send(ParticipantLeft, "participant.left", event, viewer.epoch, **fields)]
    return [Want(), *news] if reason is LeaveReason.LOST else news


def _waiting_changed(event: Event, viewer: Viewer) -> list[Step]:
    seat = viewer.knows(event.subject)
    if seat is None:
        return []
    view = views.waiting_view(event.entry(), seat)
    return [_send(WaitingChanged, "waiting.changed", event, viewer.epoch, waiting=view)]


def _waiting_left(event: Event, viewer: Viewer) -> list[Step]:
    fields = {"key": event.subject, "version": event.version}
    return [_send(WaitingLeft, "waiting.left", event, viewer.epoch, **fields)]


def _room_changed(event: Event, viewer: Viewer) -> list[Step]:
    now, send = _room(event, viewer.facts, viewer.epoch)
    viewer.reopen_until_ms = now.reopen_until_ms
    news: list[Step] = [send]
    state = RoomState(now.state)
    if viewer.place is None and state in IN_SESSION:
        news.append(Register())
    if is_closed(state, now.reopen_until_ms, now.read_ms):
        news.append(Close(f"room.{state.value}"))
    return news


def _me_changed(event: Event, viewer: Viewer) -> list[Step]:
    """Out of order (two verbs at once), the newer row counts; the browser compares as well."""
    if event.version > viewer.seat.version:
        state = SeatState(event.payload["seat"])
        allowed = bool(event.payload["microphone_allowed"])
        known = viewer.seat
        viewer.sits(replace(known, state=state, microphone_allowed=allowed, version=event.version))
    me = views.me_view(viewer.seat, viewer.waiting)
    news: list[Step] = [_send(MeChanged, "me.changed", event, viewer.epoch, me=me)]
    removed = viewer.seat.state is SeatState.REMOVED
    return [*news, Close("seat.removed")] if removed else news


def _part_changed(event: Event, viewer: Viewer) -> list[Step]:
    """What the part shows to this reader. Nobody outside the room hears of a part that shows
    them nothing; in it, nothing in place of something is news."""
    name, onlooker = PartName(event.payload["part"]), viewer.onlooker()
    part = PARTS[name]
    shown = part.show(part.read(event.payload["state"]), onlooker)
    if shown is None and not onlooker.in_room:
        return []
    return [_part(event, shown, viewer.epoch)]


def _nothing(_event: Event, _viewer: Viewer) -> list[Step]:
    return []


_STEPS: Mapping[Kind, Callable[[Event, Viewer], list[Step]]] = {
    Kind.PARTICIPANT_CHANGED: _participant_changed,
    Kind.PARTICIPANT_LEFT: _participant_left,
    Kind.WAITING_CHANGED: _waiting_changed,
    Kind.WAITING_LEFT: _waiting_left,
    Kind.CONNECTION_REPLACED: _nothing,
    Kind.ROOM_CHANGED: _room_changed,
    Kind.ME_CHANGED: _me_changed,
    Kind.PART_CHANGED: _part_changed,
}


# ---- what everybody in a room is told alike: made, and written, once ----------------------------


@lru_cache(maxsize=ALIKE)
def _room(event: Event, facts: RoomFacts, epoch: str) -> tuple[RoomNow, Send]:
    now = RoomNow.read(event.payload)
    view = views.room_view(facts, now)
    return now, _send(RoomChanged, "room.changed", event, epoch, room=view)


@lru_cache(maxsize=ALIKE)
def _participant(event: Event, seat: SeatFacts, epoch: str) -> Send:
    view = views.participant_view(event.entry(), seat)
    return _send(ParticipantChanged, "participant.changed", event, epoch, participant=view)


@lru_cache(maxsize=ALIKE)
def _part(event: Event, shown: Any, epoch: str) -> Send:
    view = views.part_view(PartName(event.payload["part"]), event.version, shown)
    return _send(PartChanged, "part.changed", event, epoch, part=view)


def _send(kind: Any, name: str, event: Event, epoch: str, **fields: Any) -> Send:
    return Send(kind(type=name, epoch=epoch, seq=event.seq, **fields))


def _about_me(event: Event, viewer: Viewer) -> list[Step]:
    """What an event about this very connection means to it."""
    if event.kind is Kind.CONNECTION_REPLACED:
        return [Close("connection.replaced")]
    if event.kind in (Kind.PARTICIPANT_LEFT, Kind.WAITING_LEFT):
        return _gone(LeaveReason(event.reason), viewer)
    if event.kind is Kind.PARTICIPANT_CHANGED and viewer.place is Place.LOBBY:
        viewer.place = Place.ROOM
        return [SendSnapshot()]
    if event.kind is Kind.WAITING_CHANGED:
        viewer.waiting = event.entry().waiting
    return []


def _gone(reason: LeaveReason, viewer: Viewer) -> list[Step]:
    if reason is LeaveReason.MOVED:
        return []
    if reason is LeaveReason.ENDED:
        viewer.place = None
        return []
    return [Close(ENDS[reason])] if reason in ENDS else [Register()]
