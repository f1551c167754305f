"""Who is connected to a room now: a lease for each seat, never a counter.

Owns the roster's entries and what may be done to them. A seat is held by one connection, the
newest of its person; (connection, generation) is compared by every renewal and goodbye, so a
late goodbye of an old socket cannot remove a newer one and leave its owner listening unseen.
Each function makes a call; a `Store` runs it. Its script changes the roster, numbers the change
and appends it to the room's stream in one step, on Valkey's clock.
Knows opaque keys only: no names, no rows, and nothing of who may do what.

Nothing here raises when Valkey is away: every call may answer Refuse("store.down").
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from enum import StrEnum
from typing import Any, Final

from sessions.core.admission import Wait, WaitReason
from sessions.core.parts import PartName
from sessions.core.reasons import LeaveReason
from sessions.core.refusal import Refuse
from sessions.live.store import Answer, Call


class Place(StrEnum):
    """Where a connection is: at the door, or in the room."""

    LOBBY = "lobby"
    ROOM = "room"


class Outcome(StrEnum):
    """What a call found. All of them are ordinary; none is an error."""

    DONE = "done"
    UNCHANGED = "unchanged"  # it was so already: no event
    ABSENT = "absent"  # nobody is connected on that seat (after Valkey was lost: join again)
    SUPERSEDED = "superseded"  # another connection holds the seat: close this one (4409)


@dataclass(frozen=True, slots=True)
class Arriving:
    """Which of a seat's media the node receives and may forward."""

    audio: bool
    video: bool


NOTHING_ARRIVES: Final = Arriving(audio=False, video=False)


@dataclass(frozen=True, slots=True)
class Entry:
    """One connected seat. `version` is the number of the event that told it last.

    `microphone` and `camera` are what the browser says of its tracks, `audio` and `video` what the
    node says arrives there (None: it has not said yet); `since_ms` is when it came to this place;
    `waiting` is what it waits for at the door; `claim` is the generation in which the connection
    came first. Instants are milliseconds since 1970, Valkey's clock.
    """

    seat: str
    connection: str
    generation: int
    place: Place
    staff: bool
    microphone: bool
    microphone_allowed: bool
    camera: bool
    away: bool
    since_ms: int
    waiting: Wait | None
    version: int
    claim: int = 0
    audio: bool | None = None
    video: bool | None = None

    @classmethod
    def read(cls, stored: Mapping[str, object]) -> "Entry":
        """From the JSON of the roster, or of the payload of an event that tells an entry. What an
        older or newer release wrote into it besides is passed over: rooms go on through a
        deployment."""
        fields = {**stored, "place": Place(str(stored["place"])), "waiting": _waits(stored)}
        known = {name: fields[name] for name in cls.__dataclass_fields__ if name in fields}
        return cls(**known)  # type: ignore[arg-type]


def _waits(stored: Mapping[str, object]) -> Wait | None:
    reason = str(stored["waiting"])
    return Wait(WaitReason(reason), bool(stored.get("late"))) if reason else None


def _waiting(waiting: Wait | None) -> dict[str, str | bool]:
    """The reverse of `_waits`."""
    if waiting is None:
        return {"waiting": "", "late": False}
    return {"waiting": waiting.reason.value, "late": waiting.late}


@dataclass(frozen=True, slots=True)
class Applied:
    """The answer of every change: what was found, and where the stream is now.

    `wrote`: the call appended at least one event, its own or a sweep's; its readers are to be
    woken (`broadcast.send` does).
    """

    outcome: Outcome
    epoch: str
    seq: int
    now_ms: int
    wrote: bool


@dataclass(frozen=True, slots=True)
class Joined:
    """The seat is held. `replaced` is the connection that held it before, if another did."""

    generation: int
    replaced: str | None
    epoch: str
    seq: int
    now_ms: int
    wrote: bool


@dataclass(frozen=True, slots=True)
class Swept:
    """A sweep. `staffed`: staff is in the room; `room_version`: of the newest room.changed;
    `marks`: joins and leaves that wait to be written; `unsaved`: verbs that do."""

    epoch: str
    seq: int
    now_ms: int
    wrote: bool
    staffed: bool
    room_version: int
    marks: int
    unsaved: int


