"""Reading accounts and the personal details of clients.

Owns the look-up by e-mail, which ignores case, and what is shown when a sealed value does not
open. Must not know rooms, nor what a person is to a session: scheduling answers that. Must not
know who may read details: the services ask, and write the audit row.
"""

import logging
from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Case, QuerySet, When

from sessions.audit.services import Operator
from sessions.core.permissions import Principal, Role, Verb, allowed
from sessions.core.personal import FIELDS, Personal
from sessions.core.refusal import Refuse
from sessions.core.sealing import SealError
from sessions.core.typed.email import email_address
from sessions.models import Person, PersonalDetails
from sessions.models.sealing import unseal

log = logging.getLogger(__name__)

Actor = Person | Operator


def person_by_email(email: str) -> Person | None:
    """The account with this address, open or closed, however it was typed."""
    address = email_address(email)
    return Person.objects.filter(email=address).first() if isinstance(address, str) else None


def people() -> QuerySet[Person]:
    """Every account, open ones first, by name."""
    return Person.objects.order_by("-is_active", "display_name", "pk")


def people_with_role(role: Role) -> QuerySet[Person]:
    """Open accounts that have this role among theirs, by name."""
    return Person.objects.filter(is_active=True, roles__contains=[role.value]).order_by(
        "display_name", "pk"
    )


def demo_people() -> QuerySet[Person]:
    """The demo programme's open accounts: staff first, then clients, by name."""
    return Person.objects.filter(is_demo=True, is_active=True).order_by(
        Case(When(roles__contains=[Role.CLIENT.value], then=1), default=0), "display_name", "pk"
    )


def has_program_manager(besides: Person | None = None) -> bool:
    """Whether an open account has the role, apart from `besides`."""
    managers = people_with_role(Role.PROGRAM_MANAGER)
    return (managers.exclude(pk=besides.pk) if besides else managers).exists()


def principal_of(person: Person | None) -> Principal:
    """A person's principal outside of any session. None means that nobody is signed in."""
    if person is None or not person.is_active:
        return Principal(signed_in=False, roles=frozenset())
    return Principal(signed_in=True, roles=person.role_set)


def may(actor: Actor, verb: Verb) -> Refuse | None:
    """Whether the actor may do what belongs to no session. The operator always may: deny by
    default is for people who come over the network."""
    return None if isinstance(actor, Operator) else allowed(verb, principal_of(actor))


def account_for_sign_in(email: str) -> Person | None:
    """The open account of an address. One query, whether there is one or not."""
    return Person.objects.filter(email=email.strip().lower(), is_active=True).first()


def person_by_public_id(public_id: str) -> Person | None:
    """The account with this public id, open or closed."""
    return Person.objects.filter(public_id=public_id).first()


def public_ids(persons: Iterable[int]) -> dict[int, str]:
    """The opaque ids of people, by their row ids. One query."""
    found = Person.objects.filter(pk__in=list(persons))
    return dict(found.values_list("pk", "public_id"))


@dataclass(frozen=True, slots=True)
class Opened:
    """The details of one person; `broken` names the fields that could not be opened."""

    values: Personal
    broken: tuple[str, ...] = ()


def details_of(person: Person) -> Opened:
    """The stored details of a person; all empty when there are none. One query."""
    stored = PersonalDetails.objects.filter(person=person).first()
    return opened(stored) if stored else Opened(Personal())


def opened(stored: PersonalDetails) -> Opened:
    """Opens a row. In an emergency one value that does not open must not hide the others."""
    values: dict[str, str] = {}
    broken: list[str] = []
    for name in FIELDS:
        sealed = getattr(stored, name)
        try:
            values[name] = unseal(sealed, stored.place(name)) if sealed else ""
        except SealError as fault:
            log.error("a sealed value does not open: %s", fault.place)
            broken.append(name)
    return Opened(Personal(**values), tuple(broken))
