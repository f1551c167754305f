"""Accounts for tests, made by the service that makes them for real."""

from collections.abc import Iterable
from itertools import count
from types import SimpleNamespace
from typing import Any

from allauth.account.internal.flows.login import record_authentication
from django.contrib.sessions.backends.base import SessionBase
from django.test import Client
from django.utils import timezone

from sessions.audit.services import OPERATOR
from sessions.core.guesses import A_DAY
from sessions.core.permissions import Role
from sessions.models import Person, WrongCodes
from sessions.people.codes.digests import of_address
from sessions.people.second_factor.services import touch
from sessions.people.services import person_add

_numbers = count(1)


def account(
    name: str = "Sam",
    roles: Iterable[Role] = (Role.CLIENT,),
    email: str | None = None,
    *,
    is_demo: bool = False,
) -> Person:
    """An open account; its address is its own unless one is given."""
    address = email or f"{'-'.join(name.lower().split())}{next(_numbers)}@mail.example"
    person = person_add(OPERATOR, address, name, roles, is_demo=is_demo)
    assert isinstance(person, Person), person
    return person


def manager(name: str = "Morgan") -> Person:
    return account(name, [Role.PROGRAM_MANAGER])


def facilitator(name: str = "Dana") -> Person:
    return account(name, [Role.FACILITATOR])


def stop_codes(person: Person) -> None:
    """As after ten wrong codes within a minute."""
    now, key = timezone.now(), of_address(person.email)
    WrongCodes.objects.create(account=key, recent=[now] * A_DAY, total=A_DAY)


def sign_in(browser: Client, person: Person) -> None:
    """This browser is signed in as the person, with all that is asked of staff shown just now."""
    browser.force_login(person)
    session = browser.session
    show_factor(session, person)
    session.save()


def show_factor(session: SessionBase, person: Person, kind: str = "totp") -> None:
    """The login session is as after a second factor was shown in it; the time is now's."""
    request: Any = SimpleNamespace(session=session)
    record_authentication(request, person, "mfa", type=kind, id=0)
    touch(session)
