"""The gate before every guarded page: what the login session must have proved, else a redirect.

`sessions.web.access` calls it for each page, the account's own pages use `own_page`. Owns what
was typed into a page that was locked meanwhile: it is kept, sealed, in the login session, and
offered again after unlocking.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, Final, ParamSpec
from urllib.parse import urlencode

from django.contrib.auth import REDIRECT_FIELD_NAME
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, QueryDict
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache

from sessions.audit.services import record
from sessions.core.sealing import Place, SealError
from sessions.core.second_factor import Step
from sessions.models import Person
from sessions.models.sealing import seal, unseal
from sessions.people.second_factor import selectors, services
from sessions.web.idempotency.middleware import OWN, NotCarriedOut

P = ParamSpec("P")
OwnView = Callable[Concatenate[HttpRequest, Person, P], HttpResponse]

HELD: Final = "held_form"  # key of the login session
UNATTENDED: Final = "X-Unattended"  # sent by a script that asks for a page by itself
HELD_LENGTH: Final = 32_768  # characters of a form that is kept


def gate(request: HttpRequest, person: Person, verb: str, *, reads: bool) -> HttpResponse | None:
    """None lets the person pass and records activity, if there was any; otherwise a redirect to the missing step.

    `reads`: the page shows what an idle desk must not. The room's page does not, so it opens
    while the others are locked, and does not unlock them. Each refusal has its audit row.
    """
    now = timezone.now()
    ask = selectors.step_to_read if reads else _step_to_enter
    step = ask(request.session, person, now)
    if step is Step.OPEN:
        attended = UNATTENDED not in request.headers
        if attended and (reads or selectors.left_s(request.session, person, now)):
            services.touch(request.session, now)
        return None
    record(person, verb, selectors.CODES[step])
    if request.method == "POST" and step is not Step.SET_UP:
        hold(request, person)
    return NotCarriedOut(with_next(page_for(step), request.get_full_path()))


def gate_fresh(request: HttpRequest, person: Person, verb: str) -> HttpResponse | None:
    """ACC2. None lets a change pass that opens an account; otherwise a redirect to show the factor
    again. What was posted is kept, and offered once it was shown."""
    if selectors.shown_lately(request.session, person, timezone.now()):
        return None
    record(person, verb, "account.not_fresh")
    hold(request, person)
    return NotCarriedOut(with_next(reverse("unlock"), request.get_full_path()))


def own_page(*, changes: bool = False) -> Callable[[OwnView[P]], Callable[..., HttpResponse]]:
    """A page of the signed-in person's own account. `changes`: it adds or removes a sign-in
    method, which needs a fresh proof."""

    def decorate(view: OwnView[P]) -> Callable[..., HttpResponse]:
        @never_cache
        @wraps(view)
        def guarded(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
            person = request.user
            if not isinstance(person, Person):
                return redirect_to_login(request.get_full_path())
            if not _may(request, person, changes=changes):
                return NotCarriedOut(with_next(reverse("unlock"), _return_url(request)))
            services.touch(request.session)
            return view(request, person, *args, **kwargs)

        guarded.__dict__["own"] = True
        return guarded

    return decorate


def page_for(step: Step) -> str:
    """The page of a missing step."""
    return reverse("second_factor" if step is Step.SET_UP else "unlock")


def with_next(url: str, to: str) -> str:
    """The URL with `to` as the page to go on to afterwards."""
    return f"{url}?{urlencode({REDIRECT_FIELD_NAME: to})}" if to and to != "/" else url


def next_of(request: HttpRequest) -> str:
    """The page to go on to: a URL of ours, else the first page."""
    asked = {**request.GET.dict(), **request.POST.dict()}.get(REDIRECT_FIELD_NAME, "")
    ours = url_has_allowed_host_and_scheme(asked, {request.get_host()}, request.is_secure())
    return asked if ours else "/"


def hold(request: HttpRequest, person: Person) -> None:
    """Keeps the posted fields. A form that is too long, or has files, is not kept."""
    typed = request.POST.copy()
    for own in OWN:
        typed.pop(own, None)
    text = typed.urlencode()
    if request.FILES or len(text) > HELD_LENGTH:
        return
    request.session[HELD] = {
        "path": request.get_full_path(),
        "sealed": seal(text, _place(person)),
    }


def is_held(request: HttpRequest) -> bool:
    """Whether a form is kept."""
    return HELD in request.session


def take_held(request: HttpRequest, person: Person) -> tuple[str, list[tuple[str, str]]] | None:
    """The kept form's path and fields, once. None if none of this person is kept."""
    held = request.session.pop(HELD, None)
    if held is None:
        return None
    try:
        typed = QueryDict(unseal(held["sealed"], _place(person)))
    except SealError:
        return None
    return held["path"], [(name, str(value)) for name in typed for value in typed.getlist(name)]


def _step_to_enter(session: Any, person: Person, _now: Any) -> Step:
    return selectors.step_to_enter(session, person)


def _may(request: HttpRequest, person: Person, *, changes: bool) -> bool:
    """Staff who have yet to set up a first factor may open these pages, and no others."""
    now = timezone.now()
    step = selectors.step_to_read(request.session, person, now)
    if step not in (Step.OPEN, Step.SET_UP):
        return False
    return not changes or selectors.may_change_factors(request.session, person, now)


def _return_url(request: HttpRequest) -> str:
    """The page to return to. A POST is not repeated, and a script's request is not a page: both
    return to the overview."""
    is_page = request.method == "GET" and request.headers.get("Accept") != "application/json"
    return request.get_full_path() if is_page else reverse("second_factor")


def _place(person: Person) -> Place:
    return Place("django_session", str(person.pk), HELD)
