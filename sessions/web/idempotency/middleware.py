"""A form that is sent twice is carried out once, and each answer to a form is a redirect.

Each form carries an idempotency key, made when the page is. The first submission with it is
carried out in one transaction with the row of its answer; a repeated one (double click, Enter and
tap), in whatever process, waits for the first and leads where that did, into the same login
session. A page with errors is kept under an address of its own and shown there by a GET, after
the view has answered it: the gates of the view hold, and Back and reload ask nothing.

A submission is the key, the browser, the address and every field: a form that was sent, gone back
to and changed is another one. Knows no view. A form without a key is carried out as it comes.
"""

import hashlib
import json
import secrets
from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final, cast

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import timezone
from django.utils.deprecation import MiddlewareMixin

from sessions.models import Person
from sessions.web.idempotency import answers
from sessions.web.idempotency.answers import Answer

FIELD: Final = "idempotency_key"
OWN: Final = frozenset({FIELD, "csrfmiddlewaretoken"})  # no fields of the form's subject
PAGE: Final = "answer"  # the query's name for the page of an answer
PAGES: Final = frozenset({200, 422, 429})  # the form again
REDIRECTS: Final = frozenset({301, 302, 303})
PAGE_LENGTH: Final = 400_000  # characters of a page that is kept
SAME_LOGIN_S: Final = 60  # for so long a repeated submission leads into the login session
CLEAR: Final = "Clear-Site-Data"
View = Callable[..., HttpResponse]


class NotCarriedOut(HttpResponseRedirect):
    """A redirect to a step that is missing: the same submission is carried out after it."""


class IdempotencyMiddleware(MiddlewareMixin):
    """Stands last: the check against forged requests has been made."""

    def process_view(
        self, request: HttpRequest, view: View, args: Any, kwargs: Any
    ) -> HttpResponse | None:
        if request.method == "GET" and PAGE in request.GET:
            return page_of_answer(request, rendered(view(request, *args, **kwargs)))
        if request.method != "POST" or not (browser := browser_of(request)):
            return None
        if not request.POST.get(FIELD):
            return None
        key = submission_key(request, browser)
        with transaction.atomic():
            answers.lock(key)
            if found := answers.find(key, timezone.now()):
                return repeated(request, *found)
            response = rendered(view(request, *args, **kwargs))
            return answered(request, key, browser, response)


def browser_of(request: HttpRequest) -> str:
    """A digest of the browser's secret; empty without one. It changes when somebody signs in, not
    when a login session gets a new key."""
    secret = request.META.get("CSRF_COOKIE", "")
    return hashlib.sha256(secret.encode()).hexdigest() if secret else ""


def submission_key(request: HttpRequest, browser: str) -> str:
    """A digest of all that makes a submission the same. The form's key makes it unguessable."""
    fields = sorted((name, values) for name, values in request.POST.lists() if name not in OWN)
    parts = [browser, request.POST[FIELD], request.get_full_path(), fields]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def answered(request: HttpRequest, key: str, browser: str, response: HttpResponse) -> HttpResponse:
    """Keeps what the view answered; a page is redirected to."""
    is_page, public_id = is_form(response), secrets.token_urlsafe(16)
    is_redirect = response.status_code in REDIRECTS and not isinstance(response, NotCarriedOut)
    if not is_page and not is_redirect:
        return response
    location = address_of(request, public_id) if is_page else response["Location"]
    answer = Answer(
        location=location,
        browser=browser,
        session_key=saved_session(request),
        messages=queued_messages(request),
        clear_site_data=response.get(CLEAR, ""),
        status=response.status_code if is_page else 0,
        page=response.content.decode() if is_page else "",
    )
    person = person_of(request)
    if not answers.keep(key, public_id, person, answer, timezone.now()):
        return response
    if PAGE in request.GET:
        answers.drop_page(request.GET[PAGE], person)
    return HttpResponseRedirect(location) if is_page else response


def repeated(request: HttpRequest, found: Answer, age: timedelta) -> HttpResponse:
    """Leads where the first submission did."""
    is_new = bool(found.session_key) and found.session_key != request.session.session_key
    if is_new and age.total_seconds() < SAME_LOGIN_S:
        request.session = type(request.session)(found.session_key)
        request.session.modified = True  # the answer has its cookie
    for level, words in found.messages:
        if (level, words) not in waiting_messages(request):
            messages.add_message(request, level, words)
    response = HttpResponseRedirect(found.location)
    if found.clear_site_data:
        response.headers[CLEAR] = found.clear_site_data
    return response


def page_of_answer(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """The kept page in place of what the view answered; where the view has let nobody in, that."""
    if response.status_code != 200:
        return response
    found = answers.find_page(request.GET[PAGE], person_of(request), timezone.now())
    here = (request.get_full_path(), browser_of(request))
    if found and found.page and (found.location, found.browser) == here:
        response.content, response.status_code = found.page.encode(), found.status
    return response


def rendered(response: HttpResponse) -> HttpResponse:
    """A template's response has no content before."""
    render = getattr(response, "render", None)
    return cast(HttpResponse, render()) if render else response


def is_form(response: HttpResponse) -> bool:
    """Whether this is a page with the form again, and not too long to be kept."""
    is_page = response.status_code in PAGES and not response.streaming
    is_html = response.get("Content-Type", "").startswith("text/html")
    return is_page and is_html and len(response.content) <= PAGE_LENGTH


def address_of(request: HttpRequest, public_id: str) -> str:
    query = request.GET.copy()
    query[PAGE] = public_id
    return f"{request.path}?{query.urlencode()}"


def saved_session(request: HttpRequest) -> str:
    """The key of the login session, which is saved before a repeated submission can read it."""
    session = request.session
    if session.modified and not session.is_empty():
        session.save()
    return session.session_key or ""


def queued_messages(request: HttpRequest) -> tuple[tuple[int, str], ...]:
    """What the next page says. The storage has no public list of what was added."""
    queued = getattr(messages.get_messages(request), "_queued_messages", [])
    return tuple((one.level, str(one.message)) for one in queued)


def waiting_messages(request: HttpRequest) -> tuple[tuple[int, str], ...]:
    """What the browser brought along: it has had the first answer. Reading it shows nothing."""
    waiting = getattr(messages.get_messages(request), "_loaded_messages", [])
    return tuple((one.level, str(one.message)) for one in waiting)


def person_of(request: HttpRequest) -> Person | None:
    return request.user if isinstance(request.user, Person) else None
