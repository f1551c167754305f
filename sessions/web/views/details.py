"""Personal details of a client: a program manager keeps them, the group's facilitators may read
them when they have to call somebody. Every read has an audit row."""

from datetime import date, datetime

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from sessions.core.permissions import Verb
from sessions.core.personal import FIELDS, Personal
from sessions.core.refusal import Refuse
from sessions.models import Person, Session
from sessions.people.selectors import Opened, person_by_public_id
from sessions.people.services import details_change, details_read, details_read_in
from sessions.people.versions import details_state
from sessions.scheduling.members import goes_on
from sessions.scheduling.plans import local_day
from sessions.scheduling.selectors import LATEST_END, enrolled_now, leads_track
from sessions.web.access import page, refused, session_page, signed_in
from sessions.web.forms import DetailsForm, place_refusal
from sessions.web.navigation import desk


@require_http_methods(["GET", "HEAD", "POST"])
@page(Verb.PERSON_DETAILS_READ)
def person_details_page(request: HttpRequest, public_id: str) -> HttpResponse:
    person = person_by_public_id(public_id)
    if person is None:
        return refused(request, Verb.PERSON_DETAILS_READ, Refuse("person.unknown"))
    if request.method == "POST":
        return details_saved(request, person)
    found = details_read(signed_in(request), person)
    if isinstance(found, Refuse):
        return refused(request, Verb.PERSON_DETAILS_READ, found)
    form = DetailsForm(initial=DetailsForm.initial_of(details_state(found.values)))
    return details_form(request, person, form, broken=bool(found.broken))


def details_saved(request: HttpRequest, person: Person) -> HttpResponse:
    """Saves what was typed, or shows it again with the errors."""
    form = DetailsForm(request.POST)
    if form.is_valid():
        typed = Personal(**{name: form.cleaned_data[name] for name in FIELDS})
        saved = details_change(signed_in(request), person, typed, form.seen)
        if isinstance(saved, Personal):
            messages.success(request, f"The details of {person.display_name} are saved.")
            return redirect("person", person.public_id)
        place_refusal(form, saved, DetailsForm.refusal_fields)
    return details_form(request, person, form)


def details_form(
    request: HttpRequest, person: Person, form: DetailsForm, *, broken: bool = False
) -> HttpResponse:
    context = {"form": form, "person": person, "broken": broken}
    status = 422 if form.is_bound else 200
    return desk(request, "people/details.html", context, current="people", status=status)


@require_safe
@session_page(Verb.SESSION_DETAILS)
def session_details_page(request: HttpRequest, session: Session, key: str) -> HttpResponse:
    """For a person on the session's roster and on the track's roster today, to somebody who leads
    the group today: details are for calling somebody now, and no record of what was. Those of
    people who have left the group are read by a program manager."""
    if not leads_track(signed_in(request), session.track):
        return refused(request, Verb.SESSION_DETAILS, Refuse("permission.not_staff"), session)
    enrolled = enrolled_now(session, key, roster_day(session, timezone.now()))
    if enrolled is None:
        return refused(request, Verb.SESSION_DETAILS, Refuse("person.unknown"), session)
    found = details_read_in(signed_in(request), enrolled.person, session)
    context = {
        "session": session,
        "name": enrolled.display_name,
        "details": found.values.by_name(),
        "calls": calls_of(found),
        "broken": bool(found.broken),
        "nothing": found.values == Personal() and not found.broken,
    }
    return desk(request, "record/details.html", context, current="home")


def roster_day(session: Session, now: datetime) -> date:
    """The track's date; while the session goes on, also past midnight and however late staff end
    it, the session's own."""
    may_go_on = now < session.ends_at + LATEST_END or goes_on(session, now)
    own = session.starts_at <= now and may_go_on
    return session.local_date if own else local_day(session.track, now)


def calls_of(found: Opened) -> list[dict[str, str]]:
    """The numbers to call, in order of use; the link dials."""
    values = found.values
    contact = f"{values.contact_name}, emergency contact" if values.contact_name else ""
    called = [
        ("Call back", values.phone),
        (contact or "Emergency contact", values.contact_phone),
        ("Emergency services there", values.local_emergency),
    ]
    return [
        {"who": who, "number": number, "dial": dialled(number)} for who, number in called if number
    ]


def dialled(number: str) -> str:
    """The number as a phone dials it (RFC 3966): digits with a leading plus, no extension."""
    plain = number.lower().partition("ext")[0].partition("x")[0]
    digits = "".join(one for one in plain if one.isdecimal())
    return f"+{digits}" if plain.strip().startswith("+") else digits
