"""What one participant saw and did, as plain entries: the material of every invariant.

Owns the shape of the log. Instants are seconds of this machine's monotonic clock, the same for
all participants. Knows no socket and no browser; must not judge.
"""

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from itertools import islice
from typing import Any

PARTS = ("participant", "waiting", "me")  # where an event says who it is about
TICK_S = 0.060  # one packet of sound, the longest that RFC 7587 (section 4.2) asks for


class Link(Enum):
    """What happened to a participant's websocket."""

    OPEN = "open"  # hello was answered: what was missed has been told
    LOST = "lost"  # gone, and coming back by itself
    CLOSED = "closed"  # gone by a decision


@dataclass(frozen=True, slots=True)
class Told:
    """An event of the room's stream. `people`: of a snapshot, who it says is in the room."""

    at: float
    kind: str
    epoch: str
    seq: int
    key: str = ""
    people: frozenset[str] = frozenset()
    away: bool = False
    reason: str = ""

    @property
    def is_snapshot(self) -> bool:
        return self.kind == "snapshot"


@dataclass(frozen=True, slots=True)
class Linked:
    """A change of the websocket; `code` is its close code."""

    at: float
    link: Link
    code: int = 0


@dataclass(frozen=True, slots=True)
class Asked:
    """A command and its answer: "ok", or the code of the refusal."""

    at: float
    verb: str
    answered_at: float
    code: str

    @property
    def seconds(self) -> float:
        return self.answered_at - self.at


@dataclass(slots=True)
class Sound:
    """What arrived of one publisher: which packets (numbered by the metronome), and when."""

    ticks: "array[int]" = field(default_factory=lambda: array("I"))
    times: "array[float]" = field(default_factory=lambda: array("d"))

    def add(self, tick: int, at: float) -> None:
        self.ticks.append(tick)
        self.times.append(at)

    def between(self, start: float, end: float) -> "array[int]":
        """The numbers of what arrived from `start` to `end`."""
        return self.ticks[bisect_left(self.times, start) : bisect_right(self.times, end)]

    def first_from(self, tick: int) -> float | None:
        """When the first packet with that number or a later one arrived."""
        place = bisect_left(self.ticks, tick)
        return self.times[place] if place < len(self.times) else None

    def first_after(self, at: float) -> float | None:
        """When the first packet after that instant arrived."""
        place = bisect_right(self.times, at)
        return self.times[place] if place < len(self.times) else None


@dataclass(slots=True)
class ClientLog:
    """Everything of one participant, in the order in which it happened."""

    name: str
    key: str = ""
    told: list[Told] = field(default_factory=list)
    links: list[Linked] = field(default_factory=list)
    asked: list[Asked] = field(default_factory=list)
    media_closed: list[tuple[float, str]] = field(default_factory=list)  # when, and the reason
    sounds: dict[str, Sound] = field(default_factory=dict)  # by publisher's name

    def sound(self, publisher: str) -> Sound:
        return self.sounds.setdefault(publisher, Sound())

    def told_after(self, at: float) -> Iterator[Told]:
        return islice(self.told, bisect_right(self.told, at, key=lambda told: told.at), None)

    def open_after(self, at: float) -> float | None:
        """When hello was next answered."""
        return next((one.at for one in self.links if one.at > at and one.link is Link.OPEN), None)

    def closes_after(self, at: float) -> list[Linked]:
        """Every end of its websocket since then."""
        return [one for one in self.links if one.at > at and one.link is not Link.OPEN]


def told_of(message: Mapping[str, Any], at: float) -> Told | None:
    """The entry of a message of the stream; None of any other message."""
    if "epoch" not in message or "seq" not in message:
        return None
    kind, epoch, seq = message["type"], message["epoch"], message["seq"]
    if kind == "snapshot":
        people = frozenset(person["key"] for person in message["participants"])
        return Told(at, kind, epoch, seq, people=people)
    about = next((message[part] for part in PARTS if part in message), message)
    away, reason = about.get("away", False), about.get("reason", "")
    return Told(at, kind, epoch, seq, about.get("key", ""), away=away, reason=reason)
