"""Rate limits of sign-in: how often a code or a challenge may be asked for.

Owns which limit is for which browser. The limit of an address does not hit a browser that signed
in to it before (`device`), so that a stranger cannot keep its owner from asking. A network address
may be a whole residence, so its limits are wide. The rates are in ACCOUNT_RATE_LIMITS.
"""

from allauth.core.internal import ratelimit
from django.http import HttpRequest

from sessions.core.refusal import Refuse


def ask_limited(request: HttpRequest, address: str, device: str) -> Refuse | None:
    """Counts one request for a code. Codes: codes.asked_often, codes.busy."""
    if device:
        often = not within(request, "ask_device", key=device)
    elif not within(request, "ask_network"):
        return Refuse("codes.busy")
    else:
        often = not within(request, "ask_address", key=address)
    return Refuse("codes.asked_often") if often else None


def within(request: HttpRequest, action: str, key: str | None = None) -> bool:
    """Counts one request of any method, and says whether it is within the limit."""
    used = ratelimit.consume(request, app="allauth.account", action=action, key=key, limit_get=True)
    return used is not None
