"""Attendance: minutes per person and segment, computed from marks, never counted up.

Owns the arithmetic of the record. Knows no rows and no presence. A mark says that one
connection joined or left the room (after being admitted: the lobby makes no marks), or that a
checkpoint named a person. Marks are a set: their order of arrival and repetitions make no
difference. Time is counted inside the windows in which a segment really was the current one and
staff were there. A person's marks are read in one pass, however often they joined.
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from sessions.core.agenda import Window
from sessions.core.reasons import LeaveReason
from sessions.core.refusal import Refuse

ZERO = timedelta(0)
LONGEST_REASON = 200  # characters
NEVER = datetime.max.replace(tzinfo=UTC)


class PresenceKind(StrEnum):
    JOIN = "join"
    LEAVE = "leave"
    CHECKPOINT = "checkpoint"


@dataclass(frozen=True, slots=True)
class Mark:
    """`connection` is empty for a checkpoint, `reason` is set for a leave only."""

    at: datetime
    person: int
    kind: PresenceKind
    connection: str = ""
    reason: LeaveReason | None = None


@dataclass(frozen=True, slots=True)
class Rules:
    """Settings of a program: seconds for the bridge, minutes for the others."""

    bridge_seconds: int = 120
    late_minutes: int = 5
    early_minutes: int = 5


@dataclass(frozen=True, slots=True)
class Plan:
    """When the session was to be, as people were told, and who of the marks' persons led it."""

    starts_at: datetime
    ends_at: datetime
    staff: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Stay:
    """A stretch in the room without a gap worth counting. `uncertain`: no leave was seen, so it
    ends at the last checkpoint that names the person, with the reason `lost`."""

    starts_at: datetime
    ends_at: datetime
    reason: LeaveReason
    uncertain: bool = False


@dataclass(frozen=True, slots=True)
class Correction:
    """Staff's word over the computed minutes of one person in one segment. Of several the
    newest counts, by (at, number)."""

    at: datetime
    person: int
    segment: int
    minutes: int
    reason: str
    number: int = 0


@dataclass(frozen=True, slots=True)
class SegmentAttendance:
    """`seconds` stay as computed under a correction; `minutes` are what counts."""

    segment: int
    counts: bool
    seconds: float
    minutes: int
    uncertain: bool = False
    correction: Correction | None = None


@dataclass(frozen=True, slots=True)
class PersonAttendance:
    """One row of the record. `first_in` and `last_out` are clipped to the session; None if the
    person never was in it. `segments` has one entry per segment that took place."""

    person: int
    segments: tuple[SegmentAttendance, ...]
    first_in: datetime | None
    last_out: datetime | None
    late: bool
    left_early: bool

    @property
    def minutes(self) -> int:
        """ATT7. The sum of the rounded minutes, so that the page adds up."""
        return sum(one.minutes for one in self.segments)

    @property
    def absent(self) -> bool:
        """ATT6. Never in the session, and no correction says otherwise."""
        return self.first_in is None and self.minutes == 0

    @property
    def uncertain(self) -> bool:
        return any(one.uncertain and one.correction is None for one in self.segments)


def attendance(
    marks: Iterable[Mark],
    windows: Sequence[Window],
    persons: Iterable[int],
    rules: Rules = Rules(),
    plan: Plan | None = None,
) -> tuple[PersonAttendance, ...]:
    """ATT1-ATT7, ATT10. One row per person asked for, in that order; who has no marks is absent.

    `windows` come from `agenda_clock.windows`. Marks of other people are not looked at, but for
    those of staff. Without a plan the session is as it was held, and staff were always there.
    """
    by_person: dict[int, list[Mark]] = defaultdict(list)
    looks: set[datetime] = set()
    for mark in marks:
        by_person[mark.person].append(mark)
        if mark.kind is PresenceKind.CHECKPOINT:
            looks.add(mark.at)
    led = [stay for one in (plan.staff if plan else ()) for stay in _stays(by_person[one], rules)]
    session = _Session(
        windows, tuple(_staffed(windows, _merged(led, rules))), sorted(looks), plan, rules
    )
    return tuple(session.row(person, _stays(by_person[person], rules)) for person in persons)


def stays(marks: Collection[Mark], person: int, rules: Rules = Rules()) -> tuple[Stay, ...]:
    """ATT1-ATT3. When the person was in the room: overlapping connections merged, gaps of up to
    `bridge_seconds` bridged, in order of time."""
    return _stays((mark for mark in marks if mark.person == person), rules)


