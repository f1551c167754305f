"""For networks that let nothing but TLS out: a TURN relay's credentials.

Owns whose they are. How they are computed is `server.media`'s; time is an argument.
"""

from dataclasses import dataclass
from typing import Final

from server.media.client import RelayAccess, relay_access

__all__ = ["NO_RELAY", "Relay", "RelayAccess"]


@dataclass(frozen=True, slots=True)
class Relay:
    """The installation's relay, by the secret that it shares; without `urls` there is none."""

    urls: tuple[str, ...]
    secret: str

    def access_for(self, seat: str, now_s: float) -> RelayAccess:
        """Access for ten minutes; `seat` is an opaque key, so the relay's log names nobody."""
        return relay_access(self.urls, self.secret, seat, now_s)


NO_RELAY: Final = Relay((), "")
