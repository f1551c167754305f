"""Writing tracks: making and changing them, skipping and moving dates, cancelling a session.

Owns the order of every write: permission, then every check, then the rows, then the audit row,
in one transaction. Refusals are values and are recorded too. Must not know rooms that are live:
a session whose lobby is open stays as it is. Rosters and staff are in `services_roster`.
"""

from collections.abc import Sequence
from datetime import date, datetime, time

from django.db import transaction
from django.db.models import Prefetch
from django.utils import timezone

from sessions.audit.services import OPERATOR, Detail, record
from sessions.core.agenda import Segment, fits
from sessions.core.permissions import Verb
from sessions.core.recurrence import Change, Move, Skip, WeeklyPattern, expand, validate
from sessions.core.refusal import Refuse
from sessions.core.room_state import RoomEvent, RoomState, apply, effective_state
from sessions.core.versions import State, stale
from sessions.models import (
    AgendaTemplate,
    Program,
    Room,
    Session,
    TemplateSegment,
    Track,
    TrackException,
)
from sessions.people.selectors import Actor, may
from sessions.scheduling.calendar import (
    as_fixed,
    locked_sessions,
    strayed,
    to_come,
    write_calendar,
)
from sessions.scheduling.members import follow_seats, write_down_due
from sessions.scheduling.plans import (
    TrackPlan,
    as_dated,
    busy_refusal,
    changes_of,
    past_refusal,
    pattern_of,
    plan_refusal,
    roster_refusal,
    staff_refusal,
)
from sessions.scheduling.selectors import sessions, staff_of_track
from sessions.scheduling.services_roster import (
    change_of_roster_refusal,
    set_roster,
    set_staff,
)
from sessions.scheduling.versions import session_state, track_state

__all__ = [
    "TrackPlan",
    "program_add",
    "session_cancel",
    "template_add",
    "track_change",
    "track_create",
    "track_move_date",
    "track_restore_date",
    "track_skip_date",
    "tracks_replan",
]


@transaction.atomic
def program_add(actor: Actor, name: str) -> Program | Refuse:
    """A program. Codes: permission.*, track.name (1 to 60 characters)."""
    refusal = may(actor, Verb.TRACK_ADD)
    if not refusal and not 1 <= len(name.strip()) <= 60:
        refusal = Refuse("track.name")
    if refusal:
        return _refused(actor, "program.add", refusal)
    program = Program.objects.create(name=name.strip())
    record(actor, "program.add", detail={"program": program.pk})
    return program


@transaction.atomic
def template_add(
    actor: Actor, name: str, segments: Sequence[Segment], minutes: int
) -> AgendaTemplate | Refuse:
    """A named agenda, which must fit into `minutes`. Codes: permission.*, agenda.*, track.name."""
    refusal = may(actor, Verb.TRACK_ADD) or fits(segments, minutes)
    if not refusal and AgendaTemplate.objects.filter(name=name).exists():
        refusal = Refuse("track.name")
    if refusal:
        return _refused(actor, "template.add", refusal)
    template = AgendaTemplate.objects.create(name=name)
    TemplateSegment.objects.bulk_create(
        [_template_row(template, position, one) for position, one in enumerate(segments)]
    )
    record(actor, "template.add", detail={"template": template.pk})
    return template


def _template_row(template: AgendaTemplate, position: int, segment: Segment) -> TemplateSegment:
    return TemplateSegment(
        template=template,
        position=position,
        kind=segment.kind,
        block=segment.block,
        title=segment.title,
        minutes=segment.minutes,
        share=segment.share,
        advances_itself=segment.advances_itself,
    )


@transaction.atomic
def track_create(actor: Actor, plan: TrackPlan, *, may_be_past: bool = False) -> Track | Refuse:
    """A track with its sessions, staff and roster. `may_be_past`: also one without a session to
    come, for the demo, which adds its own.

    Codes: permission.*, track.*, agenda.*, person.name_taken.
    """
    now = timezone.now()
    refusal = (
        may(actor, Verb.TRACK_ADD)
        or plan_refusal(plan)
        or (None if may_be_past else past_refusal(to_come(plan.pattern, (), (), now)))
        or staff_refusal(plan.facilitators or ())
        or roster_refusal(plan.roster, plan.seats)
        or busy_refusal(plan.facilitators or (), to_come(plan.pattern, (), (), now), None)
    )
    if refusal:
        return _refused(actor, Verb.TRACK_ADD, refusal)
    return _written(actor, Verb.TRACK_ADD, Track(), plan, now)


