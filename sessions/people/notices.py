"""Notices by mail to the owner of an account: what was changed about their signing in.

Owns the sentences and when they are sent: once the change is committed. A notice names nobody and
no service, because anybody may read it over a shoulder.
"""

from typing import Final

from django.conf import settings
from django.db import transaction

from sessions.people.mail import Notice, enqueue

ADDRESS: Final = (
    "The e-mail address that your sign-in codes go to was changed, and you were signed out "
    "everywhere."
)
ROLES: Final = "What your sign-in opens was changed, and you were signed out everywhere."


def notify_by_mail(address: str, text: str) -> None:
    """Sends a notice after the commit."""
    notice = Notice(address, text, settings.THIRDS_STAFF_PHONE)
    transaction.on_commit(lambda: enqueue(notice))
