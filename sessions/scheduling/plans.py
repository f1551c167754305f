"""What a program manager wants of a track, and what is wrong with it before anything is written.

Owns the checks that several services share: the pattern, the agenda, who may lead and who may
be on a roster, seats, names, and a facilitator's other groups. Reads rows; writes none. Must
not know rooms.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from types import MappingProxyType

from django.db import connection

from sessions.core import names
from sessions.core.agenda import Segment, SegmentKind, fits
from sessions.core.permissions import Role
from sessions.core.reader_clock import Span, read_day
from sessions.core.recurrence import (
    Change,
    DatedSession,
    Move,
    Skip,
    WeeklyPattern,
    clashes,
    validate,
)
from sessions.core.refusal import Refuse
from sessions.models import AgendaTemplate, Person, Program, Session, Track
from sessions.models.scheduling import SegmentColumns

MOST_SEATS = 15  # clients; beyond it TIP 41 (ch. 4) calls a group too large
LONGEST_TRACK_NAME = 60  # characters
EVER = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class TrackPlan:
    """A track as a form asks for it. `facilitators` in order, the first leads.

    When a track is changed, None for `facilitators` or `roster` leaves those as they are.
    """

    program: Program
    template: AgendaTemplate
    name: str
    weekdays: frozenset[int]
    local_start: time
    minutes: int
    zone: str
    first_date: date
    weeks: int
    seats: int
    uses_curriculum: bool = False
    facilitators: tuple[Person, ...] | None = None
    roster: tuple[Person, ...] | None = None

    @property
    def pattern(self) -> WeeklyPattern:
        return WeeklyPattern(
            self.weekdays, self.local_start, self.minutes, self.zone, self.first_date, self.weeks
        )


def plan_refusal(plan: TrackPlan, changes: Sequence[Change] = ()) -> Refuse | None:
    """The first thing wrong with the plan itself, in the order of the form."""
    if not 1 <= len(plan.name.strip()) <= LONGEST_TRACK_NAME:
        return Refuse("track.name")
    for refusal in validate(plan.pattern, changes):
        return refusal
    if not 1 <= plan.seats <= MOST_SEATS:
        return Refuse("track.seats", {"limit": MOST_SEATS})
    return fits(segments_of(plan.template.segments.all()), plan.minutes)


def past_refusal(to_come: Collection[object]) -> Refuse | None:
    """A track with nothing to come is a slip of the year, most often."""
    return None if to_come else Refuse("track.past")


def staff_refusal(people: Sequence[Person] | None) -> Refuse | None:
    """Who leads: at least one, each an open account with the facilitator's role."""
    if people is not None and not people:
        return Refuse("track.facilitator_none")
    if any(not _has(person, Role.FACILITATOR) for person in people or ()):
        return Refuse("track.not_facilitator")
    return None


def roster_refusal(
    people: Sequence[Person] | None, seats: int, known: Mapping[int, str] = MappingProxyType({})
) -> Refuse | None:
    """Who comes: clients, no more than seats, each name once. `known` are the names of those
    who have one in this track already, by the person's id."""
    if any(not _has(person, Role.CLIENT) for person in people or ()):
        return Refuse("track.not_client")
    if len(people or ()) > seats:
        return Refuse("track.full")
    shown = [known.get(person.pk, person.display_name) for person in people or ()]
    for position, name in enumerate(shown):
        if names.is_taken(name, shown[:position]):
            return name_taken(name, shown)
    return None


def name_taken(name: str, taken: Collection[str]) -> Refuse:
    """The refusal of a name that somebody in the track has, with one that is free."""
    return Refuse("person.name_taken", {"suggestion": names.suggest(name, "", taken)})


def _has(person: Person, role: Role) -> bool:
    return person.is_active and role in person.role_set


def busy_refusal(
    people: Iterable[Person], wanted: Sequence[DatedSession], besides: Track | None
) -> Refuse | None:
    """Nobody leads two groups at one instant. Names the first date on which somebody would.

    Until the transaction ends, no other one can give these people another group: each of them
    is locked, in the order of their ids, so that two transactions never wait for each other.
    """
    for person in sorted(people, key=lambda one: one.pk):
        _lock_facilitator(person)
        busy = Session.objects.filter(track__staffings__person=person, cancelled_at=None)
        busy = busy.filter(ends_at__gt=min((one.starts_at for one in wanted), default=EVER))
        if besides is not None:
            busy = busy.exclude(track=besides)
        for clash in clashes(wanted, list(busy.values_list("starts_at", "ends_at"))):
            return Refuse("track.facilitator_busy", {"date": clash.local_date.isoformat()})
    return None


def _lock_facilitator(person: Person) -> None:
    """The wheel's PostgreSQL has no btree_gist, so no exclusion constraint can do this."""
    with connection.cursor() as cursor:
        key = f"facilitator:{person.pk}"
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [key])


def most_at_once(stays: Collection[tuple[date, date | None]], since: date) -> int:
    """The largest number of stays (first day, last day or None) that share one day, from
    `since` on. It is reached on `since` or on a first day."""
    days = {since, *(first for first, _ in stays if first > since)}
    return max(
        sum(first <= day and (last is None or day <= last) for first, last in stays) for day in days
    )


def segments_of(rows: Iterable[SegmentColumns]) -> tuple[Segment, ...]:
    """Rows of a template or of a session, as the core knows them, in their order."""
    return tuple(
        Segment(
            SegmentKind(row.kind),
            row.block,
            row.title,
            row.minutes,
            row.share,
            row.advances_itself,
        )
        for row in sorted(rows, key=lambda row: row.position)
    )


def pattern_of(track: Track) -> WeeklyPattern:
    """The track's recurrence, as the core knows it."""
    return WeeklyPattern(
        frozenset(track.weekdays),
        track.local_start,
        track.minutes,
        track.zone,
        track.first_date,
        track.weeks,
    )


def changes_of(track: Track) -> tuple[Change, ...]:
    """The track's skipped and moved dates, as the core knows them."""
    return tuple(
        Skip(row.local_date)
        if row.moved_to_date is None
        else Move(row.local_date, row.moved_to_date, row.moved_to_start)
        for row in track.exceptions.order_by("local_date")
    )


def as_dated(sessions: Iterable[Session]) -> tuple[DatedSession, ...]:
    """Rows that exist, for the rules that speak of dated sessions."""
    return tuple(
        DatedSession(one.number, 0, one.local_date, one.starts_at, one.ends_at) for one in sessions
    )


def local_day(track: Track, now: datetime) -> date:
    """The date on the wall where the track is."""
    return read_day(now, track.zone, track.zone)


def span_of(session: Session) -> Span:
    """The planned time of a session, as pages show it."""
    return Span(session.starts_at, session.zone, session.ends_at)
