"""What a page says while PostgreSQL is away: 503, in words, without waiting for it each time.

Owns the page for a fault of ours (Django's `handler500`) and the second in which nobody asks
again. Static files and `/alive/` are not kept from anybody. Knows no page.
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

AWAY: Final = (OperationalError, InterfaceError)
AGAIN_S: Final = 1.0
NEVER_KEPT: Final = frozenset({"/alive/"})

_asked_from = float("-inf")  # on the monotonic clock: not before this instant


def fault(request: HttpRequest) -> HttpResponse:
    """A fault of ours. PostgreSQL away is told apart, and the next second asks nobody."""
    global _asked_from  # noqa: PLW0603 - one process has one PostgreSQL
    if not isinstance(sys.exc_info()[1], AWAY):
        return server_error(request)
    _asked_from = time.monotonic() + AGAIN_S
    return store_down()


def store_down() -> HttpResponse:
    """The page in words; rendered without the request, whose person is in the database."""
    answer = HttpResponse(render_to_string("503.html"), status=503)
    answer["Retry-After"] = "5"
    answer["Cache-Control"] = "no-store"
    return answer


@sync_and_async_middleware
def spare_the_store(get_response: Answers) -> Answers:
    """A middleware: answers at once what would only wait for a database that has just not
    answered. Of the kind of what stands behind it, like `headers.permissions_policy`."""
    if iscoroutinefunction(get_response):

        async def answer_async(request: HttpRequest) -> HttpResponseBase:
            answer: HttpResponseBase = _spared(request) or await get_response(request)
            return answer

        return answer_async

    def answer(request: HttpRequest) -> HttpResponseBase:
        given: HttpResponseBase = _spared(request) or get_response(request)
        return given

    return answer


def _spared(request: HttpRequest) -> HttpResponse | None:
    away = time.monotonic() < _asked_from and request.path not in NEVER_KEPT
    return store_down() if away else None
