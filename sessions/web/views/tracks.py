"""Pages of a program manager: tracks, the form that makes and changes them, their sessions."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from sessions.audit.services import READ, record
from sessions.core.permissions import Role, Verb
from sessions.core.recurrence import ClockNote, expand
from sessions.core.refusal import Refuse, sentence
from sessions.core.versions import written
from sessions.core.zones import zone
from sessions.models import Person, Session, Track
from sessions.people.selectors import people_with_role
from sessions.scheduling.plans import TrackPlan, changes_of, pattern_of, span_of
from sessions.scheduling.selectors import (
    programs,
    sessions_of_track,
    templates,
    track_by_public_id,
    tracks,
)
from sessions.scheduling.services import session_cancel, track_change, track_create
from sessions.scheduling.versions import current_enrolments, session_state, track_state
from sessions.web import words
from sessions.web.access import page, refused, session_page, signed_in
from sessions.web.forms import TrackForm, place_refusal, posted
from sessions.web.navigation import desk
from sessions.web.versioned import seen_in

NEWS = timedelta(days=14)


@require_safe
@page(Verb.TRACK_LIST)
def tracks_page(request: HttpRequest) -> HttpResponse:
    rows = [
        {
            "name": track.name,
            "url": reverse("track", args=[track.public_id]),
            "track": track,
            "staff": words.names([one.person.display_name for one in track.staffings.all()]),
            "clients": len(on_roster(track)),
            "seats": track.seats,
        }
        for track in tracks()
    ]
    return desk(request, "tracks/list.html", {"tracks": rows}, current="tracks")


@require_safe
@page(Verb.TRACK_READ)
def track_page(request: HttpRequest, public_id: str) -> HttpResponse:
    track = track_by_public_id(public_id)
    if track is None:
        return refused(request, Verb.TRACK_READ, Refuse("track.unknown"))
    record(signed_in(request), Verb.TRACK_READ, detail={"track": track.public_id})
    sessions, now = list(sessions_of_track(track)), timezone.now()
    context = {
        "track": track,
        "replanned_at": replanned_at(track, now),
        "notes": clock_notes(track),
        "sessions": session_rows(track, sessions, now),
        "cancelled": sum(one.cancelled_at is not None for one in sessions),
        "facilitators": [one.person.display_name for one in track.staffings.all()],
        "roster": on_roster(track),
        "edit_url": reverse("track_change", args=[track.public_id]),
    }
    return desk(request, "tracks/detail.html", context, current="tracks")


@require_http_methods(["GET", "HEAD", "POST"])
@page(Verb.TRACK_ADD)
def track_add_page(request: HttpRequest) -> HttpResponse:
    if request.method != "POST":
        record(signed_in(request), Verb.TRACK_ADD, READ)
    form = track_form(request)
    if request.method == "POST" and form.is_valid():
        made = track_create(signed_in(request), typed_plan(form))
        if isinstance(made, Track):
            messages.success(request, "The track is made. These are its sessions.")
            return redirect("track", made.public_id)
        place_refusal(form, made, TrackForm.refusal_fields)
    return form_page(request, form, "Make a track", "Make the track", reverse("tracks"))


@require_http_methods(["GET", "HEAD", "POST"])
@page(Verb.TRACK_CHANGE)
def track_change_page(request: HttpRequest, public_id: str) -> HttpResponse:
    track = track_by_public_id(public_id)
    if track is None:
        return refused(request, Verb.TRACK_CHANGE, Refuse("track.unknown"))
    if request.method != "POST":
        record(signed_in(request), Verb.TRACK_CHANGE, READ, detail={"track": track.public_id})
    form = track_form(request, track)
    if request.method == "POST" and form.is_valid():
        changed = track_change(signed_in(request), track, typed_plan(form, track), form.seen)
        if isinstance(changed, Track):
            messages.success(request, "Saved. Sessions to come follow; past ones stay.")
            return redirect("track", changed.public_id)
        place_refusal(form, changed, TrackForm.refusal_fields)
    back = reverse("track", args=[track.public_id])
    return form_page(request, form, f"Change {track.name}", "Save", back)


@require_POST
@session_page(Verb.SESSION_CANCEL)
def session_cancel_page(request: HttpRequest, session: Session) -> HttpResponse:
    done = session_cancel(signed_in(request), session, seen_in(request))
    if isinstance(done, Refuse):
        messages.warning(request, sentence(done))
    else:
        messages.success(request, "Cancelled. The other sessions stay as they are.")
    return redirect("track", session.track.public_id)


def track_form(request: HttpRequest, track: Track | None = None) -> TrackForm:
    """The form with all people and agendas as choices, filled in from the track, if any."""
    return TrackForm(
        posted(request),
        initial=TrackForm.initial_of(track_state(track, timezone.now())) if track else None,
        templates=[(one.pk, one.name) for one in templates()],
        facilitators=choices(people_with_role(Role.FACILITATOR)),
        clients=choices(people_with_role(Role.CLIENT)),
    )


def form_page(
    request: HttpRequest, form: TrackForm, heading: str, action: str, back: str
) -> HttpResponse:
    context = {"form": form, "heading": heading, "action": action, "back_url": back}
    status = 422 if form.is_bound else 200
    return desk(request, "tracks/form.html", context, current="tracks", status=status)


def choices(people: Iterable[Person]) -> list[tuple[int, str]]:
    """Choices of people. Two with the same name are shown with their e-mail addresses."""
    found = list(people)
    times = Counter(person.display_name for person in found)
    return [
        (
            person.pk,
            person.display_name
            if times[person.display_name] == 1
            else f"{person.display_name} ({person.email})",
        )
        for person in found
    ]


def typed_plan(form: TrackForm, track: Track | None = None) -> TrackPlan:
    """The form's values as the service takes them. People keep the order of the list."""
    typed = form.cleaned_data
    return TrackPlan(
        program=track.program if track else programs()[0],
        template=next(one for one in templates() if one.pk == typed["template"]),
        name=typed["name"],
        weekdays=frozenset(typed["weekdays"]),
        local_start=typed["local_start"],
        minutes=form.minutes(),
        zone=typed["zone"].strip(),
        first_date=typed["first_date"],
        weeks=typed["weeks"],
        seats=typed["seats"],
        uses_curriculum=typed["uses_curriculum"],
        facilitators=picked(Role.FACILITATOR, typed["facilitators"]),
        roster=picked(Role.CLIENT, typed["roster"]),
    )


