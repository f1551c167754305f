"""Writing who comes and who leads: enrolment and staffing of a track.

Owns the rules of a roster: clients only, each name once, never more people on one day than
seats, a person once at a time. Every service locks the track's row first, so that two of them
never fill the same seat. Must not know pages or rooms: a person who is taken off is notified of
(`people.access`), and what listens ends what that person has open.
"""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from sessions.audit.services import record
from sessions.core import names
from sessions.core.permissions import Verb
from sessions.core.refusal import Refuse
from sessions.models import Enrolment, Person, Session, Staffing, Track
from sessions.people.access import AccessChange, notify_on_commit
from sessions.people.selectors import Actor, may
from sessions.scheduling.members import follow, write_down_due
from sessions.scheduling.plans import (
    TrackPlan,
    as_dated,
    busy_refusal,
    local_day,
    most_at_once,
    name_taken,
    roster_refusal,
    staff_refusal,
)
from sessions.scheduling.selectors import enrolments_from, staff_of_track

ENROL, UNENROL, STAFF, UNSTAFF = "track.enrol", "track.unenrol", "track.staff", "track.unstaff"
"""What the audit log says of a change to a track's people."""


@transaction.atomic
def enrol(
    actor: Actor,
    track: Track,
    person: Person,
    display_name: str | None = None,
    starts_on: date | None = None,
) -> Enrolment | Refuse:
    """A client on the roster from a day on (by default today, or the track's first day).

    `display_name` is what the group sees; by default the person's own. Codes: permission.*,
    track.not_client, track.enrolled, track.full, person.name_*.
    """
    track = _locked(track)
    first_day = starts_on or max(track.first_date, local_day(track, timezone.now()))
    name = names.display_name(person.display_name if display_name is None else display_name)
    refusal = may(actor, Verb.TRACK_CHANGE) or roster_refusal([person], track.seats)
    if isinstance(name, Refuse):
        return _refused(actor, ENROL, refusal or name, track, person)
    refusal = refusal or _place_refusal(track, person, name, first_day)
    if refusal:
        return _refused(actor, ENROL, refusal, track, person)
    enrolment = Enrolment.objects.create(
        track=track, person=person, display_name=name, starts_on=first_day
    )
    follow(track, [person], timezone.now())
    _done(actor, ENROL, track, person)
    return enrolment


@transaction.atomic
def unenrol(
    actor: Actor, track: Track, person: Person, last_day: date | None = None
) -> Track | Refuse:
    """Off the roster after a day (by default yesterday, so from now on).

    An enrolment that would end before it began holds on no day then. Codes: permission.*,
    track.not_enrolled.
    """
    track = _locked(track)
    today = local_day(track, timezone.now())
    end = last_day or today - timedelta(days=1)
    rows = enrolments_from(track, today).filter(person=person)
    refusal = may(actor, Verb.TRACK_CHANGE)
    if not refusal and not rows.exists():
        refusal = Refuse("track.not_enrolled")
    if refusal:
        return _refused(actor, UNENROL, refusal, track, person)
    _end(rows, end)
    follow(track, [person], timezone.now())
    _done(actor, UNENROL, track, person)
    notify_on_commit(person, AccessChange.ROSTER)
    return track


@transaction.atomic
def staff(actor: Actor, track: Track, person: Person) -> Staffing | Refuse:
    """One more facilitator, after those there are.

    Codes: permission.*, track.not_facilitator, track.staffed, track.facilitator_busy.
    """
    track = _locked(track)
    refusal = may(actor, Verb.TRACK_CHANGE) or staff_refusal([person])
    if not refusal and person in staff_of_track(track):
        refusal = Refuse("track.staffed")
    refusal = refusal or busy_refusal([person], as_dated(_to_lead(track)), track)
    if refusal:
        return _refused(actor, STAFF, refusal, track, person)
    last = track.staffings.order_by("position").last()
    position = last.position + 1 if last else 0
    staffing = Staffing.objects.create(track=track, person=person, position=position)
    follow(track, [person], timezone.now())
    _done(actor, STAFF, track, person)
    return staffing


