"""Accounts for tests, made by the service that makes them for real."""

from collections.abc import Iterable
from itertools import count

from sessions.audit.services import OPERATOR
from sessions.core.permissions import Role
from sessions.models import Person
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
