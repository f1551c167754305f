"""A circuit breaker in front of the pages: while PostgreSQL is away they answer 503 at once.

Owns the page for a fault of ours (Django's `handler500`) and the second after a failed query in
which no other request tries the database. Static files, `/alive/` and `/health/` are exempt. Knows
no page.
"""

import sys
import time
from collections.abc import Callable
from typing import Any, Final

from asgiref.sync import iscoroutinefunction
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.template.loader import render_to_string
from django.utils.decorators import sync_and_async_middleware
from django.views.defaults import server_error

Answers = Callable[[HttpRequest], Any]  # a response, or what awaits one

DATABASE_AWAY: Final = (OperationalError, InterfaceError)
OPEN_S: Final = 1.0  # requests are rejected for so long after a failure
EXEMPT: Final = frozenset({"/alive/", "/health/"})

_open_until = float("-inf")  # on the monotonic clock


def fault(request: HttpRequest) -> HttpResponse:
    """`handler500`. When PostgreSQL is away it answers 503 and opens the breaker."""
    global _open_until  # noqa: PLW0603 - one process has one PostgreSQL
    if not isinstance(sys.exc_info()[1], DATABASE_AWAY):
        return server_error(request)
    _open_until = time.monotonic() + OPEN_S
    return unavailable()


def unavailable() -> HttpResponse:
    """The 503 page. Rendered without the request, because its person is in the database."""
    answer = HttpResponse(render_to_string("503.html"), status=503)
    answer["Retry-After"] = "5"
    answer["Cache-Control"] = "no-store"
    return answer


@sync_and_async_middleware
def circuit_breaker(get_response: Answers) -> Answers:
    """A middleware: rejects at once what would only wait for a database that has just failed.
    Sync or async like the handler behind it, so that the server changes no threads."""
    if iscoroutinefunction(get_response):

        async def answer_async(request: HttpRequest) -> HttpResponseBase:
            answer: HttpResponseBase = _rejected(request) or await get_response(request)
            return answer

        return answer_async

    def answer(request: HttpRequest) -> HttpResponseBase:
        given: HttpResponseBase = _rejected(request) or get_response(request)
        return given

    return answer


def _rejected(request: HttpRequest) -> HttpResponse | None:
    is_open = time.monotonic() < _open_until and request.path not in EXEMPT
    return unavailable() if is_open else None
