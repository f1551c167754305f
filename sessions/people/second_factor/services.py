"""Writing second factors: adding, using and removing passkeys, an app and recovery codes.

Owns allauth's rows of them, each write and its audit row in one transaction, and the mail that
notifies the person. The page checks that the login session may change them
(`selectors.may_change_factors`); these services check that nobody on the staff is left without
one. Codes follow RFC 4226 and RFC 6238; the row itself records the last code used, so that it and
every earlier one are refused without a cache.
"""

import hmac
from datetime import datetime, timedelta
from typing import Any, Final

from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value
from allauth.mfa.utils import decrypt
from allauth.mfa.webauthn.internal.auth import WebAuthn
from django.conf import settings
from django.contrib.sessions.backends.base import SessionBase
from django.db import transaction
from django.utils import timezone

from sessions.audit.services import OPERATOR, record
from sessions.core.guesses import Guesses
from sessions.core.permissions import Verb
from sessions.core.refusal import Refuse
from sessions.core.second_factor import STAFF
from sessions.core.versions import State, stale
from sessions.models import AccountRequest, Person
from sessions.people.codes.digests import of_factor
from sessions.people.codes.guesses import stored_guesses
from sessions.people.codes.services import raise_alarm
from sessions.people.locked_person import locked_person
from sessions.people.notices import notify_by_mail
from sessions.people.second_factor.sealing import owner
from sessions.people.second_factor.selectors import (
    ACTIVE_AT,
    TYPES,
    codes_left,
    has_factor,
    needs_second_factor,
)
from sessions.people.second_manager import ask_second
from sessions.people.selectors import Actor, may
from sessions.people.services import sign_out_everywhere
from sessions.people.versions import codes_state, factors_state

ADD: Final = "second_factor.add"
REMOVE: Final = "second_factor.remove"
CONFIRM: Final = "second_factor.confirm"
NEW_CODES: Final = "second_factor.codes"
RESET: Final = "second_factor.reset"
KINDS: Final = {
    TYPES.WEBAUTHN: "passkey",
    TYPES.TOTP: "app",
    TYPES.RECOVERY_CODES: "recovery_code",
}
STEPS: Final = (0, -1, 1)  # of the app's clock: one to either side is forgiven
NAME_LENGTH: Final = 40
WRITTEN_EVERY: Final = timedelta(minutes=1)
"""Activity is written at most this often, so the lock comes at most this much too early."""

ADDED: Final = "A new way to sign in was added to your page."
REMOVED: Final = "A way to sign in was taken out of your page."
CODE_USED: Final = "One of your recovery codes was used to sign in. It works no more."
TAKEN_OUT: Final = (
    "Your way to sign in was started over, and you were signed out everywhere. "
    "The next time you sign in, you set it up again."
)


@transaction.atomic
def passkey_add(person: Person, name: str, credential: dict[str, Any]) -> Authenticator:
    """A passkey that the browser has made and the page has verified; for staff recovery codes
    with the first factor. A client who lost it still has the code by mail."""
    row = WebAuthn.add(person, name.strip()[:NAME_LENGTH] or "Passkey", credential).instance
    return _added(person, row)


@transaction.atomic
def app_add(person: Person, secret: str, typed: str, now: datetime) -> Authenticator | Refuse:
    """An authenticator app that shows the code of this secret (base32).

    Codes: factor.code, and factor.app_exists: there is one app a person.
    """
    locked_person(person.pk)
    counter = matching_counter(secret, typed, now)
    if counter is None:
        return _refused(person, ADD, Refuse("factor.code"))
    if Authenticator.objects.filter(user=person, type=TYPES.TOTP).exists():
        return _refused(person, ADD, Refuse("factor.app_exists"))
    with owner(person):
        row = TOTP.activate(person, secret).instance
    row.data["last_counter"] = counter
    row.save(update_fields=["data"])
    return _added(person, row)


