"""Where login sessions are kept: Django's table, under a digest of the key in the cookie.

Owns the store that SESSION_ENGINE names. The key has more than 128 random bits, so a digest
without a secret is enough: a reader of the table, of a dump or of a backup finds no key that a
browser could show. Must not know what a login session holds.
"""

from hashlib import sha256
from typing import Any, Final

from django.contrib.sessions.backends import db
from django.utils import timezone

LENGTH: Final = 40  # hexadecimal digits, 160 bits: the width of Django's column


def stored_key(key: str) -> str:
    """What the table holds for a login session's key."""
    return sha256(key.encode()).hexdigest()[:LENGTH]


class SessionStore(db.SessionStore):
    """Django's store, reading and writing by the digest."""

    def load(self) -> dict[str, Any]:
        row = self._stored()
        if row is None:
            self._session_key = None
            return {}
        return dict(self.decode(row.session_data))

    def exists(self, session_key: str) -> bool:
        return super().exists(stored_key(session_key))

    def create_model_instance(self, data: dict[str, Any]) -> Any:
        row = super().create_model_instance(data)
        row.session_key = stored_key(row.session_key)
        return row

    def delete(self, session_key: str | None = None) -> None:
        key = session_key or self.session_key
        if key is not None:
            self.model.objects.filter(session_key=stored_key(key)).delete()

    def _stored(self) -> Any:
        """The row that is still valid, if any."""
        key = stored_key(self.session_key or "")
        return self.model.objects.filter(session_key=key, expire_date__gt=timezone.now()).first()
