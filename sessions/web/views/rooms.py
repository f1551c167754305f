"""The page of a room: an empty shell that the browser's application fills over its socket."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from sessions.core.permissions import Verb
from sessions.models import Session
from sessions.web.access import session_page, signed_in


@require_safe
@session_page(Verb.ROOM_PAGE)
def room_page(request: HttpRequest, session: Session) -> HttpResponse:
    context = {
        "session": session,
        "name": signed_in(request).display_name,
        "staff_phone": settings.THIRDS_STAFF_PHONE,
    }
    return render(request, "rooms/room.html", context)
