"""What allauth is told about second factors: under what name, for which origin, how sealed.

Owns the seal of an app's secret and of the recovery codes' seed: AES-GCM, bound to the person
they belong to, so that a row's value does not work in another person's row. allauth hands over
a text alone, so whose it is is said around the call, by `owner`.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Final
from urllib.parse import urlsplit

from allauth.account.utils import user_pk_to_url_str
from allauth.mfa.adapter import DefaultMFAAdapter
from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser

from sessions.core.sealing import Place
from sessions.models import Person
from sessions.models.sealing import seal, unseal

NAME: Final = "Thirds"
TABLE: Final = "mfa_authenticator"
COLUMN: Final = "data"
SEALED: Final = frozenset({"secret", "seed"})  # keys of that column

_owner: ContextVar[Person] = ContextVar("owner of a second factor's secrets")


@contextmanager
def owner(person: Person) -> Iterator[None]:
    """Within it secrets are sealed and opened as this person's."""
    token = _owner.set(person)
    try:
        yield
    finally:
        _owner.reset(token)


class SecondFactorAdapter(DefaultMFAAdapter):  # type: ignore[misc]  # allauth has no types
    """Names and seals. What is allowed is asked in `second_factor`."""

    error_messages = {
        **DefaultMFAAdapter.error_messages,
        "incorrect_code": "That is not the code. Wait for the next one and type it again.",
    }

    def encrypt(self, text: str) -> str:
        """Raises LookupError outside of `owner`."""
        return seal(text, place_of(_owner.get()))

    def decrypt(self, encrypted_text: str) -> str:
        """Raises SealError for another person's, and LookupError outside of `owner`."""
        return unseal(encrypted_text, place_of(_owner.get()))

    def get_totp_issuer(self) -> str:
        return NAME

    def get_totp_label(self, user: AbstractBaseUser) -> str:
        """What the app shows: the name to show, never the e-mail address."""
        return _name(user)

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        """The relying party is the host of THIRDS_ORIGIN, whatever host was asked for."""
        return {"id": urlsplit(settings.THIRDS_ORIGIN).hostname or "", "name": NAME}

    def get_public_key_credential_user_entity(self, user: AbstractBaseUser) -> dict[str, Any]:
        """Stays on the person's own device; the id leads nowhere outside."""
        return {
            "id": user_pk_to_url_str(user).encode(),
            "display_name": _name(user),
            "name": _name(user),
        }


def place_of(person: Person) -> Place:
    """Where a person's secrets are stored."""
    return Place(TABLE, str(person.pk), COLUMN)


def _name(user: AbstractBaseUser) -> str:
    assert isinstance(user, Person)
    return user.display_name