def corrected(
    rows: Iterable[PersonAttendance], corrections: Iterable[Correction]
) -> tuple[PersonAttendance, ...]:
    """ATT8. The rows with the newest correction of each (person, segment) in force. Corrections
    for someone or something that is not in the rows change nothing."""
    newest: dict[tuple[int, int], Correction] = {}
    for correction in sorted(corrections, key=lambda one: (one.at, one.number)):
        newest[correction.person, correction.segment] = correction
    return tuple(
        replace(row, segments=tuple(_under(newest, row.person, one) for one in row.segments))
        for row in rows
    )


def correction_refusal(
    correction: Correction, windows: Iterable[Window], rules: Rules = Rules()
) -> Refuse | None:
    """ATT8. Whether staff may write this: a counted segment, no more minutes than it lasted
    (rounded up), and a reason of 1 to 200 characters."""
    own = [window for window in windows if window.segment == correction.segment]
    if not any(window.counts for window in own):
        return Refuse("attendance.break")
    lasted = sum((window.ends_at - window.starts_at for window in own), ZERO)
    longest = -(-lasted // timedelta(minutes=1))
    if not 0 <= correction.minutes <= longest:
        return Refuse("attendance.minutes", {"minutes": longest})
    if not 1 <= len(correction.reason.strip()) <= LONGEST_REASON:
        return Refuse("attendance.reason")
    return None


def whole_minutes(seconds: float) -> int:
    """ATT7. Half a minute and more is a minute. Each segment is rounded once; sums are never."""
    return int((seconds + 30) // 60)


# ---- stays -----------------------------------------------------------------------------------

_KIND_ORDER = {PresenceKind.JOIN: 0, PresenceKind.CHECKPOINT: 1, PresenceKind.LEAVE: 2}


def _mark_order(mark: Mark) -> tuple[datetime, int, str, str]:
    """A whole order over distinct marks of one person, so that a set is read in one way."""
    return mark.at, _KIND_ORDER[mark.kind], mark.connection, mark.reason or ""


def _stays(own: Iterable[Mark], rules: Rules) -> tuple[Stay, ...]:
    return _merged(_connections(sorted(set(own), key=_mark_order)), rules)


def _merged(found: Iterable[Stay], rules: Rules) -> tuple[Stay, ...]:
    merged: list[Stay] = []
    for stay in sorted(found, key=lambda stay: (stay.starts_at, stay.ends_at)):
        if merged and stay.starts_at - merged[-1].ends_at <= _seconds(rules.bridge_seconds):
            merged[-1] = _joined(merged[-1], stay)
        else:
            merged.append(stay)
    return tuple(merged)


def _connections(own: Sequence[Mark]) -> Iterator[Stay]:
    """ATT1. One stay per join, ended by its connection's next leave. A leave without a join
    before it says nothing about when the person came, so it counts nothing. Read from the last
    mark to the first, so that what comes next is known."""
    seen = [mark.at for mark in own if mark.kind is PresenceKind.CHECKPOINT]
    leaves: dict[str, Mark] = {}
    joined, again = NEVER, NEVER  # of the joins read so far the earliest, and the one after it
    for mark in reversed(own):
        if mark.kind is PresenceKind.LEAVE:
            leaves[mark.connection] = mark
        elif mark.kind is PresenceKind.JOIN:
            if mark.at < joined:
                joined, again = mark.at, joined
            yield _stay(mark, leaves.get(mark.connection), seen, again)


def _stay(join: Mark, leave: Mark | None, seen: Sequence[datetime], again: datetime) -> Stay:
    """ATT3. Where no leave was seen: up to the last checkpoint that names the person before they
    joined again (from then on the next connection speaks for them)."""
    if leave is not None:
        return Stay(join.at, leave.at, leave.reason or LeaveReason.LOST)
    before = bisect_right(seen, again)
    last = seen[before - 1] if before else join.at
    return Stay(join.at, max(last, join.at), LeaveReason.LOST, uncertain=True)


def _joined(first: Stay, second: Stay) -> Stay:
    """Two stays that overlap or nearly do. The one that ends last says how it ended; of two
    that end at once the one that is certain."""
    last = max(first, second, key=lambda stay: (stay.ends_at, not stay.uncertain, stay.reason))
    return replace(last, starts_at=min(first.starts_at, second.starts_at))


# ---- rows ------------------------------------------------------------------------------------


def _staffed(windows: Iterable[Window], led: Sequence[Stay]) -> Iterator[Window]:
    """ATT10. The windows without the time in which no staff was there. Only a leave says so:
    before the first join, and after a connection that was lost unseen, they count as there."""
    nexts = [stay.starts_at for stay in led[1:]] + [NEVER]
    gaps = [
        (stay.ends_at, after) for stay, after in zip(led, nexts, strict=False) if not stay.uncertain
    ]
    for window in windows:
        starts_at = window.starts_at
        for left, back in gaps:
            if starts_at < left < window.ends_at:
                yield replace(window, starts_at=starts_at, ends_at=left)
            if left < window.ends_at:
                starts_at = max(starts_at, back)
        if starts_at < window.ends_at:
            yield replace(window, starts_at=starts_at)


_Span = tuple[datetime, datetime]


@dataclass(frozen=True, slots=True)
class _Session:
    """`windows` as held, `staffed` the part of them that is the session's, `looks` the instants
    at which a checkpoint saw the room."""

    windows: Sequence[Window]
    staffed: Sequence[Window]
    looks: Sequence[datetime]
    plan: Plan | None
    rules: Rules

    def row(self, person: int, own: Sequence[Stay]) -> PersonAttendance:
        unsure = self._unsure(own)
        inside = [stay for stay in own if self._touches(stay, unsure)]
        cells = self._cells(inside, unsure)
        if not inside:
            return PersonAttendance(person, cells, None, None, late=False, left_early=False)
        opened = min(window.starts_at for window in self.staffed)
        closed = max(window.ends_at for window in self.staffed)
        first_in = max(opened, inside[0].starts_at)
        last_out = min(closed, inside[-1].ends_at)
        due_in = max(opened, self.plan.starts_at) if self.plan else opened
        due_out = min(closed, self.plan.ends_at) if self.plan else closed
        known_in = max([last_out, *(until for since, until in unsure if since >= last_out)])
        return PersonAttendance(
            person,
            cells,
            first_in,
            last_out,
            late=first_in - due_in > timedelta(minutes=self.rules.late_minutes),
            left_early=due_out - known_in > timedelta(minutes=self.rules.early_minutes),
        )

    def _unsure(self, own: Sequence[Stay]) -> list[_Span]:
        """ATT3. From the last sign of a person to their next join, or to the next look at the
        room, which did not see them."""
        nexts = [*own[1:], None]
        return [
            (stay.ends_at, min(self._next_look(stay.ends_at), after.starts_at if after else NEVER))
            for stay, after in zip(own, nexts, strict=False)
            if stay.uncertain
        ]

    def _next_look(self, instant: datetime) -> datetime:
        place = bisect_right(self.looks, instant)
        return self.looks[place] if place < len(self.looks) else NEVER

    def _touches(self, stay: Stay, unsure: Sequence[_Span]) -> bool:
        """Also one that may have gone on into the session: nobody is absent who may have come."""
        spans = [span for span in unsure if span[0] == stay.ends_at] if stay.uncertain else []
        return any(_overlap(stay, one) or _meets(spans, one) for one in self.staffed)

    def _cells(self, own: Sequence[Stay], unsure: Sequence[_Span]) -> tuple[SegmentAttendance, ...]:
        counts = {window.segment: window.counts for window in self.windows}
        return tuple(self._cell(n, own, unsure, counts=counts[n]) for n in sorted(counts))

    def _cell(
        self,
        index: int,
        own: Sequence[Stay],
        unsure: Sequence[_Span],
        *,
        counts: bool,
    ) -> SegmentAttendance:
        windows = [window for window in self.staffed if window.segment == index]
        inside = sum((_overlap(stay, window) for stay in own for window in windows), ZERO)
        seconds = inside.total_seconds() if counts else 0.0
        uncertain = counts and any(_meets(unsure, window) for window in windows)
        return SegmentAttendance(index, counts, seconds, whole_minutes(seconds), uncertain)


def _overlap(stay: Stay, window: Window) -> timedelta:
    start = max(stay.starts_at, window.starts_at)
    return max(ZERO, min(stay.ends_at, window.ends_at) - start)


def _meets(spans: Iterable[_Span], window: Window) -> bool:
    return any(window.starts_at < until and since < window.ends_at for since, until in spans)


def _under(
    newest: dict[tuple[int, int], Correction], person: int, cell: SegmentAttendance
) -> SegmentAttendance:
    correction = newest.get((person, cell.segment))
    if correction is None:
        return cell
    return replace(cell, minutes=correction.minutes, correction=correction)


def _seconds(count: int) -> timedelta:
    return timedelta(seconds=count)
