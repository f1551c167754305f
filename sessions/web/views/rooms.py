"""The page of a room: an empty shell that the browser's application fills over its socket.

The page shows a refusal of admission before the browser asks for camera and microphone.
"""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from sessions.core.admission import decide, may_wait_for_reopening
from sessions.core.permissions import Verb
from sessions.core.refusal import Refuse
from sessions.models import Person, Session
from sessions.rooms.process import this_process
from sessions.rooms.selectors import arrival_of, clock_of, door_of, media_slots
from sessions.scheduling.selectors import leaders, principal
from sessions.web.access import refused, session_page, signed_in


@require_safe
@session_page(Verb.ROOM_PAGE)
def room_page(request: HttpRequest, session: Session) -> HttpResponse:
    person = signed_in(request)
    if refusal := door_refusal(person, session):
        return refused(request, Verb.ROOM_PAGE, refusal, session)
    context = {
        "session": session,
        "name": person.display_name,
        "zone": person.zone,
        "planned_zone": session.zone,
        "staff_phone": settings.THIRDS_STAFF_PHONE,
        "relay": bool(settings.THIRDS_TURN_URLS),
        "slots": media_slots(session, len(leaders([session])[session.pk])),
    }
    return render(request, "rooms/room.html", context)


def door_refusal(person: Person, session: Session) -> Refuse | None:
    """The refusal of admission now, if any; while a room can be reopened, its people may wait."""
    now, room = this_process().clock.now(), session.room
    comes, at_the_door = arrival_of(principal(person, session)), door_of(room, clock_of(room, now))
    said = decide(comes, at_the_door, now)
    if not isinstance(said, Refuse):
        return None
    return None if may_wait_for_reopening(comes, at_the_door, room.ended_at, now) else said
