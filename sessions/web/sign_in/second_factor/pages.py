"""The pages of one's own sign-in: factors, setting one up, recovery codes, signing out.

Owns the order of the pages, and the secret of an app that is being set up (sealed in the login
session until its first code is right). Must not know tracks or rooms; these pages show nothing
of other people.
"""

import base64
from typing import Final

from allauth.mfa.adapter import get_adapter
from allauth.mfa.base.internal.flows import check_rate_limit, post_authentication
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import generate_totp_secret
from allauth.mfa.webauthn.internal.auth import begin_registration
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from sessions.core.refusal import Refuse, sentence
from sessions.core.sealing import Place, SealError
from sessions.core.versions import written
from sessions.models import Person
from sessions.models.sealing import seal, unseal
from sessions.people.second_factor import selectors, services
from sessions.people.services import sign_out_everywhere
from sessions.people.versions import codes_state
from sessions.web.cookies import read_cookie, set_cookie
from sessions.web.sign_in.code import sign_out
from sessions.web.sign_in.second_factor.forms import WRONG_PASSKEY, AppForm, NewPasskeyForm
from sessions.web.sign_in.second_factor.guard import next_of, own_page, with_next
from sessions.web.versioned import seen_in

PENDING_APP: Final = "pending_app"  # key of the login session
LATER: Final = "passkey_later"  # name of a cookie: no offer in this browser
LATER_AGE: Final = 365 * 24 * 3600  # seconds


@require_safe
@own_page()
def overview(request: HttpRequest, person: Person) -> HttpResponse:
    """`/your-sign-in/`: the factors there are; for staff without one, the set-up."""
    found = selectors.factors(person)
    needed = selectors.needs_second_factor(person)
    context = {
        "factors": found,
        "has_app": any(one.kind == "app" for one in found),
        "removable": len(found) > 1 or not needed,
        "codes_left": (selectors.codes_left(person) or 0) if needed else None,
        "codes_version": written(codes_state(person)),
        "passkeys_work": selectors.passkeys_work(),
        "needed": needed,
        "next": next_of(request),
    }
    template = (
        "sign_in/second_factor/overview.html"
        if found or not needed
        else "sign_in/second_factor/set_up.html"
    )
    return render(request, template, context)


@require_http_methods(["GET", "POST"])
@own_page(changes=True)
def passkey_page(request: HttpRequest, person: Person) -> HttpResponse:
    """`/your-sign-in/passkey/`: GET gives the script a challenge, POST takes the credential."""
    if request.method == "GET":
        return JsonResponse(begin_registration(person, passwordless=True))
    form = NewPasskeyForm(request.POST)
    if not form.is_valid():
        messages.warning(request, WRONG_PASSKEY)
        return redirect(with_next(reverse("second_factor"), next_of(request)))
    typed = form.cleaned_data
    row = services.passkey_add(person, typed["name"], typed["credential"])
    return set_up_done(request, row)


@require_http_methods(["GET", "HEAD", "POST"])
@own_page(changes=True)
def app_page(request: HttpRequest, person: Person) -> HttpResponse:
    """`/your-sign-in/app/`: the picture and the secret for an app, then its first code."""
    secret = pending_secret(request, person)
    form = AppForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        added = add_app(request, person, secret, form)
        if isinstance(added, Authenticator):
            del request.session[PENDING_APP]
            return set_up_done(request, added)
    context = {"form": form, "next": next_of(request), **app_secret(person, secret)}
    return render(request, "sign_in/second_factor/app.html", context, status=200)


@require_http_methods(["GET", "HEAD", "POST"])
@own_page()
def codes_page(request: HttpRequest, person: Person) -> HttpResponse:
    """`/your-sign-in/codes/`: shown until their owner confirms that they are saved."""
    if request.method == "POST":
        if services.codes_keep(person, seen_in(request)):
            return redirect("second_factor_codes")
        return redirect(next_of(request))
    version = written(codes_state(person))  # read first: a newer set makes it stale
    codes = services.codes_to_keep(person)
    if not codes:
        return redirect("second_factor")
    text = "Thirds: recovery codes. Each works once.\r\n\r\n" + "\r\n".join(map(in_two, codes))
    encoded = base64.b64encode(f"{text}\r\n".encode()).decode()
    context = {
        "codes": [in_two(code) for code in codes],
        "file": f"data:text/plain;base64,{encoded}",
        "version": version,
        "next": next_of(request),
    }
    return render(request, "sign_in/second_factor/codes.html", context)