@transaction.atomic
def factor_remove(person: Person, pk: int) -> Refuse | None:
    """Removes one of a person's own factors; recovery codes go with the last one.

    Codes: factor.unknown, factor.last.
    """
    locked_person(person.pk)
    rows = Authenticator.objects.filter(user=person).exclude(type=TYPES.RECOVERY_CODES)
    row = rows.filter(pk=pk).first()
    if row is None:
        return _refused(person, REMOVE, Refuse("factor.unknown"))
    is_last = not has_factor(person, besides=pk)
    if is_last and needs_second_factor(person):
        return _refused(person, REMOVE, Refuse("factor.last"))
    kind = KINDS[row.type]
    row.delete()
    if is_last:
        Authenticator.objects.filter(user=person).delete()
    record(person, REMOVE, subject=person, detail={"kind": kind})
    _notify(person, REMOVED)
    return None


@transaction.atomic
def codes_make(person: Person, seen: State | None = None) -> Refuse | None:
    """Makes new recovery codes; the old ones stop working. Codes: form.stale."""
    locked_person(person.pk)
    if refusal := stale(seen, codes_state(person)):
        return _refused(person, NEW_CODES, refusal)
    Authenticator.objects.filter(user=person, type=TYPES.RECOVERY_CODES).delete()
    _make_codes(person)
    record(person, NEW_CODES, subject=person)
    return None


def codes_to_keep(person: Person) -> list[str]:
    """The recovery codes until their owner confirms that they are saved; none after that."""
    row = Authenticator.objects.filter(user=person, type=TYPES.RECOVERY_CODES).first()
    if row is None or RecoveryCodes(row).did_view:
        return []
    with owner(person):
        codes: list[str] = RecoveryCodes(row).get_unused_codes()
    return codes


@transaction.atomic
def codes_keep(person: Person, seen: State | None = None) -> Refuse | None:
    """The owner has saved them: they are not shown again. Codes: form.stale, when the page showed
    codes that work no more."""
    locked_person(person.pk)
    if refusal := stale(seen, codes_state(person)):
        return _refused(person, NEW_CODES, refusal)
    row = Authenticator.objects.filter(user=person, type=TYPES.RECOVERY_CODES).first()
    if row is not None:
        RecoveryCodes(row).mark_as_viewed()
    return None


@transaction.atomic
def code_confirm(person: Person, typed: str, now: datetime) -> Authenticator | Refuse:
    """The app's code or a recovery code, each of which works once. A wrong one is counted before
    anything is compared. Codes: factor.code, codes.stopped, codes.stopped_today.
    """
    locked_person(person.pk)
    stored = stored_guesses(of_factor(person))
    if stopped := stored.guesses.stopped(now):
        return _refused(person, CONFIRM, stopped)
    before = stored.guesses
    stored.write(before.failed(now))
    rows = Authenticator.objects.filter(user=person).exclude(type=TYPES.WEBAUTHN)
    with owner(person):
        shown = next((row for row in rows if _accepts(row, typed, now)), None)
    if shown is None:
        return _wrong_code(person, stored.guesses.stopped(now))
    stored.write(Guesses(before.recent, 0))
    passkey_or_code_confirmed(person, shown)
    return shown


def _wrong_code(person: Person, stopped: Refuse | None) -> Refuse:
    """The last one that is allowed raises the alarm."""
    if stopped:
        raise_alarm(person, stopped)
    return _refused(person, CONFIRM, stopped or Refuse("factor.code"))


def passkey_or_code_confirmed(person: Person, shown: Authenticator) -> None:
    """Writes the audit row of a factor that was shown; a used recovery code also sends a mail."""
    detail: dict[str, str | int | bool | None] = {"kind": KINDS[shown.type]}
    if shown.type == TYPES.RECOVERY_CODES:
        detail["left"] = codes_left(person)
        _notify(person, CODE_USED)
    record(person, CONFIRM, subject=person, detail=detail)


