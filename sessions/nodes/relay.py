"""The way to the media node for networks that let nothing but TLS out: a TURN relay's credentials.

Owns their making: short-lived, of one seat, from the secret that the relay shares (TURN REST API,
draft-uberti-behave-turn-rest-00, section 2.2). Time is an argument. Must not know the relay.
"""

import base64
import hmac
from dataclasses import dataclass
from typing import Final

from django.conf import settings

VALID_S: Final = 600  # to begin with: an allocation that stands is refreshed by the browser


@dataclass(frozen=True, slots=True)
class RelayAccess:
    """What a browser's `iceServers` takes. Without a relay `urls` is empty."""

    urls: tuple[str, ...] = ()
    username: str = ""
    credential: str = ""


def access_for(seat: str, now_s: float) -> RelayAccess:
    """Access for ten minutes; `seat` is an opaque key, so the relay's log names nobody."""
    if not settings.THIRDS_TURN_URL:
        return RelayAccess()
    username = f"{int(now_s) + VALID_S}:{seat}"
    made = hmac.digest(settings.THIRDS_TURN_SECRET.encode(), username.encode(), "sha1")
    credential = base64.b64encode(made).decode()
    return RelayAccess((settings.THIRDS_TURN_URL,), username, credential)