@dataclass(frozen=True, slots=True)
class Roster:
    """Everyone connected, read at one instant, which (epoch, seq) names. `unsaved`: verbs that no
    row holds yet; `published`: the payload of the newest room.changed (`parts`: and of each
    part.changed), empty before the first."""

    epoch: str
    seq: int
    now_ms: int
    room_version: int
    entries: tuple[Entry, ...]
    unsaved: int = 0
    published: str = ""
    parts: tuple[Mapping[str, Any], ...] = ()

    def at(self, place: Place) -> tuple[Entry, ...]:
        """Those at one place, in the order they came."""
        there = (entry for entry in self.entries if entry.place is place)
        return tuple(sorted(there, key=lambda entry: (entry.since_ms, entry.seat)))

    def of(self, seat: str) -> Entry | None:
        """The entry of one seat."""
        return next((entry for entry in self.entries if entry.seat == seat), None)

    def has_newer(self, seat: str, epoch: str, generation: int) -> bool:
        """Whether a connection that came after this one holds the seat. Generations of two epochs
        say nothing of each other: after Valkey came back empty, joining again decides."""
        there = self.of(seat)
        return epoch == self.epoch and there is not None and there.generation > generation


def join(
    room: str,
    seat: str,
    connection: str,
    *,
    place: Place,
    staff: bool = False,
    microphone: bool = False,
    microphone_allowed: bool = True,
    seat_version: int = 0,
    camera: bool = False,
    waiting: Wait | None = None,
    login: str = "",
    claim: int = 0,
    arriving: Arriving | None = None,
    new: bool = True,
    clock_ms: int | None = None,
) -> Call[Joined | Refuse]:
    """Takes a seat for a connection, from the one that held it.

    Also how a connection registers again after Valkey came back empty (renew: ABSENT), with the
    generation in which it came first as its `claim`: refuses `connection.replaced` if one that
    came later holds the seat.
    `microphone_allowed` is of the seat's row in `seat_version`: what was told of a newer one
    counts. `arriving` is what this connection heard of the node last; without it, what was heard
    before holds for a page that is not `new`. `login` is a digest of the login session, for `holder`.
    Refuses `seat.removed` to a seat that was removed with `bar`.
    """
    arguments = {
        "seat": seat,
        "connection": connection,
        "place": place.value,
        "staff": staff,
        "microphone": microphone,
        "microphone_allowed": microphone_allowed,
        "seat_version": seat_version,
        "camera": camera,
        "pass": login,
        "claim": claim,
        "new": new,
        **(asdict(arriving) if arriving else {}),
        **_waiting(waiting),
    }
    return Call("join", room, _joined, arguments, clock_ms=clock_ms)


def move(
    room: str,
    seat: str,
    place: Place,
    *,
    waiting: Wait | None = None,
    clock_ms: int | None = None,
) -> Call[Applied]:
    """From the door into the room or back, for any connection that holds the seat."""
    arguments = {
        "seat": seat,
        "place": place.value,
        "reason": LeaveReason.MOVED.value,
        **_waiting(waiting),
    }
    return Call("move", room, _applied, arguments, clock_ms=clock_ms)


def renew(
    room: str, seat: str, connection: str, generation: int, *, clock_ms: int | None = None
) -> Call[Applied]:
    """A heartbeat, every HEARTBEAT_MS. Sweeps those who missed theirs."""
    arguments = {"seat": seat, "connection": connection, "generation": generation}
    return Call("renew", room, _applied, arguments, clock_ms=clock_ms)


def change(
    room: str,
    seat: str,
    *,
    held_by: tuple[str, int] | None = None,
    microphone: bool | None = None,
    microphone_allowed: bool | None = None,
    camera: bool | None = None,
    arriving: Arriving | None = None,
    waiting: Wait | None = None,
    seat_version: int | None = None,
    clock_ms: int | None = None,
) -> Call[Applied]:
    """Live fields. `held_by` is (connection, generation): one's own doing; None: staff's.
    `seat_version` is of the row that `microphone_allowed` comes from: a newer one told counts."""
    fields = {
        "microphone": microphone,
        "microphone_allowed": microphone_allowed,
        "camera": camera,
        **(asdict(arriving) if arriving else {}),
        **(_waiting(waiting) if waiting else {}),
    }
    connection, generation = held_by or ("", 0)
    arguments = {
        "seat": seat,
        "connection": connection,
        "generation": generation,
        "fields": {name: value for name, value in fields.items() if value is not None},
    }
    if seat_version is not None:
        arguments["seat_version"] = seat_version
    return Call("change", room, _applied, arguments, clock_ms=clock_ms)


