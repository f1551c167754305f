"""allauth's adapter for second factors: the issuer's name, the origin, the seal.

Owns what an authenticator app and a passkey dialog show: the name to show, never an e-mail
address. Must not know what is allowed; `people.second_factor` answers that.
"""

from typing import Any, Final
from urllib.parse import urlsplit

from allauth.account.utils import user_pk_to_url_str
from allauth.mfa.adapter import DefaultMFAAdapter
from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser

from sessions.models import Person
from sessions.people.second_factor.sealing import seal, unseal

NAME: Final = "Thirds"


class SecondFactorAdapter(DefaultMFAAdapter):  # type: ignore[misc]  # allauth has no types
    """Names and seals."""

    error_messages = {
        **DefaultMFAAdapter.error_messages,
        "incorrect_code": "That is not the code. Wait for the next one and type it again.",
    }

    def encrypt(self, text: str) -> str:
        return seal(text)

    def decrypt(self, encrypted_text: str) -> str:
        return unseal(encrypted_text)

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


def _name(user: AbstractBaseUser) -> str:
    assert isinstance(user, Person)
    return user.display_name