@require_POST
@own_page(changes=True)
def new_codes(request: HttpRequest, person: Person) -> HttpResponse:
    """`/your-sign-in/codes/new/`: the old ones stop working."""
    if not selectors.needs_second_factor(person) or not selectors.has_factor(person):
        return redirect("second_factor")
    refusal = services.codes_make(person, seen_in(request))
    if refusal:
        messages.warning(request, sentence(refusal))
        return redirect("second_factor")
    return redirect("second_factor_codes")


@require_POST
@own_page(changes=True)
def remove(request: HttpRequest, person: Person, pk: int) -> HttpResponse:
    """`/your-sign-in/<n>/remove/`: removes one of the person's own factors."""
    refusal = services.factor_remove(person, pk)
    if refusal:
        messages.warning(request, sentence(refusal))
    else:
        messages.success(request, "Taken out. It opens nothing any more.")
    return redirect("second_factor")


@require_POST
@own_page()
def later(request: HttpRequest, person: Person) -> HttpResponse:
    """`/your-sign-in/later/`: this browser is not offered a passkey again."""
    request.session.pop(selectors.OFFER, None)
    response = redirect("/")
    set_cookie(response, LATER, "1", LATER_AGE)
    return response


@require_POST
@own_page()
def sign_out_of_all(request: HttpRequest, person: Person) -> HttpResponse:
    """`/your-sign-in/sign-out/`: every browser, this one too; what they have open ends at once."""
    sign_out_everywhere(person, person)
    return sign_out(request)


def is_offered(request: HttpRequest) -> bool:
    """Whether the first page offers to make a passkey."""
    return bool(request.session.get(selectors.OFFER)) and not read_cookie(request, LATER)


def set_up_done(request: HttpRequest, row: Authenticator) -> HttpResponse:
    """A factor that was set up counts as shown; the login session gets a new key."""
    post_authentication(request, row)
    request.session.cycle_key()
    request.session.pop(selectors.OFFER, None)
    services.touch(request.session)
    person = row.user
    if services.codes_to_keep(person):
        return redirect(with_next(reverse("second_factor_codes"), next_of(request)))
    messages.success(request, "Added. You can use it the next time you sign in.")
    return redirect("second_factor")


def add_app(
    request: HttpRequest, person: Person, secret: str, form: AppForm
) -> Authenticator | None:
    """The new row; None when it was refused, with the error in the form."""
    try:
        forgive = check_rate_limit(person)
    except ValidationError as limited:
        form.add_error("code", limited)
        return None
    typed = form.cleaned_data["code"]
    added = services.app_add(person, secret, typed, timezone.now())
    if isinstance(added, Refuse):
        form.add_error("code", sentence(added))
        return None
    forgive()
    return added


def app_secret(person: Person, secret: str) -> dict[str, str]:
    """The picture (an inert SVG in a data URI) and the secret in groups of four."""
    adapter = get_adapter()
    picture = adapter.build_totp_svg(adapter.build_totp_url(person, secret))
    return {
        "picture": f"data:image/svg+xml;base64,{base64.b64encode(picture.encode()).decode()}",
        "secret": " ".join(secret[at : at + 4] for at in range(0, len(secret), 4)),
    }


def pending_secret(request: HttpRequest, person: Person) -> str:
    """The same secret until it is used, so that reloading the page does not break the set-up."""
    place = Place("django_session", str(person.pk), PENDING_APP)
    try:
        return unseal(request.session.get(PENDING_APP, ""), place)
    except SealError:
        secret: str = generate_totp_secret()
        request.session[PENDING_APP] = seal(secret, place)
        return secret


def in_two(code: str) -> str:
    """`1234 5678`: easier to read from paper."""
    return f"{code[:4]} {code[4:]}"
