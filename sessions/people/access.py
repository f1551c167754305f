"""The signal that a person has lost access, so that what they have open is checked again.

Owns the kinds of change and the one signal, sent after the commit of the rows behind it. Must not
know rooms, sockets or media: code that keeps something open for a person connects to the signal.
"""

from enum import StrEnum
from typing import Final

from django.db import transaction
from django.dispatch import Signal

from sessions.models import Person


class AccessChange(StrEnum):
    """What a person has lost. A new member needs a case in the tests."""

    SIGNED_OUT = "signed_out"  # one login session, of one browser
    SIGNED_OUT_EVERYWHERE = "signed_out_everywhere"  # all of them
    ACCOUNT_CLOSED = "account_closed"
    ADDRESS_CHANGED = "address_changed"
    ROLES_CHANGED = "roles_changed"
    ROSTER = "roster"  # no longer on the roster of some track
    STAFF = "staff"  # no longer leads some track


access_changed: Final = Signal()
"""Sent with `sender` AccessChange, `person` and `change`, when the rows are committed."""


def notify_on_commit(person: Person, change: AccessChange) -> None:
    """Sends the signal once the transaction is committed; a fault in a receiver is logged."""
    transaction.on_commit(
        lambda: access_changed.send_robust(AccessChange, person=person, change=change),
        robust=True,
    )