def leave(
    room: str,
    seat: str,
    connection: str,
    generation: int,
    reason: LeaveReason = LeaveReason.LEFT,
    *,
    clock_ms: int | None = None,
) -> Call[Applied]:
    """A connection says goodbye. SUPERSEDED changes nothing: the seat is another's by now."""
    arguments = {
        "seat": seat,
        "connection": connection,
        "generation": generation,
        "reason": reason.value,
    }
    return Call("leave", room, _applied, arguments, clock_ms=clock_ms)


def remove(
    room: str,
    seat: str,
    reason: LeaveReason = LeaveReason.REMOVED,
    *,
    bar: bool = True,
    clock_ms: int | None = None,
) -> Call[Applied]:
    """Takes a seat away from any connection.

    `bar` refuses the seat from now on, so a connection that was let in a moment before its
    removal cannot arrive after it.
    """
    arguments = {"seat": seat, "reason": reason.value, "bar": bar}
    return Call("remove", room, _applied, arguments, clock_ms=clock_ms)


def unbar(room: str, seat: str) -> Call[Applied]:
    """Lets a removed seat be taken again."""
    return Call("unbar", room, _applied, {"seat": seat})


def sweep(room: str, *, clock_ms: int | None = None) -> Call[Swept]:
    """What time alone changes: `away` after AWAY_MS, gone (`lost`) after LEASE_MS."""
    return Call("sweep", room, _swept, clock_ms=clock_ms)


def close(
    room: str, reason: LeaveReason = LeaveReason.ENDED, *, clock_ms: int | None = None
) -> Call[Applied]:
    """Everybody leaves at once, for one reason. The stream stays for its readers."""
    return Call("close", room, _applied, {"reason": reason.value}, clock_ms=clock_ms)


def roster(room: str, *, clock_ms: int | None = None) -> Call[Roster]:
    """Everyone connected, with (epoch, seq) of the same instant."""
    names = {"parts": [name.value for name in PartName]}
    return Call("roster", room, _roster, names, clock_ms=clock_ms)


@dataclass(frozen=True, slots=True)
class Holder:
    """The seat that a login session holds, and the version of its row as told last."""

    entry: Entry
    seat_version: int


def holder(room: str, login: str, *, clock_ms: int | None = None) -> Call[Holder | None]:
    """Whose seat this login session's connection holds now: a lease that runs, no row."""
    return Call("pass", room, _holder, {"pass": login}, clock_ms=clock_ms)


def _holder(answer: Answer) -> Holder | None:
    if answer["outcome"] == "absent":
        return None
    return Holder(Entry.read(json.loads(answer["entry"])), answer["seat_version"])


_NOT_JOINED: Final = {"barred": "seat.removed", "superseded": "connection.replaced"}


def _values(kind: type, answer: Answer) -> dict[str, Any]:
    """What an answer has for the fields of a dataclass."""
    return {one.name: answer[one.name] for one in fields(kind) if one.name in answer}


def _joined(answer: Answer) -> Joined | Refuse:
    if answer["outcome"] in _NOT_JOINED:
        return Refuse(_NOT_JOINED[answer["outcome"]])
    own = {"generation": int(answer["generation"]), "replaced": answer["replaced"] or None}
    return Joined(**_values(Joined, answer) | own)


def _applied(answer: Answer) -> Applied:
    return Applied(**_values(Applied, answer) | {"outcome": Outcome(answer["outcome"])})


def _swept(answer: Answer) -> Swept:
    return Swept(**_values(Swept, answer))


def _roster(answer: Answer) -> Roster:
    own = {
        "entries": tuple(Entry.read(stored) for stored in json.loads(answer["roster"])),
        "parts": tuple(json.loads(answer["parts"])),
    }
    return Roster(**_values(Roster, answer) | own)
