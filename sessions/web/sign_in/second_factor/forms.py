"""Forms in which a second factor is shown: a typed code, or what a browser made with a passkey.

Owns the rate limits on guessing (allauth's, by person and address) and how a browser's answer is
parsed. A refused attempt has its audit row; the error text never says which part was wrong.
"""

import json
from typing import Any, Final

from allauth.mfa.base.internal.flows import check_rate_limit
from allauth.mfa.models import Authenticator
from allauth.mfa.webauthn.forms import AuthenticateWebAuthnForm
from allauth.mfa.webauthn.internal import auth
from django import forms
from django.conf import settings
from django.utils import timezone
from fido2.utils import websafe_decode

from sessions.core.refusal import Refuse, sentence
from sessions.models import Person
from sessions.people.second_factor.services import NAME_LENGTH, code_confirm, confirm_failed

CREDENTIAL_LENGTH: Final = 16_384  # characters; one without attestation has about 2,000
WRONG_PASSKEY: Final = "This passkey did not open the page. Try again, or use another way."
LIMITED: Final = "too_many_login_attempts"


class CodeForm(forms.Form):
    """The app's six digits or a recovery code of eight; `shown` is the one it was."""

    shown: Authenticator
    code = forms.CharField(
        label="Code", max_length=32, error_messages={"required": "Type the code."}
    )

    def __init__(self, person: Person, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.person = person

    def clean_code(self) -> str:
        """Counts the attempt first; a right code takes the count back."""
        forgive = _count_try(self.person)
        typed = str(self.cleaned_data["code"])
        shown = code_confirm(self.person, typed, timezone.now())
        if isinstance(shown, Refuse):
            raise forms.ValidationError(sentence(shown), code=shown.code)
        forgive()
        self.shown = shown
        return typed


class PasskeyForm(AuthenticateWebAuthnForm):  # type: ignore[misc]  # allauth has no types
    """A browser's answer to a challenge. With `person` None the passkey identifies the person."""

    credential = forms.CharField(max_length=CREDENTIAL_LENGTH, widget=forms.HiddenInput)

    def __init__(self, person: Person | None, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, user=person, **named)

    @property
    def shown(self) -> Authenticator:
        return self.cleaned_data["credential"]

    def clean_credential(self) -> Authenticator:
        self.cleaned_data["credential"] = read_credential(self.cleaned_data["credential"])
        try:
            shown: Authenticator = super().clean_credential()
        except forms.ValidationError as refused:
            self._record(refused.code or "")
            raise wrong_passkey() from refused
        except (AttributeError, KeyError, IndexError, OverflowError) as odd:
            raise wrong_passkey() from odd
        if not shown.user.is_active:
            raise wrong_passkey()
        return shown

    def _record(self, code: str) -> None:
        if self.user is not None:
            limited = code == LIMITED
            confirm_failed(self.user, f"account.{LIMITED}" if limited else "factor.passkey")


class NewPasskeyForm(forms.Form):
    """What the browser made, for the challenge of this login session, and a name for it."""

    name = forms.CharField(required=False, max_length=NAME_LENGTH)
    credential = forms.CharField(max_length=CREDENTIAL_LENGTH)

    def clean_credential(self) -> dict[str, Any]:
        credential = read_credential(self.cleaned_data["credential"])
        try:
            auth.parse_registration_response(credential)
            auth.complete_registration(credential)
        except forms.ValidationError as refused:
            raise wrong_passkey() from refused
        except (AttributeError, KeyError, IndexError, ValueError, TypeError) as odd:
            raise wrong_passkey() from odd
        return credential


class AppForm(forms.Form):
    """The first code of an app that was just given the secret."""

    code = forms.CharField(
        label="Six digits", max_length=16, error_messages={"required": "Type the six digits."}
    )


def read_credential(text: str) -> dict[str, Any]:
    """The browser's JSON, if it was made on a page of ours: exactly our origin (WebAuthn Level
    3, 7.1 step 9 and 7.2 step 13; fido2 would also take other ports and hosts below)."""
    try:
        credential = json.loads(text)
        client = json.loads(websafe_decode(credential["response"]["clientDataJSON"]))
        origin = client["origin"]
    except (ValueError, TypeError, KeyError, RecursionError) as odd:
        raise wrong_passkey() from odd
    if origin != settings.THIRDS_ORIGIN:
        raise wrong_passkey()
    return dict(credential)


def wrong_passkey() -> forms.ValidationError:
    return forms.ValidationError(WRONG_PASSKEY, code="passkey")


def _count_try(person: Person) -> Any:
    """Raises ValidationError after five attempts in five minutes, or ten a minute from one address."""
    try:
        return check_rate_limit(person)
    except forms.ValidationError:
        confirm_failed(person, f"account.{LIMITED}")
        raise