@transaction.atomic
def track_change(
    actor: Actor, track: Track, plan: TrackPlan, seen: State | None = None
) -> Track | Refuse:
    """The track as the plan has it. Future sessions are made again; past ones stay.

    Dates that were skipped or moved keep that where the new pattern still has them. `seen`: the
    state that the form was made from. Codes as track_create, and form.stale.
    """
    now = timezone.now()
    track = Track.objects.select_for_update().get(pk=track.pk)
    write_down_due(track, now)
    changes = _changes_within(plan.pattern, changes_of(track))
    refusal = (
        may(actor, Verb.TRACK_CHANGE)
        or stale(seen, track_state(track, now))
        or plan_refusal(plan, changes)
        or staff_refusal(plan.facilitators)
        or change_of_roster_refusal(track, plan, now)
    )
    if not refusal:
        _, fixed = locked_sessions(track, now)
        running = [one for one in fixed if one.ends_at > now and one.cancelled_at is None]
        wanted = to_come(plan.pattern, changes, as_fixed(fixed), now)
        staff = staff_of_track(track) if plan.facilitators is None else plan.facilitators
        moved = not fixed or plan.first_date != track.first_date
        refusal = past_refusal((*running, *wanted)) if moved else None
        refusal = refusal or busy_refusal(staff, (*as_dated(running), *wanted), track)
    if refusal:
        return _refused(actor, Verb.TRACK_CHANGE, refusal, track)
    kept = [change.date for change in changes]
    track.exceptions.exclude(local_date__in=kept).delete()
    return _written(actor, Verb.TRACK_CHANGE, track, plan, now)


@transaction.atomic
def track_skip_date(actor: Actor, track: Track, day: date) -> Track | Refuse:
    """No session on this day of the pattern. Codes: permission.*, session.*, recurrence.*."""
    return _change_date(actor, track, day, Skip(day))


@transaction.atomic
def track_move_date(
    actor: Actor, track: Track, day: date, new_day: date, new_start: time | None = None
) -> Track | Refuse:
    """The session of this day of the pattern is held on another, or at another time.

    A day that was moved before is moved again from where the pattern has it. Codes as
    track_skip_date, and track.facilitator_busy.
    """
    return _change_date(actor, track, day, Move(day, new_day, new_start))


@transaction.atomic
def track_restore_date(actor: Actor, track: Track, day: date) -> Track | Refuse:
    """The day is as the pattern has it again. Codes as track_move_date."""
    return _change_date(actor, track, day, None)


def tracks_replan(now: datetime) -> int:
    """Every track's planned sessions follow the zone rules that this process reads. Returns how
    many tracks had sessions to move; their pages say so, and each has an audit row. Locks only
    what it has to change."""
    asked = Track.objects.prefetch_related(Prefetch("sessions", sessions().filter(ends_at__gt=now)))
    keys = [track.pk for track in asked if strayed(track, track.sessions.all(), now)]
    return sum(_replanned(key, now) for key in keys)


@transaction.atomic
def _replanned(key: int, now: datetime) -> bool:
    track = Track.objects.select_for_update().get(pk=key)
    changeable, _ = locked_sessions(track, now)
    moved = strayed(track, changeable, now)
    if moved:
        Session.objects.bulk_update(moved, ["starts_at", "ends_at"])
        track.replanned_at, track.replanned = now, len(moved)
        track.save(update_fields=["replanned_at", "replanned"])
        moved_on: Detail = {"track": track.public_id, "sessions": len(moved)}
        record(OPERATOR, "track.replan", detail=moved_on)
    return bool(moved)


