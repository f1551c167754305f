"""The rows of wrong codes: read, written, forgiven, and swept.

Owns the rows between `core.guesses` and PostgreSQL. The caller holds a lock on the account (the
row of its code, or of the person) while it reads, decides and writes.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from sessions.audit.services import record
from sessions.core.guesses import DAY, Guesses
from sessions.core.permissions import Verb
from sessions.core.refusal import Refuse
from sessions.models import Person, SignInCode, WrongCodes
from sessions.people.codes import digests
from sessions.people.locked_person import locked_person
from sessions.people.selectors import Actor, may

FORGIVE = "account.codes_allowed"


@dataclass(slots=True)
class Stored:
    """A row and what it says. `write` replaces both."""

    row: WrongCodes
    guesses: Guesses

    def write(self, guesses: Guesses) -> None:
        self.guesses = guesses
        self.row.recent, self.row.total = list(guesses.recent), guesses.total
        self.row.save()


def guesses_of(account: str, device: str = "") -> Guesses:
    """What is counted; nothing if there is no row. One query."""
    return _read(WrongCodes.objects.filter(account=account, device=device).first())


def stored_guesses(account: str, device: str = "") -> Stored:
    """The same, to be written."""
    row, _ = WrongCodes.objects.get_or_create(account=account, device=device)
    return Stored(row, _read(row))


def stopped_accounts(persons: Iterable[Person], now: datetime) -> Mapping[int, Refuse]:
    """Whose codes are stopped, by row id: those by e-mail, or of the second factor. One query."""
    keys = {key: person.pk for person in persons for key in _keys(person)}
    rows = WrongCodes.objects.filter(account__in=list(keys)).order_by("total")
    found = [(keys[row.account], _read(row).stopped(now)) for row in rows]
    return {pk: stopped for pk, stopped in found if stopped is not None}


@transaction.atomic
def codes_allow(actor: Actor, person: Person) -> Person | Refuse:
    """Forgets the wrong codes of a person, so that codes work again. Codes: permission.*."""
    if refusal := may(actor, Verb.PERSON_CHANGE):
        record(actor, FORGIVE, refusal.code, subject=person)
        return refusal
    by_mail, of_factor = _keys(person)
    WrongCodes.objects.filter(account=by_mail).delete()  # before the person, as a sign-in does
    locked_person(person.pk)
    WrongCodes.objects.filter(account=of_factor).delete()  # after, as a second factor does
    record(actor, FORGIVE, subject=person)
    return person


def sweep(now: datetime) -> None:
    """Deletes what no longer matters a day later: codes, and what was counted for addresses that
    no account has. The count of an account stays."""
    SignInCode.objects.filter(until__lt=now - DAY).delete()
    kept = [key for person in Person.objects.only("pk", "email") for key in _keys(person)]
    WrongCodes.objects.filter(changed_at__lt=now - DAY).exclude(account__in=kept).delete()


def _keys(person: Person) -> tuple[str, str]:
    return digests.of_address(person.email), digests.of_factor(person)


def _read(row: WrongCodes | None) -> Guesses:
    return Guesses(tuple(row.recent), row.total) if row else Guesses()
