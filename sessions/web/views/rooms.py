"""The page of a room: an empty shell that the browser's application fills over its socket.

Whom the door would refuse is told so here, before camera and microphone are asked for.
"""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from sessions.core.admission import SeatState, SessionRole, decide
from sessions.core.permissions import Verb
from sessions.core.refusal import Refuse
from sessions.models import Person, Session
from sessions.rooms.selectors import at_door, clock_of, door_of
from sessions.scheduling.selectors import standing
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
        "staff_phone": settings.THIRDS_STAFF_PHONE,
    }
    return render(request, "rooms/room.html", context)


def door_refusal(person: Person, session: Session) -> Refuse | None:
    """What the door says now, if it is no. Who was in an ended room may come to its page: staff
    can open it again, and the application says what is so."""
    now = timezone.now()
    comes = at_door(standing(person, session))
    said = decide(comes, door_of(session.room, clock_of(session.room, now)), now)
    was_in = comes.role is SessionRole.STAFF or comes.seat is SeatState.ADMITTED
    if not isinstance(said, Refuse) or (said.code == "room.ended" and was_in):
        return None
    return said
