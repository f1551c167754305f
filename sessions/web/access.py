"""Who may see a page: checks the permission table before every view, and shows refusals.

Owns the order: signed in, then the second factor and the lock, then the verb's row in the
permission table, then the view. Every page is `no-store`, because nearly all show somebody's
name. Each view has its `verb` as an attribute, so that a test can check every URL against the
table. Knows no rules of its own.
"""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, cast

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache

from sessions.audit.services import record
from sessions.core.permissions import Principal, Verb, allowed
from sessions.core.refusal import Refuse, sentence
from sessions.metrics import REFUSALS
from sessions.models import Person, Session
from sessions.people.selectors import principal_of
from sessions.scheduling.selectors import principal, session_by_public_id
from sessions.web.sign_in.second_factor.guard import gate

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponse]
SessionView = Callable[Concatenate[HttpRequest, Session, P], HttpResponse]
Guarded = Callable[..., HttpResponse]
NOT_YOURS = "Not on your list"
HEADINGS = {
    "room.not_open": "Not open yet",
    "room.ended": "That’s it for today",
    "room.cancelled": "Not today",
    "room.not_held": "Not held",
    "room.locked": "Locked for now",
    "room.unknown": "Nothing here",
    "track.unknown": "Nothing here",
    "person.unknown": "Nothing here",
    "session.unknown": "Nothing here",
    "seat.full": "No seat free",
    "seat.removed": "You’re out of today’s group",
}
UNLOCKED = {Verb.ROOM_PAGE, Verb.ECHO}  # the idle lock never keeps anybody from the call
NOT_FOUND = {"room.unknown", "track.unknown", "person.unknown", "session.unknown"}


def signed_in(request: HttpRequest) -> Person:
    """The person of a request that `page` or `session_page` has admitted."""
    return cast(Person, request.user)


def page(verb: Verb) -> Callable[[View[P]], Guarded]:
    """A page that belongs to no session."""

    def decorate(view: View[P]) -> Guarded:
        @never_cache
        @wraps(view)
        def guarded(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
            if not request.user.is_authenticated:
                return redirect_to_login(request.get_full_path())
            person = signed_in(request)
            if missing := gate(request, person, verb, reads=verb not in UNLOCKED):
                return missing
            if refusal := allowed(verb, principal_of(person)):
                return refused(request, verb, refusal)
            return view(request, *args, **kwargs)

        guarded.__dict__["verb"] = verb
        return guarded

    return decorate


def session_page(verb: Verb) -> Callable[[SessionView[P]], Guarded]:
    """A page of one session, found by its public id; who may see it depends on that session."""

    def decorate(view: SessionView[P]) -> Guarded:
        @never_cache
        @wraps(view)
        def guarded(
            request: HttpRequest, public_id: str, *args: P.args, **kwargs: P.kwargs
        ) -> HttpResponse:
            session = session_by_public_id(public_id)
            if not request.user.is_authenticated:
                return signed_out(request, verb, session)
            if missing := gate(request, signed_in(request), verb, reads=verb not in UNLOCKED):
                return missing
            if session is None:
                return refused(request, verb, Refuse("room.unknown"))
            refusal = allowed(verb, _principal(request, session))
            if refusal:
                return refused(request, verb, refusal, session)
            return view(request, session, *args, **kwargs)

        guarded.__dict__["verb"] = verb
        return guarded

    return decorate


def refused(
    request: HttpRequest, verb: Verb, refusal: Refuse, session: Session | None = None
) -> HttpResponse:
    """Shows the refusal as a page that says what to do, and writes its audit row."""
    person = signed_in(request)
    REFUSALS.labels(refusal.code).inc()
    record(person, verb, refusal.code, session=session)
    status = 404 if refusal.code in NOT_FOUND else 403
    context = {
        "heading": HEADINGS.get(refusal.code, NOT_YOURS),
        "sentence": sentence(refusal),
        "staff_phone": settings.THIRDS_STAFF_PHONE,
    }
    return render(request, "refused.html", context, status=status)


def signed_out(request: HttpRequest, verb: Verb, session: Session | None) -> HttpResponse:
    """Redirects to the sign-in page, which returns here. The audit row is written only if the
    session exists: a guessed URL makes no rows."""
    if session is not None:
        record(None, verb, "permission.signed_out", session=session)
    return redirect_to_login(request.get_full_path())


def _principal(request: HttpRequest, session: Session) -> Principal:
    return principal(signed_in(request), session)