@transaction.atomic
def unstaff(actor: Actor, track: Track, person: Person) -> Track | Refuse:
    """One facilitator less. Codes: permission.*, track.not_staffed, track.facilitator_none."""
    track = _locked(track)
    people = staff_of_track(track)
    refusal = may(actor, Verb.TRACK_CHANGE)
    if not refusal and person not in people:
        refusal = Refuse("track.not_staffed")
    if not refusal and len(people) == 1:
        refusal = Refuse("track.facilitator_none")
    if refusal:
        return _refused(actor, UNSTAFF, refusal, track, person)
    track.staffings.filter(person=person).delete()
    follow(track, [person], timezone.now())
    _done(actor, UNSTAFF, track, person)
    notify_on_commit(person, AccessChange.STAFF)
    return track


def change_of_roster_refusal(track: Track, plan: TrackPlan, now: datetime) -> Refuse | None:
    """Whether the plan's people fit its seats; those on the roster keep the name they have."""
    today = local_day(track, now)
    rows = list(enrolments_from(track, today))
    if plan.roster is None:
        stays = [(row.starts_on, row.ends_on) for row in rows]
        return Refuse("track.full") if most_at_once(stays, today) > plan.seats else None
    return roster_refusal(
        plan.roster, plan.seats, {row.person_id: row.display_name for row in rows}
    )


def set_staff(track: Track, people: Sequence[Person], now: datetime) -> None:
    """Exactly these lead, in this order. The caller has checked them, and has written down what
    is due (`members.write_down_due`)."""
    leaving = track.staffings.exclude(person__in=people)
    left = [row.person for row in leaving.select_related("person")]
    for person in left:
        notify_on_commit(person, AccessChange.STAFF)
    leaving.delete()
    for position, person in enumerate(people):
        Staffing.objects.update_or_create(
            track=track, person=person, defaults={"position": position}
        )
    follow(track, [*left, *people], now)


def set_roster(actor: Actor, track: Track, people: Sequence[Person], now: datetime) -> None:
    """Exactly these come from today on. The caller has checked them, and has written down what
    is due."""
    today = local_day(track, now)
    rows = enrolments_from(track, today)
    leaving = rows.exclude(person__in=people)
    left = [row.person for row in leaving]
    for row in leaving:
        _done(actor, UNENROL, track, row.person)
        notify_on_commit(row.person, AccessChange.ROSTER)
    _end(leaving, today - timedelta(days=1))
    there = set(rows.values_list("person_id", flat=True))
    new = [person for person in people if person.pk not in there]
    Enrolment.objects.bulk_create([_newcomer(track, person, today) for person in new])
    follow(track, [*left, *new], now)
    for person in new:
        _done(actor, ENROL, track, person)


def _newcomer(track: Track, person: Person, today: date) -> Enrolment:
    first_day = max(track.first_date, today)
    name = person.display_name
    return Enrolment(track=track, person=person, display_name=name, starts_on=first_day)


def _end(rows: QuerySet[Enrolment], last_day: date) -> None:
    """The rows stay, also those that had not begun."""
    rows.update(ends_on=last_day)


def _place_refusal(track: Track, person: Person, name: str, first_day: date) -> Refuse | None:
    """Whether this person, under this name, has a seat from that day on."""
    rows = list(enrolments_from(track, first_day))
    if any(row.person_id == person.pk for row in rows):
        return Refuse("track.enrolled")
    if names.is_taken(name, [row.display_name for row in rows]):
        return name_taken(name, _names(rows))
    stays = [(row.starts_on, row.ends_on) for row in rows]
    return Refuse("track.full") if most_at_once(stays, first_day) >= track.seats else None


def _names(rows: Iterable[Enrolment]) -> list[str]:
    return [row.display_name for row in rows]


def _to_lead(track: Track) -> Sequence[Session]:
    return list(track.sessions.filter(ends_at__gt=timezone.now(), cancelled_at=None))


def _locked(track: Track) -> Track:
    """With what is past or going on written down, so that the change leaves it as it was."""
    track = Track.objects.select_for_update().get(pk=track.pk)
    write_down_due(track, timezone.now())
    return track


def _done(actor: Actor, verb: str, track: Track, person: Person) -> None:
    record(actor, verb, subject=person, detail={"track": track.public_id})


def _refused(actor: Actor, verb: str, refusal: Refuse, track: Track, person: Person) -> Refuse:
    record(actor, verb, refusal.code, subject=person, detail={"track": track.public_id})
    return refusal