@transaction.atomic
def session_cancel(actor: Actor, session: Session, seen: State | None = None) -> Session | Refuse:
    """The session does not meet; its row stays. Codes: permission.*, session.started,
    room.cancelled, form.stale (it was moved since it was `seen`). People at its door hear of it
    when the room's new version is published."""
    room = Room.objects.select_for_update().get(session=session)
    session = Session.objects.get(pk=session.pk)
    refusal = (
        may(actor, Verb.SESSION_CANCEL)
        or _cancel_refusal(room, session, timezone.now())
        or stale(seen, session_state(session))
    )
    if refusal:
        record(actor, Verb.SESSION_CANCEL, refusal.code, session=session)
        return refusal
    session.cancelled_at = timezone.now()
    session.save(update_fields=["cancelled_at"])
    room.state, room.version = RoomState.CANCELLED, room.version + 1
    room.save(update_fields=["state", "version"])
    record(actor, Verb.SESSION_CANCEL, session=session)
    return session


def _cancel_refusal(room: Room, session: Session, now: datetime) -> Refuse | None:
    state = effective_state(RoomState(room.state), session.starts_at, session.ends_at, now)
    if state is RoomState.CANCELLED:
        return Refuse("room.cancelled")
    refused = isinstance(apply(state, RoomEvent.CANCEL), Refuse)
    return Refuse("session.started") if refused else None


def _change_date(actor: Actor, track: Track, day: date, change: Change | None) -> Track | Refuse:
    now = timezone.now()
    track = Track.objects.select_for_update().get(pk=track.pk)
    others = [one for one in changes_of(track) if one.date != day]
    changes = (*others, change) if change else tuple(others)
    refusal = may(actor, Verb.SESSION_MOVE) or _date_refusal(track, day, changes, now)
    if refusal:
        return _refused(actor, Verb.SESSION_MOVE, refusal, track)
    track.exceptions.filter(local_date=day).delete()
    if change:
        TrackException.objects.create(track=track, **_exception_columns(change))
    write_calendar(track, now)
    record(actor, Verb.SESSION_MOVE, detail={"track": track.public_id, "date": f"{day}"})
    return track


def _exception_columns(change: Change) -> dict[str, date | time | None]:
    if isinstance(change, Skip):
        return {"local_date": change.date}
    return {
        "local_date": change.date,
        "moved_to_date": change.new_date,
        "moved_to_start": change.new_start,
    }


def _date_refusal(
    track: Track, day: date, changes: Sequence[Change], now: datetime
) -> Refuse | None:
    """What is wrong with the changed date: the rules, what has started, who is busy."""
    pattern = pattern_of(track)
    for refusal in validate(pattern, changes):
        return refusal
    number = next((one.number for one in expand(pattern) if one.local_date == day), 0)
    held = next((one for one in expand(pattern, changes_of(track)) if one.number == number), None)
    wanted = next((one for one in expand(pattern, changes) if one.number == number), None)
    _, fixed = locked_sessions(track, now)
    days_that_stay = {session.local_date for session in fixed}
    if held and held.local_date in days_that_stay:
        return Refuse("session.started")
    if wanted and wanted.starts_at <= now:
        return Refuse("session.past")
    if wanted and wanted.local_date in days_that_stay:
        return Refuse("recurrence.overlap", {"date": wanted.local_date.isoformat()})
    return busy_refusal(staff_of_track(track), [wanted] if wanted else [], track)


def _changes_within(pattern: WeeklyPattern, changes: Sequence[Change]) -> tuple[Change, ...]:
    """The changes whose day the pattern still has; a pattern that is refused has none."""
    if validate(pattern):
        return ()
    days = {one.local_date for one in expand(pattern)}
    return tuple(change for change in changes if change.date in days)


def _written(actor: Actor, verb: Verb, track: Track, plan: TrackPlan, now: datetime) -> Track:
    track.program, track.template = plan.program, plan.template
    track.name, track.seats = plan.name.strip(), plan.seats
    track.weekdays, track.local_start = sorted(plan.weekdays), plan.local_start
    track.minutes, track.zone = plan.minutes, plan.zone
    track.first_date, track.weeks = plan.first_date, plan.weeks
    track.uses_curriculum = plan.uses_curriculum
    track.save()
    if plan.facilitators is not None:
        set_staff(track, plan.facilitators, now)
    if plan.roster is not None:
        set_roster(actor, track, plan.roster, now)
    follow_seats(track, now)
    write_calendar(track, now)
    record(actor, verb, detail={"track": track.public_id})
    return track


def _refused(actor: Actor, verb: str, refusal: Refuse, track: Track | None = None) -> Refuse:
    record(actor, verb, refusal.code, detail={"track": track.public_id} if track else {})
    return refusal
