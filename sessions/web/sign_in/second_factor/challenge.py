"""The challenge for a passkey of somebody who is not known yet, kept by the browser itself.

Owns the cookie: the challenge, signed, for five minutes. Anybody may ask for one, so it makes no
row in the table of login sessions. It is answered once: what was answered is remembered (in the
cache) for as long as the cookie would be valid. Knows no accounts.
"""

from hashlib import sha256
from typing import Any, Final

from allauth.mfa.webauthn.internal.auth import STATE_SESSION_KEY, begin_authentication
from django.core import signing
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse, JsonResponse

from sessions.web.cookies import read_cookie, set_cookie

NAME: Final = "thirds-challenge"
SALT: Final = "sessions.web.sign_in.challenge"
LASTS: Final = 300  # seconds


def challenge_for_anybody(request: HttpRequest) -> HttpResponse:
    """The answer to a script that asks for a challenge."""
    response = JsonResponse(begin_authentication(None))
    value = signing.dumps(request.session.pop(STATE_SESSION_KEY), salt=SALT)
    set_cookie(response, NAME, value, LASTS, "Strict")
    return response


def challenge_taken(request: HttpRequest) -> bool:
    """Puts the browser's challenge where allauth looks for it, once; False: there is none."""
    value = read_cookie(request, NAME)
    try:
        state: Any = signing.loads(value, salt=SALT, max_age=LASTS)
    except signing.BadSignature:
        return False
    used = f"challenge:{sha256(str(state['challenge']).encode()).hexdigest()}"
    if not cache.add(used, 1, LASTS):
        return False
    request.session[STATE_SESSION_KEY] = state
    return True


def challenge_dropped(request: HttpRequest) -> None:
    """After an attempt nothing of it stays in the login session."""
    request.session.pop(STATE_SESSION_KEY, None)
