"""The agenda's values: what a session plans to do, what was done to it, what holds now.

Owns the words (segment, mark, phase), the split of a session's time among its segments, and
nothing else: `agenda_clock` reads marks. Knows no rows, no rooms, no people.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sessions.core.refusal import Refuse

ZERO = timedelta(0)
UNIT = timedelta(microseconds=1)
FLOOR = timedelta(minutes=5)  # AG4: what a later segment keeps


class SegmentKind(StrEnum):
    """The kinds of segment, and what is so in each of them."""

    CHECK_IN = "check_in"
    TOPIC = "topic"
    WRAP_UP = "wrap_up"
    BREAK = "break"

    @property
    def counts(self) -> bool:
        """AG9. Whether time in it is attendance: all but breaks."""
        return self is not SegmentKind.BREAK

    @property
    def is_elastic(self) -> bool:
        """AG4. Whether it gives minutes to others and takes theirs: all but breaks."""
        return self is not SegmentKind.BREAK

    @property
    def has_media(self) -> bool:
        """Whether people see and hear each other in it: in all but breaks."""
        return self is not SegmentKind.BREAK

    @property
    def advances_itself(self) -> bool:
        """AG7. Whether it ends on time, whatever its template says: breaks do."""
        return self is SegmentKind.BREAK


@dataclass(frozen=True, slots=True)
class Segment:
    """A step as a template says it: exactly one of `minutes` (fixed) and `share` is set.

    A share is a weight: 1, 1, 1 are thirds of what the fixed minutes leave.
    """

    kind: SegmentKind
    block: int = 1
    title: str = ""
    minutes: int | None = None
    share: int | None = None
    advances_itself: bool = False


@dataclass(frozen=True, slots=True)
class PlannedSegment:
    """A step with its length in whole seconds."""

    kind: SegmentKind
    block: int
    title: str
    seconds: int
    advances_itself: bool

    @property
    def length(self) -> timedelta:
        return timedelta(seconds=self.seconds)

    @property
    def floor(self) -> timedelta:
        """AG4. What others cannot take from it: all of a break, five minutes of the rest."""
        return self.shortest if self.kind.is_elastic else self.length

    @property
    def shortest(self) -> timedelta:
        """AG8. What is worth going back for: five minutes, or the plan if that is shorter."""
        return min(FLOOR, self.length)

    @property
    def counts(self) -> bool:
        """AG9. Whether time in it is attendance."""
        return self.kind.counts


@dataclass(frozen=True, slots=True)
class Agenda:
    """The plan of one session: segments that together last from `starts_at` to `ends_at`."""

    starts_at: datetime
    ends_at: datetime
    segments: tuple[PlannedSegment, ...]


class MarkKind(StrEnum):
    """Everything that can be done to an agenda."""

    START = "start"
    ADVANCE = "advance"
    BACK = "back"
    EXTEND = "extend"
    SHORTEN = "shorten"
    PAUSE = "pause"
    RESUME = "resume"
    END_LATER = "end_later"
    END = "end"
    REOPEN = "reopen"


@dataclass(frozen=True, slots=True)
class AgendaMark:
    """One thing done, at the server's instant `at`. Marks are read in (at, number) order;
    `minutes` is for extend, shorten and end_later only."""

    at: datetime
    kind: MarkKind
    minutes: int = 0
    number: int = 0


class Phase(StrEnum):
    NOT_STARTED = "not_started"
    RUNNING = "running"
    OVERRUN = "overrun"
    PAUSED = "paused"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class SegmentClock:
    """One segment, as it was, is, or is expected to be.

    `starts_at` is when it was first entered, `ends_at` when it was last left; for the current
    and the later ones they are what is expected now (a current one in overrun is expected to
    end now). `planned_*` are the boundaries of the plan. `left` is zero for the past.
    """

    planned: PlannedSegment
    planned_starts_at: datetime
    planned_ends_at: datetime
    starts_at: datetime
    ends_at: datetime
    left: timedelta


@dataclass(frozen=True, slots=True)
class AgendaClock:
    """What the marks say at `read_at`.

    `left` is what is left of the current segment, negative in overrun; it stands while paused.
    `entered_at` is when the current segment was entered (the last time), None before the start.
    `ends_at` is the session's planned end. `changes_at` is when the clock alone moves the
    agenda on or into overrun next, None if nothing is to come. `can_give` is how much the
    later segments can give to a verb now.
    """

    read_at: datetime
    phase: Phase
    index: int
    left: timedelta
    entered_at: datetime | None
    started_at: datetime | None
    ended_at: datetime | None
    ends_at: datetime
    changes_at: datetime | None
    can_give: timedelta
    segments: tuple[SegmentClock, ...]

    @property
    def remaining(self) -> tuple[timedelta, ...]:
        """What is left of each segment; AG1: sums to planned end minus now."""
        return tuple(segment.left for segment in self.segments)


@dataclass(frozen=True, slots=True)
class Window:
    """A stretch of time in which one segment was the current one. A segment that was gone back
    to has several; the time between an end and a reopening is in none."""

    segment: int
    starts_at: datetime
    ends_at: datetime
    counts: bool


def fits(segments: Sequence[Segment], total_minutes: int) -> Refuse | None:
    """AG2. Whether the segments can be a session of this length: each has one length, not all
    are breaks, every share comes to at least five minutes, and without a share they fill it."""
    if any((one.minutes is None) == (one.share is None) or _weight(one) < 1 for one in segments):
        return Refuse("agenda.length")
    if not any(one.kind.counts for one in segments):
        return Refuse("agenda.empty")
    rest = total_minutes - sum(one.minutes or 0 for one in segments)
    shares = [one.share for one in segments if one.share is not None]
    if rest < 0 or (shares and rest * 60 * min(shares) < FLOOR.seconds * sum(shares)):
        return Refuse("agenda.too_long", {"minutes": total_minutes})
    if rest > 0 and not shares:
        return Refuse("agenda.not_filled", {"minutes": total_minutes})
    return None


def plan(segments: Sequence[Segment], total_minutes: int) -> tuple[PlannedSegment, ...]:
    """AG2. Lengths in whole seconds that sum exactly to the total.

    Shares split what fixed minutes leave; odd seconds go to the first. Where fixed minutes
    cannot be kept (they exceed the total, or nothing shares the rest) all segments split the
    total by their minutes: an agenda always fills its session. Faults if there is no segment.
    """
    total = total_minutes * 60
    rest = total - sum((one.minutes or 0) * 60 for one in segments)
    if rest >= 0 and any(one.share for one in segments):
        shared = iter(split(rest, [one.share for one in segments if one.share]))
        seconds = [next(shared) if one.share else (one.minutes or 0) * 60 for one in segments]
    else:
        seconds = split(total, [one.minutes or 0 for one in segments])
    return tuple(_planned(one, length) for one, length in zip(segments, seconds, strict=True))


def agenda_of(segments: Sequence[Segment], starts_at: datetime, ends_at: datetime) -> Agenda:
    """The agenda of a session of whole minutes."""
    minutes = (ends_at - starts_at) // timedelta(minutes=1)
    return Agenda(starts_at, ends_at, plan(segments, minutes))


def split(total: int, weights: Sequence[int]) -> list[int]:
    """Whole parts in proportion to the weights, that sum to the total; the first ones get what
    does not divide. Equal parts if every weight is zero. Faults without a weight."""
    whole = sum(weights)
    if not whole:
        return split(total, [1] * len(weights))
    parts = [total * weight // whole for weight in weights]
    heavy = [n for n, weight in enumerate(weights) if weight]
    for n in heavy[: total - sum(parts)]:
        parts[n] += 1
    return parts


def share_out(segments: Sequence[PlannedSegment], total: timedelta) -> list[timedelta]:
    """AG3, AG4. `total` split among segments in proportion to plan, none below its floor.

    Breaks keep their length, unless there is nothing but breaks to fill the time. If the total
    does not even cover the floors they give way in order, the earliest first: what is
    kept longest is the close of the session. Parts are never negative and sum to the total.
    """
    if total <= floors(segments):
        return _floors_from_the_back(segments, total)
    kept = {n for n, one in enumerate(segments) if not one.kind.is_elastic}
    if len(kept) == len(segments):
        kept = set()
    while True:
        free = [n for n in range(len(segments)) if n not in kept]
        rest = total - floors(segments[n] for n in kept)
        plan = sum(segments[n].seconds for n in free)
        short = {n for n in free if rest * segments[n].seconds < segments[n].floor * plan}
        if not short:
            break
        kept |= short
    parts = split(rest // UNIT, [segments[n].seconds for n in free])
    lengths = [segment.floor for segment in segments]
    for n, part in zip(free, parts, strict=True):
        lengths[n] = part * UNIT
    return lengths


def floors(segments: Iterable[PlannedSegment]) -> timedelta:
    """AG4. What the segments keep together."""
    return sum((segment.floor for segment in segments), ZERO)


def _floors_from_the_back(segments: Sequence[PlannedSegment], total: timedelta) -> list[timedelta]:
    lengths = []
    for segment in reversed(segments):
        lengths.append(min(segment.floor, total))
        total -= lengths[-1]
    return lengths[::-1]


def _weight(segment: Segment) -> int:
    return segment.share if segment.share is not None else segment.minutes or 0


def _planned(segment: Segment, seconds: int) -> PlannedSegment:
    itself = segment.advances_itself or segment.kind.advances_itself
    return PlannedSegment(segment.kind, segment.block, segment.title, seconds, itself)