def confirm_failed(person: Person, code: str) -> None:
    """Writes the audit row of a passkey that was not accepted, or of too many tries."""
    record(person, CONFIRM, code, subject=person)


@transaction.atomic
def second_factor_reset(
    actor: Actor, person: Person, seen: State | None = None
) -> Person | AccountRequest | Refuse:
    """Removes every factor of somebody who lost them, and signs them out everywhere; for staff it
    asks a second program manager (ACC3).

    Codes: permission.*, factor.own, factor.unknown, form.stale: they have set it up again since.
    """
    person = locked_person(person.pk)
    if refusal := (
        may(actor, Verb.PERSON_CHANGE)
        or _why_no_reset(actor, person)
        or stale(seen, factors_state(person))
    ):
        return _refused_reset(actor, person, refusal)
    if isinstance(actor, Person) and STAFF & person.role_set:
        return ask_second(actor, person, AccountRequest.Kind.RESET)
    return factors_remove(actor, person)


@transaction.atomic
def factors_remove(actor: Actor, person: Person) -> Person | Refuse:
    """Carries the reset out. Codes: factor.own, factor.unknown."""
    person = locked_person(person.pk)
    if refusal := _why_no_reset(actor, person):
        return _refused_reset(actor, person, refusal)
    Authenticator.objects.filter(user=person).delete()
    record(actor, RESET, subject=person)
    person = sign_out_everywhere(actor, person)
    _notify(person, TAKEN_OUT)
    return person


def _refused_reset(actor: Actor, person: Person, refusal: Refuse) -> Refuse:
    record(actor, RESET, refusal.code, subject=person)
    return refusal


def touch(session: SessionBase, now: datetime | None = None) -> None:
    """Records activity on a page, at most once a minute."""
    now = now or timezone.now()
    written = session.get(ACTIVE_AT)
    if written is None or abs(now.timestamp() - written) >= WRITTEN_EVERY.total_seconds():
        session[ACTIVE_AT] = int(now.timestamp())


def matching_counter(secret: str, typed: str, now: datetime) -> int | None:
    """The step of RFC 6238 (30 s) that this code belongs to, if any; spaces are ignored."""
    current = int(now.timestamp()) // settings.MFA_TOTP_PERIOD
    digits = "".join(filter(str.isdecimal, typed)).encode()
    for counter in (current + step for step in STEPS):
        code = format_hotp_value(hotp_value(secret, counter))
        if hmac.compare_digest(code.encode(), digits):
            return counter
    return None


def _accepts(row: Authenticator, typed: str, now: datetime) -> bool:
    if row.type == TYPES.RECOVERY_CODES:
        return bool(RecoveryCodes(row).validate_code(typed))
    counter = matching_counter(decrypt(row.data["secret"]), typed, now)
    if counter is None or counter <= row.data.get("last_counter", -1):
        return False
    row.data["last_counter"] = counter
    row.save(update_fields=["data"])
    return True


def _why_no_reset(actor: Actor, person: Person) -> Refuse | None:
    """Nobody resets their own factors: that would remove the last one."""
    if actor is not OPERATOR and actor == person:
        return Refuse("factor.own")
    return None if Authenticator.objects.filter(user=person).exists() else Refuse("factor.unknown")


def _added(person: Person, row: Authenticator) -> Authenticator:
    if needs_second_factor(person) and codes_left(person) is None:
        _make_codes(person)
    record(person, ADD, subject=person, detail={"kind": KINDS[row.type]})
    _notify(person, ADDED)
    return row


def _make_codes(person: Person) -> None:
    with owner(person):
        RecoveryCodes.activate(person)


def _notify(person: Person, text: str) -> None:
    notify_by_mail(person.email, text)


def _refused(person: Person, verb: str, refusal: Refuse) -> Refuse:
    record(person, verb, refusal.code, subject=person)
    return refusal
