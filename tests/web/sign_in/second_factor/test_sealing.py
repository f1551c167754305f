"""Secrets of second factors are sealed, each for its owner, and can be sealed under a new key."""

from datetime import UTC, datetime, timedelta

import pytest
from allauth.mfa.models import Authenticator
from django.test import Client
from pytest_django import Settings

from sessions.core.refusal import Refuse
from sessions.core.sealing import SealError
from sessions.models import Person
from sessions.people.key_rotation import Resealed, reseal_all
from sessions.people.second_factor import services
from sessions.people.second_factor.sealing import owner
from sessions.web.sign_in.second_factor.adapter import SecondFactorAdapter
from tests.people.accounts import facilitator
from tests.web.sign_in.second_factor.browser import add_app, app_code, by_mail, recovery_codes

pytestmark = pytest.mark.django_db


def test_secrets_lie_sealed_in_their_rows(browser: Client, dana: Person) -> None:
    """Killed by: an adapter that stores what it is given."""
    by_mail(browser, dana)
    secret = add_app(browser)
    stored = list(Authenticator.objects.order_by("type").values_list("data", flat=True))
    assert [one.get("secret", one.get("seed", "")).partition(".")[0] for one in stored] == [
        "v1",
        "v1",
    ]
    assert secret not in str(stored)


def test_sealed_secret_does_not_open_in_another_persons_row(dana: Person) -> None:
    """Killed by: sealing without the owner."""
    adapter = SecondFactorAdapter()
    with owner(dana):
        sealed = adapter.encrypt("secret")
        assert adapter.decrypt(sealed) == "secret"
    with owner(facilitator("Luis")), pytest.raises(SealError):
        adapter.decrypt(sealed)
    with pytest.raises(LookupError):
        adapter.encrypt("secret")


def test_secrets_are_sealed_anew_under_the_current_key(
    browser: Client, dana: Person, settings: Settings
) -> None:
    """Killed by: a rotation that knows only of personal details, and says that the old key can
    go: every app and every recovery code would be lost."""
    old, new = f"old:{'o' * 43}", f"new:{'n' * 43}"
    settings.THIRDS_FIELD_KEYS = old
    by_mail(browser, dana)
    secret = add_app(browser)
    codes = recovery_codes(browser)
    settings.THIRDS_FIELD_KEYS = f"{new},{old}"
    assert reseal_all() == Resealed(done=2)
    settings.THIRDS_FIELD_KEYS = new
    later = datetime.now(UTC) + timedelta(minutes=5)
    code = app_code(secret, steps=10)
    assert not isinstance(services.code_confirm(dana, code, later), Refuse)
    assert services.codes_to_keep(dana) == [code.replace(" ", "") for code in codes]
