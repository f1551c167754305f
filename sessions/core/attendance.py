"""Attendance: minutes per person and segment, computed from marks, never counted up.

Owns the arithmetic of the record. Knows no rows and no presence. A mark says that one
connection joined or left the room (after being admitted: the lobby makes no marks), or that a
checkpoint named a person. Marks are a set: their order of arrival and repetitions make no
difference. Time is counted inside the windows in which a segment really was the current one.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from sessions.core.agenda import Window
from sessions.core.reasons import LeaveReason
from sessions.core.refusal import Refuse

ZERO = timedelta(0)
LONGEST_REASON = 200  # characters


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
) -> tuple[PersonAttendance, ...]:
    """ATT1-ATT7. One row per person asked for, in that order; who has no marks is absent.

    `windows` come from `agenda_clock.windows`. Marks of other people are not looked at.
    """
    known = tuple(marks)
    return tuple(_row(person, stays(known, person, rules), windows, rules) for person in persons)


def stays(marks: Collection[Mark], person: int, rules: Rules = Rules()) -> tuple[Stay, ...]:
    """ATT1-ATT3. When the person was in the room: overlapping connections merged, gaps of up to
    `bridge_seconds` bridged, in order of time."""
    own = sorted({mark for mark in marks if mark.person == person}, key=_mark_order)
    merged: list[Stay] = []
    for stay in sorted(_connections(own), key=lambda stay: (stay.starts_at, stay.ends_at)):
        if merged and stay.starts_at - merged[-1].ends_at <= _seconds(rules.bridge_seconds):
            merged[-1] = _joined(merged[-1], stay)
        else:
            merged.append(stay)
    return tuple(merged)


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


def _connections(own: Sequence[Mark]) -> list[Stay]:
    """ATT1. One stay per join, ended by its connection's next leave. A leave without a join
    before it says nothing about when the person came, so it counts nothing."""
    joins = [mark for mark in own if mark.kind is PresenceKind.JOIN]
    return [_stay(join, own, joins) for join in joins]


def _stay(join: Mark, own: Sequence[Mark], joins: Sequence[Mark]) -> Stay:
    for mark in own:
        same = mark.connection == join.connection and mark.at >= join.at
        if same and mark.kind is PresenceKind.LEAVE:
            return Stay(join.at, mark.at, mark.reason or LeaveReason.LOST)
    return _unfinished(join, own, joins)


def _unfinished(join: Mark, own: Sequence[Mark], joins: Sequence[Mark]) -> Stay:
    """ATT3. No leave was seen: up to the last checkpoint that names the person before they
    joined again (from then on the next connection speaks for them)."""
    again = min((other.at for other in joins if other.at > join.at), default=None)
    seen = [
        mark.at
        for mark in own
        if mark.kind is PresenceKind.CHECKPOINT
        and mark.at >= join.at
        and (again is None or mark.at <= again)
    ]
    return Stay(join.at, max(seen, default=join.at), LeaveReason.LOST, uncertain=True)


def _joined(first: Stay, second: Stay) -> Stay:
    """Two stays that overlap or nearly do. The one that ends last says how it ended; of two
    that end at once the one that is certain."""
    last = max(first, second, key=lambda stay: (stay.ends_at, not stay.uncertain, stay.reason))
    return replace(last, starts_at=min(first.starts_at, second.starts_at))


# ---- rows ------------------------------------------------------------------------------------


def _row(
    person: int, own: Sequence[Stay], windows: Sequence[Window], rules: Rules
) -> PersonAttendance:
    inside = [stay for stay in own if any(_overlap(stay, window) for window in windows)]
    if not inside:
        return PersonAttendance(
            person, _cells((), windows), None, None, late=False, left_early=False
        )
    opened = min(window.starts_at for window in windows)
    closed = max(window.ends_at for window in windows)
    first_in = max(opened, inside[0].starts_at)
    last_out = min(closed, inside[-1].ends_at)
    return PersonAttendance(
        person,
        _cells(inside, windows),
        first_in,
        last_out,
        late=first_in - opened > timedelta(minutes=rules.late_minutes),
        left_early=closed - last_out > timedelta(minutes=rules.early_minutes),
    )


def _cells(own: Sequence[Stay], windows: Sequence[Window]) -> tuple[SegmentAttendance, ...]:
    indices = sorted({window.segment for window in windows})
    return tuple(_cell(n, own, [one for one in windows if one.segment == n]) for n in indices)


def _cell(index: int, own: Sequence[Stay], windows: Sequence[Window]) -> SegmentAttendance:
    counts = all(window.counts for window in windows)
    inside = sum((_overlap(stay, window) for stay in own for window in windows), ZERO)
    seconds = inside.total_seconds() if counts else 0.0
    uncertain = counts and any(_ends_unsure(stay, window) for stay in own for window in windows)
    return SegmentAttendance(index, counts, seconds, whole_minutes(seconds), uncertain)


def _overlap(stay: Stay, window: Window) -> timedelta:
    start = max(stay.starts_at, window.starts_at)
    return max(ZERO, min(stay.ends_at, window.ends_at) - start)


def _ends_unsure(stay: Stay, window: Window) -> bool:
    return stay.uncertain and window.starts_at <= stay.ends_at < window.ends_at


def _under(
    newest: dict[tuple[int, int], Correction], person: int, cell: SegmentAttendance
) -> SegmentAttendance:
    correction = newest.get((person, cell.segment))
    if correction is None:
        return cell
    return replace(cell, minutes=correction.minutes, correction=correction)


def _seconds(count: int) -> timedelta:
    return timedelta(seconds=count)
