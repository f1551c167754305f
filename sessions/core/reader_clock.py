"""Which clock is meant: how one reader reads an instant that was planned in some zone.

Owns the one rule of every page and screen (CL1 to CL3 in docs/domain.md; frontend/src/room/clock.ts
says the same for the room). Knows no words, no request and no track.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Final

from sessions.core.zones import places, zone

NOBODYS: Final = ""  # no zone is known


@dataclass(frozen=True, slots=True)
class Span:
    """An instant, or a stretch of time if it has an end, and the zone in which it was planned
    (NOBODYS: in none)."""

    starts_at: datetime
    zone: str = NOBODYS
    ends_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Shown:
    """A span on the wall of one zone."""

    zone: str
    start: datetime
    end: datetime | None


@dataclass(frozen=True, slots=True)
class Reading:
    """A span as a reader sees it. `named`: its zone has to be said. `beside`: the same on the
    wall of the zone in which it was planned, where that shows something else."""

    own: Shown
    named: bool
    beside: Shown | None


def reader_zone(setting: str, device: str) -> str:
    """CL1. The zone that somebody chose, else their device's, else NOBODYS. Both come from
    outside: a name that is no zone's counts as none."""
    return next((one for one in (setting, device) if one in places()), NOBODYS)


def read_clock(span: Span, reader: str) -> Reading:
    """CL2, CL3. The span in the reader's zone, or in its own where the reader's is not known;
    then it is named, because nobody knows whose clock it is."""
    if reader == NOBODYS:
        return Reading(_on_the_wall(span, span.zone), True, None)
    own, planned = _on_the_wall(span, reader), _on_the_wall(span, span.zone or reader)
    if _clock(own) == _clock(planned):
        return Reading(own, False, None)
    return Reading(own, True, planned)


def read_day(at: datetime, planned_in: str, reader: str) -> date:
    """CL2. The date of an instant for a reader: in their zone, else where it was planned."""
    return _on_the_wall(Span(at, planned_in), reader or planned_in).start.date()


def is_same_day(one: datetime, other: datetime, planned_in: str, reader: str) -> bool:
    """CL2. Whether two instants have one date for a reader."""
    return read_day(one, planned_in, reader) == read_day(other, planned_in, reader)


def weeks_ahead(at: datetime, now: datetime, planned_in: str, reader: str) -> int:
    """CL2. How many weeks, from Monday to Sunday, lie between the dates that a reader has."""
    begins, today = (read_day(one, planned_in, reader).toordinal() for one in (at, now))
    return (begins - 1) // 7 - (today - 1) // 7  # day 1 of the ordinals is a Monday


def _on_the_wall(span: Span, name: str) -> Shown:
    where = zone(name) or UTC
    end = span.ends_at.astimezone(where) if span.ends_at else None
    return Shown(name or "UTC", span.starts_at.astimezone(where), end)


def _clock(shown: Shown) -> tuple[datetime, datetime | None]:
    """What the wall shows, without the zone that Python would look through."""
    end = shown.end.replace(tzinfo=None) if shown.end else None
    return shown.start.replace(tzinfo=None), end
