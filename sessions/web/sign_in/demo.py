"""Signing in as a demo person: one tap on this machine, with a code on a network.

Owns who may do that: on loopback everyone, elsewhere people who type the code that `./run --lan`
shows in its terminal. Production has no demo and refuses to start with one.
"""

import hmac
from dataclasses import dataclass
from http import HTTPStatus
from ipaddress import ip_address
from typing import Final

from allauth.account.adapter import get_adapter
from allauth.core import ratelimit
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.http.request import split_domain_port
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from sessions.models import Person
from sessions.people.selectors import demo_people

PROXY_HEADERS: Final = frozenset({"HTTP_X_FORWARDED_FOR", "HTTP_FORWARDED", "HTTP_X_REAL_IP"})
WRONG: Final = "That is not the code in the terminal where Thirds runs. Type its eight digits."
MANY: Final = "That was many tries. Wait a minute, then type the code from the terminal."


@dataclass(frozen=True, slots=True)
class DemoButton:
    """One tap on the sign-in page of a demo."""

    public_id: str
    label: str

    @classmethod
    def of(cls, person: Person) -> "DemoButton":
        roles = ", ".join(role.value.replace("_", " ") for role in sorted(person.role_set))
        return cls(person.public_id, f"{person.display_name} ({roles})")


def demo_context(request: HttpRequest) -> dict[str, object]:
    """What the sign-in page shows of the demo: its people, and whether it asks for the code."""
    people = demo_people() if is_demo_request(request) else ()
    return {
        "demo_people": [DemoButton.of(person) for person in people],
        "demo_code_asked": bool(settings.THIRDS_DEMO_CODE),
    }


@never_cache
@require_POST
def demo_sign_in(request: HttpRequest, public_id: str) -> HttpResponse:
    """`/sign-in/demo/<id>/`: signs a demo person in. 404 where there is no demo."""
    if not is_demo_request(request):
        raise Http404
    person = get_object_or_404(demo_people(), public_id=public_id)
    if wrong := _refused_code(request):
        context = {**demo_context(request), "demo_error": wrong[0]}
        return render(request, "sign_in/demo.html", context, status=wrong[1])
    get_adapter().login(request, person)
    return redirect(settings.LOGIN_REDIRECT_URL)


def _refused_code(request: HttpRequest) -> tuple[str, HTTPStatus] | None:
    """Why the typed code is refused; None where none is needed. Ten attempts a minute."""
    wanted: str = settings.THIRDS_DEMO_CODE
    if not wanted:
        return None
    if not ratelimit.consume(request, action="demo_code"):
        return MANY, HTTPStatus.TOO_MANY_REQUESTS
    typed = "".join(filter(str.isdigit, request.POST.get("code", "")))
    if hmac.compare_digest(typed.encode(), wanted.encode()):
        return None
    return WRONG, HTTPStatus.FORBIDDEN


def is_demo_request(request: HttpRequest) -> bool:
    """Whether demo people may sign in: a demo installation, not through a proxy (behind one every
    request comes from this machine), and either on loopback or with a code."""
    if not settings.THIRDS_DEMO or PROXY_HEADERS & request.META.keys():
        return False
    host, _ = split_domain_port(request.get_host())
    here = is_loopback(request.META.get("REMOTE_ADDR") or "") and is_loopback(host)
    return here or bool(settings.THIRDS_DEMO_CODE)


def is_loopback(host: str) -> bool:
    """`localhost`, 127.0.0.0/8 or ::1, with or without the brackets of a URL."""
    try:
        return host == "localhost" or ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
