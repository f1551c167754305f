"""The way to the media node for networks that let nothing but TLS out: a TURN relay's credentials.

Owns whose they are. How they are computed is `server.media`'s; time is an argument.
"""

from django.conf import settings

from server.media.client import RelayAccess, relay_access

__all__ = ["RelayAccess", "access_for"]


def access_for(seat: str, now_s: float) -> RelayAccess:
    """Access for ten minutes; `seat` is an opaque key, so the relay's log names nobody."""
    return relay_access(settings.THIRDS_TURN_URL, settings.THIRDS_TURN_SECRET, seat, now_s)
