"""The roster of a session, with the names that the group sees. For the group's facilitators each
name links to that person's details."""

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_safe

from sessions.audit.services import record
from sessions.core.permissions import Verb, allowed
from sessions.models import Session
from sessions.scheduling.plans import span_of
from sessions.scheduling.selectors import Member, leads_track, principal, roster, staff_of
from sessions.web.access import session_page, signed_in
from sessions.web.navigation import desk


@require_safe
@session_page(Verb.SESSION_ROSTER)
def roster_page(request: HttpRequest, session: Session) -> HttpResponse:
    person = signed_in(request)
    record(person, Verb.SESSION_ROSTER, session=session)
    staffs = allowed(Verb.SESSION_DETAILS, principal(person, session)) is None
    may_look = staffs and leads_track(person, session.track)
    context = {
        "span": span_of(session),
        "topic": session.topic,
        "clients": [client_row(session, one, linked=may_look) for one in roster(session)],
        "facilitators": [one.display_name for one in staff_of(session)],
        "seats": session.seats,
    }
    return desk(request, "record/roster.html", context, current="home")


def client_row(session: Session, one: Member, *, linked: bool) -> dict[str, str]:
    """A name, and for staff of the session the link to the details."""
    where = reverse("session_details", args=[session.public_id, one.person.public_id])
    return {"name": one.display_name, "url": where if linked else ""}
