"""The echo of the device check, for the room page's script: hear yourself as the group does.

It belongs to no session: the room it uses is the person's and the probe's alone. Answers are JSON;
a refusal has its code and its sentence.
"""

import secrets
import time
from http import HTTPStatus

from allauth.core import ratelimit
from django.db import connection
from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_POST, require_safe

from sessions.core.permissions import Verb
from sessions.core.refusal import Refuse, sentence
from sessions.nodes import echo
from sessions.rooms.process import this_process
from sessions.web.access import page, signed_in


@require_POST
@page(Verb.ECHO)
def echo_begin(request: HttpRequest) -> JsonResponse:
    """`sdp` → the node's answer, and how many seconds the echo lasts at most."""
    if not ratelimit.consume(request, action="echo"):
        return _refused(Refuse("echo.often"))
    person = signed_in(request).public_id
    if not connection.in_atomic_block:  # the probe's answer may take a while: others may have it
        connection.close()
    sdp = request.POST.get("sdp", "")
    answer = this_process().run_from_thread(lambda process: echo.begin(process.store, person, sdp))
    if isinstance(answer, Refuse):
        return _refused(answer)
    return JsonResponse({"sdp": answer, "seconds": echo.LASTS_S})


@require_safe
@page(Verb.ECHO)
def echo_report(request: HttpRequest) -> JsonResponse:
    """How one's own sound arrives; `report` is null while nothing is known."""
    person = signed_in(request).public_id
    found = this_process().run_from_thread(lambda process: echo.report(process.store, person))
    if isinstance(found, Refuse):
        return _refused(found)
    fields = ("received", "lost", "jitter_ms", "round_trip_ms", "heard")
    return JsonResponse({"report": found and {name: getattr(found, name) for name in fields}})


@require_safe
@page(Verb.ECHO)
def echo_relay(request: HttpRequest) -> JsonResponse:
    """Access to the relay, where this installation has one, under a name that leads to nobody."""
    access = this_process().relay.access_for(f"echo-{secrets.token_urlsafe(9)}", time.time())
    return JsonResponse(
        {"urls": access.urls, "username": access.username, "credential": access.credential}
    )


@require_POST
@page(Verb.ECHO)
def echo_end(request: HttpRequest) -> JsonResponse:
    """Ends one's own echo, if there is one."""
    person = signed_in(request).public_id
    refused = this_process().run_from_thread(lambda process: echo.end(process.store, person))
    return _refused(refused) if refused else JsonResponse({})


def _refused(refused: Refuse) -> JsonResponse:
    body = {"code": refused.code, "text": sentence(refused)}
    return JsonResponse(body, status=HTTPStatus.CONFLICT)
