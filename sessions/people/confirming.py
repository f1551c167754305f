"""Confirming a change of a staff account that another program manager asked for.

Owns that two different people stand behind it: who asked cannot confirm, and the operator at the
command line is somebody else. Either may take it back. Must not know pages.
"""

from collections.abc import Callable, Mapping
from typing import Final

from django.db import transaction

from sessions.audit.services import record
from sessions.core.account_change import Account
from sessions.core.permissions import Verb
from sessions.core.refusal import Refuse
from sessions.models import AccountRequest, Person
from sessions.people.locked_person import locked_person
from sessions.people.second_factor.services import factors_remove
from sessions.people.second_manager import waiting
from sessions.people.selectors import Actor, may
from sessions.people.services import account_open, account_write

CONFIRM: Final = "account.confirm"
WITHDRAW: Final = "account.withdraw"
Kind = AccountRequest.Kind


@transaction.atomic
def request_confirm(actor: Actor, public_id: str) -> Person | Refuse:
    """Carries a change out. Codes: permission.*, account.no_request, account.own_request, and
    those of the change itself, which then goes on waiting."""
    request = _locked(public_id)
    refusal = may(actor, Verb.PERSON_CHANGE) or _why_not(actor, request)
    if refusal or request is None:
        return _refused(actor, CONFIRM, refusal or Refuse("account.no_request"), request)
    person = request.person
    done = CARRY_OUT[Kind(request.kind)](actor, person, request)
    if isinstance(done, Refuse):
        return done
    AccountRequest.objects.filter(pk=request.pk).delete()
    record(actor, CONFIRM, subject=person, detail=_detail(request))
    return done


@transaction.atomic
def request_withdraw(actor: Actor, public_id: str) -> Person | Refuse:
    """Takes a change back. Codes: permission.*, account.no_request."""
    request = _locked(public_id)
    refusal = may(actor, Verb.PERSON_CHANGE)
    if refusal or request is None:
        return _refused(actor, WITHDRAW, refusal or Refuse("account.no_request"), request)
    request.delete()
    record(actor, WITHDRAW, subject=request.person, detail=_detail(request))
    return request.person


def _change(actor: Actor, person: Person, request: AccountRequest) -> Person | Refuse:
    wanted = Account(request.email, request.display_name, request.role_set)
    return account_write(actor, person, wanted, request.asked_by)


def _reset(actor: Actor, person: Person, request: AccountRequest) -> Person | Refuse:
    return factors_remove(actor, person)


def _open(actor: Actor, person: Person, request: AccountRequest) -> Person | Refuse:
    return account_open(actor, person)


CARRY_OUT: Final[Mapping[Kind, Callable[[Actor, Person, AccountRequest], Person | Refuse]]] = {
    Kind.CHANGE: _change,
    Kind.RESET: _reset,
    Kind.OPEN: _open,
}


def _locked(public_id: str) -> AccountRequest | None:
    """With its person as both are now. The person is locked first, as by everybody who asks for
    another change of them; a request that was replaced meanwhile is none."""
    asked = waiting().filter(public_id=public_id)
    found = asked.first()
    if found is None:
        return None
    locked_person(found.person_id)
    return asked.first()


def _why_not(actor: Actor, request: AccountRequest | None) -> Refuse | None:
    if request is None:
        return Refuse("account.no_request")
    return Refuse("account.own_request") if actor == request.asked_by else None


def _detail(request: AccountRequest) -> dict[str, str | int | bool | None]:
    return {"kind": request.kind, "asked_by": request.asked_by_id}


def _refused(actor: Actor, verb: str, refusal: Refuse, request: AccountRequest | None) -> Refuse:
    record(actor, verb, refusal.code, subject=request.person if request else None)
    return refusal
