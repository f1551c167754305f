"""News that somebody's standing has changed: what they have open is to be asked about anew.

Owns the kinds of change and the one signal that tells them, after the commit of the rows that
say so. Must not know rooms, sockets or media: whoever has something open for a person listens.
"""

from enum import StrEnum
from typing import Final

from django.db import transaction
from django.dispatch import Signal

from sessions.models import Person


class AccessChange(StrEnum):
    """What took something away from a person. A new one needs a case in the tests."""

    SIGNED_OUT = "signed_out"  # one login session, of one browser
    SIGNED_OUT_EVERYWHERE = "signed_out_everywhere"  # all of them
    ACCOUNT_CLOSED = "account_closed"
    ROLES_CHANGED = "roles_changed"
    ROSTER = "roster"  # no longer on the roster of some track
    STAFF = "staff"  # no longer leads some track


access_changed: Final = Signal()
"""Sent with `sender` AccessChange, `person` and `change`, when the rows are committed."""


def notify_on_commit(person: Person, change: AccessChange) -> None:
    """Tells whoever listens once the transaction is committed; a fault of theirs is logged."""
    transaction.on_commit(
        lambda: access_changed.send_robust(AccessChange, person=person, change=change),
        robust=True,
    )
