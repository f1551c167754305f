"""For networks that let nothing but TLS out: a TURN relay's credentials.

Owns whose they are. How they are computed is `server.media`'s; time is an argument.
"""

from server.media.client import RelayAccess

__all__ = ["RelayAccess", "access_for"]


@dataclass(frozen=True, slots=True)
class Relay:
    """The installation's relay, by the secret that it shares; without an `url` there is none."""

    url: str
    secret: str

    def access_for(self, seat: str, now_s: float) -> RelayAccess:
        """Access for ten minutes; `seat` is an opaque key, so the relay's log names nobody."""
        if not self.url:
            return RelayAccess()
        username = f"{int(now_s) + VALID_S}:{seat}"
        made = hmac.digest(self.secret.encode(), username.encode(), "sha1")
        credential = base64.b64encode(made).decode()
        return RelayAccess((self.url,), username, credential)
