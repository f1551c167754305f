"""allauth's account adapter: no sign-up, six-digit codes, mail sent outside the request.

Owns the error texts of sign-in, the format of the code and the audit rows of signing in and out.
The flow is allauth's; the pages are in `code`. Must not know tracks or rooms.
"""

import secrets
from datetime import datetime, timedelta
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.contrib.auth.base_user import AbstractBaseUser
from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone

from sessions.audit.services import record
from sessions.models import Person
from sessions.people.access import AccessChange, notify_on_commit
from sessions.people.mail import Envelope, enqueue
from sessions.people.second_factor import selectors, services

SIGN_IN = "sign_in"  # key of request.session: what this browser asked a code for
EARLIER_CODES = "sign_in_earlier_codes"  # key of request.session
MFA_STAGE = "allauth.mfa.stages.AuthenticateStage"
SIGNED_IN_FOR = timedelta(hours=16)
"""A sign-in of the morning is still valid for the evening's call, and not on the next day. Counted
from sign-in: use does not prolong it."""


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth has no types
    """Sign-in by e-mailed code, for accounts that a program manager made."""

    error_messages = {
        **DefaultAccountAdapter.error_messages,
        "incorrect_code": "That is not the code. Look at the newest e-mail and type it again.",
        "too_many_login_attempts": "That was many tries. Wait ten minutes, then ask again.",
        "rate_limited": "That was many tries. Wait ten minutes, then ask again.",
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Never: there is no page for it, and allauth's flows ask here as well."""
        return False

    def generate_login_code(self) -> str:
        """Six digits, uniformly random. Earlier codes of this browser are kept so that the
        error text can name them; they are not accepted."""
        code = f"{secrets.randbelow(1_000_000):06d}"
        earlier = self.request.session.get(EARLIER_CODES, [])
        self.request.session[EARLIER_CODES] = [*earlier, code][-5:]
        return code

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Sends the mail with the code; allauth's other mails are dropped."""
        if template_prefix != "account/email/login_code":
            return
        until = datetime.fromisoformat(self.request.session[SIGN_IN]["until"])
        minutes = round((until - timezone.now()) / timedelta(minutes=1))
        enqueue(Envelope(email, context["code"], minutes))

    def get_login_stages(self) -> list[str]:
        """allauth's stages, with our second step in place of its own: for staff only."""
        ours = "sessions.web.sign_in.second_factor.authentication.SecondStage"
        stages: list[str] = super().get_login_stages()
        return [ours if stage == MFA_STAGE else stage for stage in stages]

    def add_message(self, *args: object, **kwargs: object) -> None:
        """allauth's own messages are not shown."""

    def login(self, request: HttpRequest, user: AbstractBaseUser) -> None:
        """Signs in for SIGNED_IN_FOR, deletes the pending request for a code, and writes the
        audit row. A client without a passkey is offered one where browsers support it."""
        super().login(request, user)
        request.session.set_expiry(timezone.now() + SIGNED_IN_FOR)
        services.touch(request.session)
        for key in (SIGN_IN, EARLIER_CODES):
            request.session.pop(key, None)
        assert isinstance(user, Person)
        required = selectors.needs_second_factor(user)
        if not required and selectors.passkeys_work() and not selectors.has_factor(user):
            request.session[selectors.OFFER] = True
        record(user, "account.sign_in", subject=user)

    def logout(self, request: HttpRequest) -> None:
        """Signs out, writes the audit row, and notifies what this browser has open."""
        person = request.user
        with transaction.atomic():
            super().logout(request)
            if isinstance(person, Person):
                record(person, "account.sign_out", subject=person)
                notify_on_commit(person, AccessChange.SIGNED_OUT)
