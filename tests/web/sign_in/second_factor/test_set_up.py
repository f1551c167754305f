"""Setting up a second factor on the pages of one's own sign-in."""

from typing import Any

import pytest
from django.test import Client

from sessions.models import Person
from sessions.people.second_factor import selectors, services
from tests.web.sign_in.second_factor.browser import (
    HOME,
    ORIGIN,
    OWN,
    SECOND,
    add_app,
    add_passkey,
    app_code,
    by_mail,
    challenge,
    press,
    recovery_codes,
    rows,
    shown_secret,
)

pytestmark = pytest.mark.django_db


def test_first_sign_in_of_staff_leads_to_the_set_up_and_back_to_the_page(
    browser: Client, dana: Person
) -> None:
    by_mail(browser, dana)
    assert browser.get("/people/")["Location"] == f"{OWN}?next=%2Fpeople%2F"
    page = browser.get(f"{OWN}?next=/people/").content.decode()
    assert "One more step" in page
    secret = shown_secret(browser)
    sent = {"code": app_code(secret), "next": "/people/"}
    assert browser.post(f"{OWN}app/", sent)["Location"] == f"{OWN}codes/?next=%2Fpeople%2F"
    kept = press(browser, f"{OWN}codes/?next=%2Fpeople%2F", f"{OWN}codes/")
    assert kept["Location"] == "/people/"
    assert browser.get(HOME).status_code == 200


def test_passkey_is_set_up_and_opens_the_pages(browser: Client, dana: Person) -> None:
    by_mail(browser, dana)
    _, answer = add_passkey(browser)
    assert answer["Location"] == f"{OWN}codes/"
    assert browser.get(HOME).status_code == 200
    assert rows(services.ADD) == [("done", "passkey")]
    assert [(one.kind, one.name) for one in selectors.factors(dana)] == [("passkey", "Laptop")]


@pytest.mark.parametrize(
    "wrong",
    [
        {"origin": "https://evil.example"},
        {"origin": f"{ORIGIN}:8443"},
        {"origin": "https://a.thirds.example"},
        {"challenge": "AAAA"},
        {"rp_id": "evil.example"},
        {"verified": False},
    ],
    ids=str,
)
def test_passkey_made_wrongly_is_not_added(
    browser: Client, dana: Person, wrong: dict[str, Any]
) -> None:
    """Killed by: leaving out the exact comparison of origins; asking for no verification."""
    by_mail(browser, dana)
    add_passkey(browser, **wrong)
    assert selectors.factors(dana) == []
    assert browser.get(HOME).status_code == 302


@pytest.mark.parametrize("sent", ["", "{", "[]", "7", '{"response": 7}', "[" * 9000, '{"a":1}'])
@pytest.mark.parametrize("where", [f"{OWN}passkey/", SECOND, "/sign-in/passkey/"])
def test_credential_that_is_none_is_refused_in_words(
    browser: Client, dana: Person, where: str, sent: str
) -> None:
    by_mail(browser, dana)
    if where != f"{OWN}passkey/":
        add_passkey(browser)
        browser.post("/sign-out/")
    if where == SECOND:
        by_mail(browser, dana)
    challenge(browser, f"{where}?challenge=1")
    answer = browser.post(where, {"credential": sent}, follow=True)
    assert "passkey did not open" in answer.content.decode() or not sent
    assert selectors.has_factor(dana) == (where != f"{OWN}passkey/")


def test_code_of_another_secret_sets_nothing_up(browser: Client, dana: Person) -> None:
    by_mail(browser, dana)
    shown_secret(browser)
    answer = browser.post(f"{OWN}app/", {"code": app_code("A" * 32)})
    assert "That is not the code" in answer.content.decode()
    assert not selectors.has_factor(dana)


def test_secret_stays_while_the_page_is_loaded_again(browser: Client, dana: Person) -> None:
    by_mail(browser, dana)
    assert shown_secret(browser) == shown_secret(browser)
    assert shown_secret(browser) not in str(dict(browser.session))


def test_recovery_codes_are_shown_until_they_are_kept(browser: Client, dana: Person) -> None:
    by_mail(browser, dana)
    add_app(browser)
    codes = recovery_codes(browser)
    assert (len(codes), recovery_codes(browser)) == (10, codes)
    press(browser, f"{OWN}codes/", f"{OWN}codes/")
    assert recovery_codes(browser) == []
    assert "<b>10 left.</b>" in browser.get(OWN).content.decode()


def test_set_up_gives_the_login_session_a_new_key(browser: Client, dana: Person) -> None:
    by_mail(browser, dana)
    before = browser.session.session_key
    add_app(browser)
    assert browser.session.session_key != before
