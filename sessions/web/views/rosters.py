"""The roster of a session: who comes, under the names that the group sees, and nothing else."""

from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from sessions.audit.services import record
from sessions.core.permissions import Verb
from sessions.models import Session
from sessions.scheduling.selectors import roster, staff_of_track
from sessions.web import words
from sessions.web.access import session_page, signed_in
from sessions.web.navigation import desk


@require_safe
@session_page(Verb.SESSION_ROSTER)
def roster_page(request: HttpRequest, session: Session) -> HttpResponse:
    record(signed_in(request), Verb.SESSION_ROSTER, session=session)
    context = {
        "when": words.date_and_times(session.starts_at, session.ends_at, zone_of(session)),
        "topic": session.topic,
        "names": [one.display_name for one in roster(session)],
        "facilitators": [one.display_name for one in staff_of_track(session.track)],
        "seats": session.track.seats,
    }
    return desk(request, "record/roster.html", context, current="home")


def zone_of(session: Session) -> ZoneInfo:
    return ZoneInfo(session.track.zone)
