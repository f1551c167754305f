"""Audit rows and links between the database and the core: what is stored is what is signed.

Owns the keys of the audit (THIRDS_AUDIT_KEYS), parsed once. Writes nothing.
"""

from functools import lru_cache

from django.conf import settings

from sessions.core.audit_chain import Link, Row
from sessions.core.key_ring import KeyRing
from sessions.models import AuditEvent, AuditLink


@lru_cache(maxsize=4)
def _parsed(text: str) -> KeyRing:
    return KeyRing.parse(text)


def audit_keys() -> KeyRing:
    """The ring of the settings."""
    return _parsed(settings.THIRDS_AUDIT_KEYS)


def row_of(event: AuditEvent) -> Row:
    """The row as it is signed."""
    return Row(
        key=str(event.key),
        at=event.at,
        actor=event.actor_id,
        verb=event.verb,
        outcome=event.outcome,
        subject=event.subject_id,
        session=event.session_id,
        detail=event.detail,
        mac_key=event.mac_key,
    )


def link_of(stored: AuditLink) -> Link:
    """The link as it is computed."""
    return Link(stored.number, stored.event_id, stored.mac_key, bytes(stored.digest))
