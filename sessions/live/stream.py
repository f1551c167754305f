"""The room's stream: every event in order, numbered within an epoch, read by many.

Owns the shape of an event as it is stored: kind, audience, subject, version, payload. Payloads
hold opaque keys and states, no names: the signaling layer joins those. One event becomes at
most one message for each browser. Knows neither messages nor rules.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from sessions.live.presence import Applied, Entry, Outcome
from sessions.live.store import Answer, Call

READ_LIMIT: Final = 500  # further behind than this, a snapshot is shorter
MARKS_LIMIT: Final = 500  # joins and leaves written in one transaction


class Kind(StrEnum):
    """What an event tells. The first five are written by presence itself."""

    PARTICIPANT_CHANGED = "participant.changed"  # payload: Entry
    PARTICIPANT_LEFT = "participant.left"
    WAITING_CHANGED = "waiting.changed"  # payload: Entry
    WAITING_LEFT = "waiting.left"
    CONNECTION_REPLACED = "connection.replaced"  # for the consumer of `connection` alone
    ROOM_CHANGED = "room.changed"  # payload: made by the room's verbs
    ME_CHANGED = "me.changed"  # payload: made by the room's verbs
    PART_CHANGED = "part.changed"  # subject: the part's name; payload: its version and state


class Audience(StrEnum):
    """Who may be told."""

    EVERYONE = "everyone"  # at the door too
    ROOM = "room"  # those who are in the room
    STAFF = "staff"
    SEAT = "seat"  # the subject only
    NOBODY = "nobody"  # no browser


@dataclass(frozen=True, slots=True)
class Draft:
    """An event to be appended. `version` is the version of the thing that it tells."""

    kind: Kind
    audience: Audience
    version: int
    subject: str = ""  # a seat's key; empty: the room
    reason: str = ""
    payload: Mapping[str, Any] = field(default_factory=dict)
    room_version: int = 0  # of the room, where this is the last event of a version


@dataclass(frozen=True, slots=True)
class Event:
    """One event of the stream."""

    seq: int
    kind: Kind
    audience: Audience
    subject: str
    connection: str
    reason: str
    version: int
    at_ms: int
    payload: Mapping[str, Any] = field(hash=False)

    def entry(self) -> Entry:
        """The presence entry that a *.changed event of presence tells."""
        return Entry.read(self.payload)


@dataclass(frozen=True, slots=True)
class Events:
    """All that was written after the number that was asked from; `seq` is the last there is."""

    epoch: str
    seq: int
    events: tuple[Event, ...]


@dataclass(frozen=True, slots=True)
class Gap:
    """What came in between is not to be had: take a snapshot."""

    epoch: str
    seq: int


@dataclass(frozen=True, slots=True)
class PresenceMark:
    """A connection came into the room (`join`), or left it (`leave`), as the script saw it."""

    seq: int
    kind: str
    seat: str
    connection: str
    reason: str
    at_ms: int


@dataclass(frozen=True, slots=True)
class Marks:
    """Joins and leaves after a cursor, oldest first; at most MARKS_LIMIT."""

    epoch: str
    marks: tuple[PresenceMark, ...]


def append(room: str, draft: Draft, *, clock_ms: int | None = None) -> Call[Applied]:
    """Numbers an event and appends it. Callers use `broadcast.publish`, which also wakes."""
    arguments = {
        "kind": draft.kind.value,
        "audience": draft.audience.value,
        "subject": draft.subject,
        "reason": draft.reason,
        "version": draft.version,
        "room_version": draft.room_version,
    }
    return Call("append", room, _appended, arguments, _stored(draft), clock_ms)


def appended(draft: Draft, applied: Applied) -> Event:
    """The event that `append` made of a draft, as whoever reads the stream finds it."""
    return Event(
        seq=applied.seq,
        kind=draft.kind,
        audience=draft.audience,
        subject=draft.subject,
        connection="",
        reason=draft.reason,
        version=draft.version or applied.seq,
        at_ms=applied.now_ms,
        payload=json.loads(_stored(draft)),
    )


def _stored(draft: Draft) -> str:
    return json.dumps(draft.payload, separators=(",", ":"))


def read_after(room: str, epoch: str, seq: int) -> Call[Events | Gap]:
    """The events after (epoch, seq), or Gap: other epoch, trimmed away, or too far behind."""
    arguments = {"seen_epoch": epoch, "after": seq, "limit": READ_LIMIT}
    return Call("read", room, _events, arguments)


def marks_after(room: str, epoch: str, seq: int) -> Call[Marks]:
    """Joins and leaves after the cursor; forgets those up to it, which rows hold by now.

    Under another epoch than the room's, all of the room's.
    """
    arguments = {"seen_epoch": epoch, "after": seq, "limit": MARKS_LIMIT}
    return Call("marks", room, _marks, arguments)


def _appended(answer: Answer) -> Applied:
    return Applied(Outcome.DONE, answer["epoch"], answer["seq"], answer["now_ms"], wrote=True)


def _events(answer: Answer) -> Events | Gap:
    if answer["outcome"] == "gap":
        return Gap(answer["epoch"], answer["seq"])
    events = tuple(_event(item) for item in json.loads(answer["entries"]))
    return Events(answer["epoch"], answer["seq"], events)


def _event(item: Mapping[str, Any]) -> Event:
    head = item["head"]
    return Event(
        seq=item["seq"],
        kind=Kind(head["kind"]),
        audience=Audience(head["audience"]),
        subject=head["subject"],
        connection=head["connection"],
        reason=head["reason"],
        version=head["version"],
        at_ms=head["at_ms"],
        payload=item["payload"],
    )


def _marks(answer: Answer) -> Marks:
    marks = tuple(
        PresenceMark(seq=item["seq"], **item["mark"]) for item in json.loads(answer["marks"])
    )
    return Marks(answer["epoch"], marks)
