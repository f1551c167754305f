"""Access to the TURN relay that leads to the media nodes where a network lets no UDP, or nothing but TLS, out.

Pure. Owns how it is computed: short-lived, from the secret that the relay shares (TURN REST API,
draft-uberti-behave-turn-rest-00, section 2.2). Must not know the relay, nor who asks.
"""

import base64
import hmac
from dataclasses import dataclass
from typing import Final

VALID_S: Final = 600  # to begin with: an allocation that stands is refreshed by its user


@dataclass(frozen=True, slots=True)
class RelayAccess:
    """What a browser's `iceServers` takes. Without a relay `urls` is empty."""

    urls: tuple[str, ...] = ()
    username: str = ""
    credential: str = ""


def relay_access(urls: tuple[str, ...], secret: str, name: str, now_s: float) -> RelayAccess:
    """Access for ten minutes; `name` is an opaque key, so the relay's log names nobody. Without
    `urls` there is no relay. They are one relay over several transports, and a browser tries all."""
    if not urls:
        return RelayAccess()
    username = f"{int(now_s) + VALID_S}:{name}"
    made = hmac.digest(secret.encode(), username.encode(), "sha1")
    return RelayAccess(urls, username, base64.b64encode(made).decode())
