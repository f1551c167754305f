"""Codes by e-mail: the one that is live for an address, and comparing what was typed with it.

Owns that wrong codes are counted in PostgreSQL under a lock, before anything is compared, so that
requests sent at once compare no more than the bound (core.guesses) together. Known and unknown
addresses take the same queries; only that of a known one has an account whose code can be right.
Must not know pages, cookies or mail.
"""

import logging
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from django.db import transaction

from sessions.audit.services import record
from sessions.core.guesses import Guesses
from sessions.core.refusal import Refuse
from sessions.models import Person, SignInCode
from sessions.people.codes import digests
from sessions.people.codes.guesses import guesses_of, stored_guesses

log = logging.getLogger(__name__)

WORKS: Final = timedelta(seconds=settings.ACCOUNT_LOGIN_BY_CODE_TIMEOUT)
LONGEST: Final = 3 * WORKS  # so long at most one code stays the live one, however often it is sent
STOPPED: Final = "account.codes_stopped"


@dataclass(frozen=True, slots=True)
class Live:
    """A code to send, until when it works, and for how many whole minutes that is."""

    code: str
    until: datetime
    minutes: int = WORKS // timedelta(minutes=1)


@transaction.atomic
def code_ask(address: str, device: str, now: datetime) -> Live | Refuse:
    """The live code of an address: the same one again while it lives, its ten minutes begun
    again. `device` is empty for a browser that never signed in to it.

    Codes: codes.stopped, codes.stopped_today: it would not be compared.
    """
    key = digests.of_address(address)
    if refusal := guesses_of(key, device).stopped(now):
        return refusal
    made = {"nonce": secrets.token_bytes(16), "made_at": now, "until": now + WORKS}
    SignInCode.objects.get_or_create(address=key, defaults=made)
    row = SignInCode.objects.select_for_update().get(address=key)
    if row.used or row.until <= now or row.made_at + LONGEST < now + WORKS:
        row.nonce, row.made_at, row.used = made["nonce"], now, False
    row.until = now + WORKS
    row.save()
    return Live(digests.code_of(key, bytes(row.nonce)), row.until)


@transaction.atomic
def code_try(
    address: str, device: str, typed: str, now: datetime, *, person: Person | None
) -> Refuse | None:
    """Whether these digits are the live code of an address; the right ones use it up.

    Codes: codes.over, codes.wrong, codes.stopped, codes.stopped_today.
    """
    key = digests.of_address(address)
    row = SignInCode.objects.select_for_update().filter(address=key).first()
    if row is None or row.used or row.until <= now:
        return Refuse("codes.over")
    stored = stored_guesses(key, device)
    if refusal := stored.guesses.stopped(now):
        return refusal
    before = stored.guesses
    stored.write(before.failed(now))
    if not (digests.is_code(key, bytes(row.nonce), typed) and person is not None):
        return _wrong(stored.guesses, person, now)
    stored.write(Guesses(before.recent, 0))
    row.used = True
    row.save(update_fields=["used"])
    return None


def raise_alarm(person: Person | None, stopped: Refuse) -> None:
    """An audit row, and a line for the operator without a name: codes are stopped for somebody."""
    record(None, STOPPED, stopped.code, subject=person)
    if person is not None:
        log.warning(
            "codes are stopped for an account after many wrong ones: see the list of people"
        )


def _wrong(guesses: Guesses, person: Person | None, now: datetime) -> Refuse:
    """The refusal of a wrong code; the last one that is allowed raises the alarm."""
    stopped = guesses.stopped(now)
    if stopped is None:
        return Refuse("codes.wrong")
    raise_alarm(person, stopped)
    return stopped
