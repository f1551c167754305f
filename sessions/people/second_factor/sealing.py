"""The seal of second factors: an app's secret and the seed of the recovery codes.

Owns the binding of a sealed value to the person it belongs to (AES-GCM with the place as
associated data), so that a value from one row does not open in another person's row. allauth
passes only a text, so the caller names the person around the call, with `owner`.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final

from sessions.core.sealing import Place
from sessions.models import Person, sealing

TABLE: Final = "mfa_authenticator"
COLUMN: Final = "data"
SEALED: Final = frozenset({"secret", "seed"})  # keys of that column

_owner: ContextVar[Person] = ContextVar("owner of a second factor's secrets")


@contextmanager
def owner(person: Person) -> Iterator[None]:
    """Secrets are sealed and opened as this person's while the context is open."""
    token = _owner.set(person)
    try:
        yield
    finally:
        _owner.reset(token)


def seal(text: str) -> str:
    """Seals for the current owner. Raises LookupError outside of `owner`."""
    return sealing.seal(text, place_of(_owner.get()))


def unseal(sealed: str) -> str:
    """Opens for the current owner. Raises SealError for another person's value, and LookupError
    outside of `owner`."""
    return sealing.unseal(sealed, place_of(_owner.get()))


def place_of(person: Person) -> Place:
    """Where a person's secrets are stored."""
    return Place(TABLE, str(person.pk), COLUMN)
