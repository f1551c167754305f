"""allauth's account adapter: no sign-up, no mail of its own.

Owns the error texts of sign-in and the audit rows of signing in and out.
The flow is allauth's; the pages are in `code`. Must not know tracks or rooms.
"""

from datetime import timedelta
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.contrib.auth.base_user import AbstractBaseUser
from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone

from sessions.audit.services import record
from sessions.models import Person
from sessions.people.access import AccessChange, notify_on_commit
from sessions.people.second_factor import selectors, services

SIGN_IN = "sign_in"  # key of request.session: what this browser asked a code for
MFA_STAGE = "allauth.mfa.stages.AuthenticateStage"
SIGNED_IN_FOR = timedelta(hours=16)
"""A sign-in of the morning is still valid for the evening's call, and not on the next day. Counted
from sign-in: use does not prolong it."""


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth has no types
    """Sign-in by e-mailed code, for accounts that a program manager made."""

    error_messages = {
        **DefaultAccountAdapter.error_messages,
        "too_many_login_attempts": "That was many tries. Wait ten minutes, then ask again.",
        "rate_limited": "That was many tries. Wait ten minutes, then ask again.",
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Never: there is no page for it, and allauth's flows ask here as well."""
        return False

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """None of allauth's mails is sent; the code's is ours (`code`)."""

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
        request.session.pop(SIGN_IN, None)
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
