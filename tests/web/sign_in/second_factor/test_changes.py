"""Removing factors, new recovery codes, and signing out everywhere."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from django.test import Client

from sessions.audit.services import OPERATOR
from sessions.core.permissions import Role
from sessions.core.refusal import Refuse
from sessions.models import Person
from sessions.people.second_factor import selectors, services
from sessions.people.services import person_change
from tests.people.accounts import account, facilitator, manager, sign_in
from tests.web.sign_in.second_factor.browser import (
    HOME,
    OWN,
    UNLOCK,
    add_app,
    add_passkey,
    app_code,
    by_mail,
    press,
    recovery_codes,
    rows,
    set_up,
)

pytestmark = pytest.mark.django_db


def test_last_factor_of_staff_stays(browser: Client, dana: Person) -> None:
    """Killed by: counting recovery codes as a factor."""
    set_up(browser, dana)
    (app,) = selectors.factors(dana)
    browser.post(f"{OWN}{app.pk}/remove/")
    assert selectors.factors(dana) == [app]
    assert rows(services.REMOVE) == [("factor.last", None)]


def test_one_of_two_is_taken_out(browser: Client, dana: Person) -> None:
    set_up(browser, dana)
    add_passkey(browser)
    app, passkey = selectors.factors(dana)
    browser.post(f"{OWN}{app.pk}/remove/")
    assert selectors.factors(dana) == [passkey]
    assert rows(services.REMOVE) == [("done", "app")]


def test_client_has_a_passkey_without_recovery_codes(browser: Client) -> None:
    """The code by mail is what a client falls back on; ten numbers to keep would be a burden."""
    sam = account("Sam")
    by_mail(browser, sam)
    _, answer = add_passkey(browser)
    press(browser, OWN, f"{OWN}codes/new/")
    assert (answer["Location"], selectors.codes_left(sam)) == (OWN, None)


def test_last_one_of_who_is_staff_no_more_takes_the_codes_with_it(browser: Client) -> None:
    sam = facilitator("Sam")
    by_mail(browser, sam)
    add_passkey(browser)
    assert selectors.codes_left(sam) == 10
    person_change(OPERATOR, sam, sam.email, "Sam", {Role.CLIENT})
    by_mail(browser := Client(HTTP_HOST="thirds.example"), sam)
    (passkey,) = selectors.factors(sam)
    browser.post(f"{OWN}{passkey.pk}/remove/")
    assert Authenticator.objects.count() == 0


def test_factor_of_somebody_else_is_not_found(browser: Client, dana: Person) -> None:
    set_up(browser, dana)
    (app,) = selectors.factors(dana)
    luis, other = facilitator("Luis"), Client(HTTP_HOST="thirds.example")
    set_up(other, luis)
    other.post(f"{OWN}{app.pk}/remove/")
    assert selectors.factors(dana) == [app]


def test_change_asks_for_a_fresh_proof(
    browser: Client, dana: Person, clock: time_machine.Traveller
) -> None:
    """A desk that was left a moment ago is still open; nobody adds a passkey of theirs there."""
    secret = set_up(browser, dana)
    for _ in range(2):
        clock.shift(timedelta(minutes=10))
        assert browser.get(HOME).status_code == 200
    assert browser.get(f"{OWN}app/")["Location"] == f"{UNLOCK}?next=%2Fyour-sign-in%2Fapp%2F"
    answer = press(browser, OWN, f"{OWN}codes/new/")
    assert answer["Location"] == f"{UNLOCK}?next=%2Fyour-sign-in%2F"
    browser.post(UNLOCK, {"code": app_code(secret)})
    assert press(browser, OWN, f"{OWN}codes/new/")["Location"] == f"{OWN}codes/"


def test_client_whose_sign_in_is_old_signs_in_again_to_change(
    browser: Client, clock: time_machine.Traveller
) -> None:
    by_mail(browser, account("Sam"))
    clock.shift(timedelta(minutes=16))
    answer = browser.get(f"{OWN}passkey/", follow=True)
    assert "Sign in again" in answer.content.decode()


def test_new_codes_replace_the_old(browser: Client, dana: Person) -> None:
    by_mail(browser, dana)
    add_app(browser)
    old = recovery_codes(browser)
    press(browser, f"{OWN}codes/", f"{OWN}codes/")
    press(browser, OWN, f"{OWN}codes/new/")
    assert set(old) & set(recovery_codes(browser)) == set()
    assert isinstance(services.code_confirm(dana, old[0], datetime.now(UTC)), Refuse)


@pytest.mark.parametrize("make", [account, facilitator, manager], ids=lambda one: one.__name__)
def test_sign_out_everywhere_ends_the_other_browsers_login_session(
    make: Callable[[], Person], browser: Client
) -> None:
    """Everybody finds it on the page of their own sign-in.

    Kills: this browser's login session alone ends; a link that signs somebody out.
    """
    person, phone = make(), Client(HTTP_HOST="thirds.example")
    Authenticator.objects.create(user=person, type="totp", data={"secret": ""})
    for one in (browser, phone):
        sign_in(one, person)
    where = f"{OWN}sign-out/"
    assert f'action="{where}"' in browser.get(OWN).content.decode()
    assert browser.get(where).status_code == 405
    answer = browser.post(where)
    assert (answer["Location"], answer["Clear-Site-Data"]) == ("/sign-in/", '"cache", "storage"')
    assert [one.get(HOME)["Location"] for one in (browser, phone)] == ["/sign-in/?next=/"] * 2
    assert rows("account.sign_out_everywhere") == [("done", None)]