def picked(role: Role, keys: Sequence[int]) -> tuple[Person, ...]:
    return tuple(person for person in people_with_role(role) if person.pk in keys)


def on_roster(track: Track) -> list[str]:
    return sorted(one.display_name for one in current_enrolments(track, timezone.now()))


def clock_notes(track: Track) -> list[dict[str, object]]:
    """Notes on clock changes that fall on the track's own start time."""
    dated = expand(pattern_of(track), changes_of(track)) if zone(track.zone) else ()
    return [
        {
            "date": words.short_date(one.local_date),
            "skipped": one.note is ClockNote.SKIPPED,
        }
        for one in dated
        if one.note
    ]


def replanned_at(track: Track, now: datetime) -> datetime | None:
    """When new rules of its zone moved sessions, for as long as that is news."""
    at = track.replanned_at
    return at if at and now < at + NEWS else None


def session_rows(
    track: Track, sessions: Sequence[Session], now: datetime
) -> list[dict[str, object]]:
    """The rows of the table of sessions."""
    befores = [None, *[one.starts_at for one in sessions]]
    return [
        session_row(one, words.clock_change(one.starts_at, before, zone(one.zone) or UTC), now)
        for one, before in zip(sessions, befores, strict=False)
    ]


def session_row(session: Session, change: str, now: datetime) -> dict[str, object]:
    planned = session.cancelled_at is None and session.starts_at > now
    begun = session.cancelled_at is None and session.starts_at <= now
    return {
        "number": session.number,
        "span": span_of(session),
        "topic": session.topic,
        "clock_change": change,
        "chip": "cancelled" if session.cancelled_at else "",
        "cancel_url": reverse("session_cancel", args=[session.public_id]) if planned else "",
        "version": written(session_state(session)),
        "attendance_url": reverse("attendance", args=[session.public_id]) if begun else "",
    }
