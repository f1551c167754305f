"""Authenticating with a second factor: after the e-mailed code, instead of it, and to unlock.

Owns three pages: `/sign-in/second/` (staff, after the e-mailed code), `/sign-in/passkey/` (a
passkey alone: its device has verified a finger, a face or a PIN, which makes two factors), and
`/sign-in/unlock/`. Each accepts a passkey, the first and the last also a typed code. The flow of
sign-in is allauth's.
"""

from http import HTTPStatus
from typing import Any

from allauth.account.internal.decorators import login_stage_required
from allauth.account.models import Login
from allauth.mfa.base.internal.flows import post_authentication
from allauth.mfa.stages import AuthenticateStage
from allauth.mfa.webauthn.internal.auth import begin_authentication
from allauth.mfa.webauthn.internal.flows import perform_passwordless_login
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from sessions.core.second_factor import Step
from sessions.models import Person
from sessions.people.second_factor import selectors, services
from sessions.people.second_factor.services import passkey_or_code_confirmed
from sessions.web.sign_in.device import remember_device
from sessions.web.sign_in.limits import within
from sessions.web.sign_in.notes import to_sign_in
from sessions.web.sign_in.second_factor.challenge import (
    challenge_dropped,
    challenge_for_anybody,
    challenge_taken,
)
from sessions.web.sign_in.second_factor.forms import CodeForm, PasskeyForm
from sessions.web.sign_in.second_factor.guard import (
    is_held,
    next_of,
    own_page,
    take_held,
    with_next,
)


class SecondStage(AuthenticateStage):  # type: ignore[misc]  # allauth has no types
    """The stage of sign-in after the code, for staff only. A client's passkey is an alternative
    to the code, not a second step: a client who lost it still has the code."""

    def _should_handle(self, request: HttpRequest) -> bool:
        person = self.login.user
        asked = isinstance(person, Person) and selectors.needs_second_factor(person)
        return asked and bool(super()._should_handle(request))


@require_http_methods(["GET", "HEAD", "POST"])
@login_stage_required(stage=SecondStage.key, redirect_urlname="account_login")  # type: ignore[untyped-decorator]
def second_page(request: HttpRequest) -> HttpResponse:
    """`/sign-in/second/`: nobody is signed in yet; the person is the one whose code was right."""
    stage = request._login_stage  # type: ignore[attr-defined]
    person: Person = stage.login.user
    if wants_challenge(request):
        return own_challenge(request, person)
    form = shown_form(request, person)
    if form is not None and form.is_valid():
        confirmed(request, person, form)
        response: HttpResponse = stage.exit()
        return response
    return factor_page(request, "sign_in/second_factor/second.html", person, form)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def passkey_sign_in(request: HttpRequest) -> HttpResponse:
    """`/sign-in/passkey/`: a challenge for anybody; the answer identifies the person."""
    if isinstance(request.user, Person):
        return redirect(next_of(request))
    if not within(request, "passkey_sign_in"):
        return limited(request)
    if wants_challenge(request):
        return challenge_for_anybody(request)
    form = PasskeyForm(None, request.POST)
    accepted = request.method == "POST" and challenge_taken(request) and form.is_valid()
    challenge_dropped(request)
    if not accepted:
        return to_sign_in("passkey")
    passkey_or_code_confirmed(form.shown.user, form.shown)
    login = Login(user=form.shown.user, redirect_url=next_of(request))
    response: HttpResponse = perform_passwordless_login(request, form.shown, login)
    remember_device(request, response, form.shown.user.email)
    return response


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def unlock(request: HttpRequest) -> HttpResponse:
    """`/sign-in/unlock/`: asks for the factor again, and returns to the page."""
    person = request.user
    if not isinstance(person, Person):
        return redirect_to_login(request.get_full_path())
    if selectors.step_to_enter(request.session, person) is Step.SET_UP:
        return redirect(with_next(reverse("second_factor"), next_of(request)))
    if wants_challenge(request):
        return own_challenge(request, person)
    form = shown_form(request, person)
    if form is not None and form.is_valid():
        confirmed(request, person, form)
        services.touch(request.session)
        return redirect("held" if is_held(request) else next_of(request))
    return factor_page(request, "sign_in/second_factor/unlock.html", person, form)


@require_http_methods(["GET", "HEAD"])
@own_page()
def held(request: HttpRequest, person: Person) -> HttpResponse:
    """`/sign-in/held/`: what was typed before the page was locked, to be sent or discarded."""
    kept = take_held(request, person)
    if kept is None:
        return redirect("/")
    path, fields = kept
    return render(request, "sign_in/second_factor/held.html", {"path": path, "fields": fields})


@require_http_methods(["GET", "POST"])
@never_cache
def still_here(request: HttpRequest) -> HttpResponse:
    """`/sign-in/active/`: the seconds left until the lock (null: never). POST reports that
    somebody is typing; it does not unlock."""
    person, now = request.user, timezone.now()
    if not isinstance(person, Person):
        return JsonResponse({"left": 0})
    left = selectors.left_s(request.session, person, now)
    if left and request.method == "POST":
        services.touch(request.session, now)
        left = selectors.left_s(request.session, person, now)
    return JsonResponse({"left": left})


def wants_challenge(request: HttpRequest) -> bool:
    """Whether the script asks for a challenge, rather than a browser for the page."""
    return request.method == "GET" and request.GET.get("challenge") == "1"


def own_challenge(request: HttpRequest, person: Person) -> HttpResponse:
    """A challenge for one person's passkeys, kept in their login session."""
    if not within(request, "challenge", key=str(person.pk)):
        return JsonResponse({}, status=HTTPStatus.TOO_MANY_REQUESTS)
    return JsonResponse(begin_authentication(person))


def shown_form(request: HttpRequest, person: Person) -> CodeForm | PasskeyForm | None:
    """The form that was posted, if any."""
    if request.method != "POST":
        return None
    kind = PasskeyForm if "credential" in request.POST else CodeForm
    return kind(person, request.POST)


def confirmed(request: HttpRequest, person: Person, form: CodeForm | PasskeyForm) -> None:
    """Records the factor in the login session; for a passkey also writes the audit row."""
    if isinstance(form, PasskeyForm):
        passkey_or_code_confirmed(person, form.shown)
    post_authentication(request, form.shown, reauthenticated=request.user.is_authenticated)


def factor_page(
    request: HttpRequest, template: str, person: Person, form: CodeForm | PasskeyForm | None
) -> HttpResponse:
    kinds = {one.kind for one in selectors.factors(person)}
    context: dict[str, Any] = {
        "errors": [error for found in form.errors.values() for error in found] if form else [],
        "has_passkey": "passkey" in kinds and selectors.passkeys_work(),
        "has_app": "app" in kinds,
        "has_factor": bool(kinds),
        "is_held": is_held(request),
        "next": next_of(request),
    }
    return render(request, template, context)


def limited(request: HttpRequest) -> HttpResponse:
    """Too many challenges or answers from one network: for the script a status, else a note."""
    if wants_challenge(request):
        return JsonResponse({}, status=HTTPStatus.TOO_MANY_REQUESTS)
    return to_sign_in("busy")
