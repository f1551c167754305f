"""Opening the personal details of a client. Whoever reads them for a person writes it down.

Owns what is shown when a value does not open. Must not know who may read: the services ask.
"""

import logging
from dataclasses import dataclass

from sessions.core.personal import FIELDS, Personal
from sessions.core.sealing import SealError
from sessions.models import Person, PersonalDetails
from sessions.models.sealing import unseal

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Opened:
    """The details of one person; `broken` names the fields that could not be opened."""

    values: Personal
    broken: tuple[str, ...] = ()


def details_of(person: Person) -> Opened:
    """What is kept of a person; all empty when nothing is. One query."""
    stored = PersonalDetails.objects.filter(person=person).first()
    return opened(stored) if stored else Opened(Personal())


def opened(stored: PersonalDetails) -> Opened:
    """Opens a row. One value that does not open must not hide the others in an emergency."""
    values: dict[str, str] = {}
    broken: list[str] = []
    for name in FIELDS:
        sealed = getattr(stored, name)
        try:
            values[name] = unseal(sealed, stored.place(name)) if sealed else ""
        except SealError as fault:
            log.error("a sealed value does not open: %s", fault)
            broken.append(name)
    return Opened(Personal(**values), tuple(broken))
