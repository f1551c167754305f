"""A weekly pattern in local time becomes dated sessions in UTC.

Owns the calendar arithmetic of a track: weeks, zones, clock changes, skipped and moved dates.
Knows no rows, no people and no agenda. Local times are wall times of the track's own zone;
18:00 stays 18:00 when the clocks change. A length is elapsed minutes, whatever the clocks do.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from itertools import pairwise
from zoneinfo import ZoneInfo

from sessions.core.refusal import Refuse
from sessions.core.zones import zone, zone_refusal

Day = date  # a field named `date` hides the type
SHORTEST, LONGEST = 15, 480  # minutes of a session
MOST_WEEKS = 104
FIRST_YEAR, LAST_YEAR = 2000, 2100


@dataclass(frozen=True, slots=True)
class WeeklyPattern:
    """Every `weekdays` (Monday is 0) at `local_start` for `minutes`, in `zone` (an IANA name).

    Week 1 is the seven days that begin with `first_date`, so N days a week for W weeks are
    N × W sessions on any day that the first date falls on.
    """

    weekdays: frozenset[int]
    local_start: time
    minutes: int
    zone: str
    first_date: date
    weeks: int


@dataclass(frozen=True, slots=True)
class Skip:
    """No session on `date`."""

    date: Day


@dataclass(frozen=True, slots=True)
class Move:
    """The session of `date` is held on `new_date` at `new_start` (None: the usual time)."""

    date: Day
    new_date: Day
    new_start: time | None = None


Change = Skip | Move


class ClockNote(StrEnum):
    """What a clock change did to one local time, so that a form can say so."""

    SKIPPED = "skipped"  # REC3: this wall time does not exist that day; it starts later
    REPEATED = "repeated"  # REC2: this wall time comes twice that day; the first is meant


@dataclass(frozen=True, slots=True)
class DatedSession:
    """One meeting. `number` is its place in the pattern and survives changes elsewhere."""

    number: int
    week: int
    local_date: date
    starts_at: datetime  # UTC
    ends_at: datetime  # UTC
    note: ClockNote | None = None

    @property
    def shifted(self) -> bool:
        """True if the wall time asked for does not exist that day."""
        return self.note is ClockNote.SKIPPED


def validate(pattern: WeeklyPattern, changes: Sequence[Change] = ()) -> tuple[Refuse, ...]:
    """REC1, REC6, REC7. Everything that is wrong, in the order of the form; empty if nothing."""
    refusals = _pattern_refusals(pattern)
    return refusals or _change_refusals(pattern, changes)


def expand(pattern: WeeklyPattern, changes: Sequence[Change] = ()) -> tuple[DatedSession, ...]:
    """REC1-REC6. The sessions of a valid pattern, in the order in which they are held.

    A pattern that `validate` refuses is a fault here (ValueError).
    """
    where = zone(pattern.zone)
    if where is None:
        raise ValueError("expand: the zone is unknown")
    by_date = {change.date: change for change in changes}
    dated = [
        _dated(pattern, where, number, day, by_date.get(day))
        for number, day in enumerate(_days(pattern), start=1)
    ]
    held = [session for session in dated if session is not None]
    return tuple(sorted(held, key=lambda session: (session.starts_at, session.number)))


def instant(day: date, start: time, where: ZoneInfo) -> tuple[datetime, ClockNote | None]:
    """REC2, REC3. The UTC instant of a wall time, and what a clock change did to it.

    With fold=0 Python reads a repeated time as its first instant, and a skipped one with the
    offset from before the change, which lands as much later as the clock skips (PEP 495).
    """
    local = datetime.combine(day, start.replace(tzinfo=None, fold=0), tzinfo=where)
    at = local.astimezone(UTC)
    if at.astimezone(where).replace(tzinfo=None) != local.replace(tzinfo=None):
        return at, ClockNote.SKIPPED
    twice = local.utcoffset() != local.replace(fold=1).utcoffset()
    return at, ClockNote.REPEATED if twice else None


def clashes(
    wanted: Iterable[DatedSession], busy: Sequence[tuple[datetime, datetime]]
) -> tuple[DatedSession, ...]:
    """REC8. The sessions that overlap any (start, end) in which a person is busy. To begin at
    the instant at which another ends is no clash."""
    return tuple(
        session
        for session in wanted
        if any(session.starts_at < end and start < session.ends_at for start, end in busy)
    )


def _days(pattern: WeeklyPattern) -> list[date]:
    days = (pattern.first_date + timedelta(days=n) for n in range(7 * pattern.weeks))
    return [day for day in days if day.weekday() in pattern.weekdays]


def _dated(
    pattern: WeeklyPattern, where: ZoneInfo, number: int, day: date, change: Change | None
) -> DatedSession | None:
    if isinstance(change, Skip):
        return None
    held_on = change.new_date if change else day
    start = change.new_start if change and change.new_start else pattern.local_start
    starts_at, note = instant(held_on, start, where)
    ends_at = starts_at + timedelta(minutes=pattern.minutes)
    week = (day - pattern.first_date).days // 7 + 1
    return DatedSession(number, week, held_on, starts_at, ends_at, note)


def _pattern_refusals(pattern: WeeklyPattern) -> tuple[Refuse, ...]:
    days_known = bool(pattern.weekdays) and pattern.weekdays <= frozenset(range(7))
    years_known = FIRST_YEAR <= pattern.first_date.year <= LAST_YEAR
    too_short_or_long = 0 < pattern.minutes < SHORTEST or pattern.minutes > LONGEST
    found = (
        None if days_known else Refuse("track.no_days"),
        Refuse("track.ends_before_start") if pattern.minutes <= 0 else None,
        Refuse("track.minutes") if too_short_or_long else None,
        zone_refusal(pattern.zone),
        None if years_known else Refuse("track.first_date"),
        None if 1 <= pattern.weeks <= MOST_WEEKS else Refuse("track.weeks"),
    )
    return tuple(one for one in found if one)


def _change_refusals(pattern: WeeklyPattern, changes: Sequence[Change]) -> tuple[Refuse, ...]:
    days = set(_days(pattern))
    seen: set[date] = set()
    refusals = []
    for change in changes:
        if change.date not in days:
            refusals.append(Refuse("recurrence.not_a_day", {"date": change.date.isoformat()}))
        if change.date in seen:
            refusals.append(Refuse("recurrence.twice", {"date": change.date.isoformat()}))
        seen.add(change.date)
    return tuple(refusals) or _order_refusals(expand(pattern, changes))


def _order_refusals(sessions: tuple[DatedSession, ...]) -> tuple[Refuse, ...]:
    if not sessions:
        return (Refuse("recurrence.none_left"),)
    return tuple(
        Refuse("recurrence.overlap", {"date": after.local_date.isoformat()})
        for before, after in pairwise(sessions)
        if after.starts_at < before.ends_at
    )
