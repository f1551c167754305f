"""Asking a second program manager for a change of a staff account.

Owns the rows that wait, for seven days, one of each kind for a person: a newer one replaces it.
Each leaves an audit row that names the fields, not what is in them. Carrying them out is
`confirming`'s. Must not know pages.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from django.db.models import QuerySet
from django.utils import timezone

from sessions.audit.services import record
from sessions.core.account_change import Account
from sessions.models import AccountRequest, Person

WAITS: Final = timedelta(days=7)
ASK: Final = "account.request"


def account_of(person: Person) -> Account:
    """The fields of an account that are changed together, as they are now."""
    return Account(person.email, person.display_name, person.role_set)


def ask_second(
    actor: Person, person: Person, kind: AccountRequest.Kind, wanted: Account | None = None
) -> AccountRequest:
    """Keeps a change until another program manager confirms it. In the caller's transaction."""
    values = {"email": "", "display_name": "", "roles": list[str](), "asked_by": actor}
    fields: Sequence[str] = ()
    if wanted is not None:
        fields = sorted(account_of(person).changed(wanted))
        values |= {
            "email": wanted.email,
            "display_name": wanted.display_name,
            "roles": sorted(wanted.roles),
        }
    AccountRequest.objects.filter(person=person, kind=kind).delete()
    request = AccountRequest.objects.create(
        person=person, kind=kind, asked_at=timezone.now(), **values
    )
    record(actor, ASK, subject=person, detail={"kind": kind.value, "fields": ",".join(fields)})
    return request


def waiting() -> QuerySet[AccountRequest]:
    """What waits, oldest first, with the people of each."""
    since = timezone.now() - WAITS
    rows = AccountRequest.objects.filter(asked_at__gte=since).select_related("person", "asked_by")
    return rows.order_by("asked_at", "pk")
